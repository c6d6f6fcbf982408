import { type BlobManifest, blobsOf } from '../../../copies/layout/blob-manifest.ts';
import { blobKey, type PointName, pointKey } from '../../../copies/layout/keys.ts';
import { formatPlace } from '../../../copies/layout/place.ts';
import type { StoredObjectRecord } from '../../../copies/layout/stored-object.ts';
import { objectsNamedBy } from '../../../copies/named-objects.ts';
import { readManifest } from '../../../copies/read-copy.ts';
import type { ObjectReader } from '../../../stores/objects/object-store.ts';
import type { CopiedPoints } from '../push/push-run.ts';

/**
 * Keys of all objects that the restore points of the newest chain of each place need, those of their records among them:
 * a request for each record and each list of blobs.
 *
 * @param storages - names of those whose places are meant
 */
export async function keysOfNewestChains(
  site: ObjectReader,
  { points, storages }: { readonly points: CopiedPoints; readonly storages: readonly string[] },
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  const manifests = new Map<string, Promise<BlobManifest>>();
  const manifestOf = (stored: StoredObjectRecord) => {
    const known = manifests.get(stored.key) ?? readManifest(site, stored);
    manifests.set(stored.key, known);
    return known;
  };
  for (const name of newestChains(points.names, storages)) {
    const { record } = await points.read(name);
    keys.add(pointKey(name));
    for (const { key } of objectsNamedBy(record)) keys.add(key);
    if (record.blobs.kind !== 'directory') continue;
    const manifest = await manifestOf(record.blobs.manifest);
    const base = manifest.base && (await manifestOf(manifest.base));
    if (manifest.base !== undefined) keys.add(manifest.base.key);
    const { storage } = record;
    const { form } = manifest;
    for (const blob of blobsOf(manifest, base)) keys.add(blobKey({ storage, form }, blob));
  }
  return keys;
}

/** The points of each place from its last beginning of a chain on. */
function newestChains(
  names: readonly PointName[],
  storages: readonly string[],
): readonly PointName[] {
  const chains = new Map<string, PointName[]>();
  const inOrder = [...names].sort((one, other) => (one.stamp < other.stamp ? -1 : 1));
  for (const name of inOrder) {
    if (!storages.includes(name.place.storage)) continue;
    const key = formatPlace(name.place);
    const begins = name.part === 'full' || name.part === 'blobs';
    chains.set(key, begins ? [name] : [...(chains.get(key) ?? []), name]);
  }
  return [...chains.values()].flat();
}
