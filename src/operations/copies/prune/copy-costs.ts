import { type BlobManifest, blobsOf } from '../../../copies/layout/blob-manifest.ts';
import { blobKey, pointKey } from '../../../copies/layout/keys.ts';
import type { StoredObjectRecord } from '../../../copies/layout/stored-object.ts';
import { objectsNamedBy } from '../../../copies/named-objects.ts';
import { type ReadPoint, readManifest } from '../../../copies/read-copy.ts';
import type { ObjectReader } from '../../../stores/objects/object-store.ts';
import { giveWay } from '../../../system/streams/cooperative.ts';
import { RemovalCosts } from '../../retention/removal-costs.ts';

/**
 * Looks at which objects the restore points of a copy share: each is free when the last record is gone that names it.
 * Points are called by the keys of their records. One request for each list of blobs. Failures: those of
 * `readManifest`.
 */
export async function readCopyCosts(
  site: ObjectReader,
  { points, signal }: { readonly points: readonly ReadPoint[]; readonly signal: AbortSignal },
): Promise<RemovalCosts> {
  const manifests = new Manifests(site);
  const groups = new PointGroups();
  for (const { name, record } of points) {
    await giveWay(signal);
    const add = (key: string, sizeBytes: number) =>
      groups.add(key, { sizeBytes, by: pointKey(name) });
    for (const { key, sizeBytes } of objectsNamedBy(record)) add(key, sizeBytes);
    const { blobs, storage } = record;
    if (blobs.kind !== 'directory') continue;
    const manifest = await manifests.read(blobs.manifest);
    const { base, form } = manifest;
    if (base !== undefined) add(base.key, base.sizeBytes);
    for (const blob of blobsOf(manifest, base && (await manifests.read(base)))) {
      add(blobKey({ storage, form }, blob), blob.storedBytes ?? blob.sizeBytes);
    }
  }
  return groups.costs();
}

/** Each list of blobs is read once, however many others build on it. */
class Manifests {
  readonly #site: ObjectReader;
  readonly #read = new Map<string, Promise<BlobManifest>>();

  constructor(site: ObjectReader) {
    this.#site = site;
  }

  read(stored: StoredObjectRecord): Promise<BlobManifest> {
    const known = this.#read.get(stored.key) ?? readManifest(this.#site, stored);
    this.#read.set(stored.key, known);
    return known;
  }
}

/** Objects that the same points name, added up: a site has many more blobs than moments at which some came or went. */
class PointGroups {
  readonly #groupOf = new Map<string, { readonly sizeBytes: number; group: Group }>();
  readonly #groups = new Map<string, Group>();

  add(key: string, { sizeBytes, by }: { readonly sizeBytes: number; readonly by: string }): void {
    const known = this.#groupOf.get(key);
    if (known?.group.by === by) return;
    const group = this.#next(known?.group, by);
    if (known === undefined) this.#groupOf.set(key, { sizeBytes, group });
    else known.group = group;
  }

  costs(): RemovalCosts {
    const bytes = new Map<Group, number>();
    for (const { sizeBytes, group } of this.#groupOf.values()) {
      bytes.set(group, (bytes.get(group) ?? 0) + sizeBytes);
    }
    return new RemovalCosts([...bytes].map(([group, bytes]) => ({ bytes, stamps: keysOf(group) })));
  }

  #next(before: Group | undefined, by: string): Group {
    const id = `${before?.id ?? ''} ${by}`;
    const known = this.#groups.get(id) ?? { id: this.#groups.size, before, by };
    this.#groups.set(id, known);
    return known;
  }
}

/** Points that name an object, in the order in which they came: the last of them, and those before it. */
interface Group {
  readonly id: number;
  readonly before: Group | undefined;
  /** The key of a record. */
  readonly by: string;
}

function keysOf(group: Group): readonly string[] {
  const keys: string[] = [];
  for (let one: Group | undefined = group; one !== undefined; one = one.before) keys.push(one.by);
  return keys;
}
