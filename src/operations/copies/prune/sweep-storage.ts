import { type BlobManifest, blobsOf } from '../../../copies/layout/blob-manifest.ts';
import {
  archivesPrefix,
  blobKey,
  blobsPrefix,
  dataPrefix,
  filesPrefix,
  isSamePoint,
  manifestsPrefix,
  parseTagKey,
  progressKey,
  sweepKey,
  TAGS_PREFIX,
  tagKey,
  tagsPrefix,
} from '../../../copies/layout/keys.ts';
import { PLACE_KINDS } from '../../../copies/layout/place.ts';
import { decodeProgress } from '../../../copies/layout/progress.ts';
import type { StoredObjectRecord } from '../../../copies/layout/stored-object.ts';
import { decodeSweepList, encodeSweepList } from '../../../copies/layout/sweep-list.ts';
import { objectsNamedBy } from '../../../copies/named-objects.ts';
import { readIfThere, readManifest } from '../../../copies/read-copy.ts';
import { LEASE_MS } from '../../../stores/objects/lease.ts';
import { type ObjectStore, SMALL_OBJECT_BYTES } from '../../../stores/objects/object-store.ts';
import { each } from '../../../system/streams/pipeline.ts';
import type { CopyRun } from '../push/push-run.ts';

/** Objects that are removed with one call. */
const AT_ONCE = 1000;

/**
 * Removes objects of a storage that no record names, in two phases, each in a run of its own: what nobody names is
 * listed; what is on the list for longer than a lease, and is still named by nobody, goes. So a run that lost its lock
 * and goes on all the same for a while loses nothing that it counts on.
 *
 * @param force - whether a list is made where there is none: points have gone
 */
export async function sweepStorage(
  storage: string,
  { run, force }: { readonly run: CopyRun; readonly force: boolean },
): Promise<number> {
  const { site, storing } = run;
  const key = sweepKey(storage);
  const listed = decodeSweepList((await readIfThere(site, key))?.toString('utf8') ?? '');
  const nowMs = await site.now();
  const isDue = listed !== undefined && Date.parse(listed.at) + LEASE_MS < nowMs;
  if (!isDue && !force) return 0;
  const named = await namedKeys(storage, run);
  // Whoever may only add to the copy may write a list, too: nothing else goes by it.
  const prefixes = sweptPrefixes(storage);
  const isSwept = (one: string) => prefixes.some((prefix) => one.startsWith(prefix));
  const going = isDue ? listed.keys.filter((one) => isSwept(one) && !named.has(one)) : [];
  for (let first = 0; first < going.length; first += AT_ONCE) {
    await storing.confirm();
    await site.remove(going.slice(first, first + AT_ONCE));
  }
  const gone = new Set(going);
  const unnamed = await unnamedKeys(storage, { site, named, beforeMs: nowMs - LEASE_MS });
  const keys = unnamed.filter((one) => !gone.has(one));
  await storing.confirm();
  if (keys.length === 0 && listed !== undefined) await site.remove([key]);
  else if (keys.length > 0) await putList(site, { key, keys, at: new Date(nowMs) });
  return going.length;
}

/** What any record names, and what a killed run has brought. */
async function namedKeys(storage: string, { site, points }: CopyRun): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  const manifests = new Map<string, Promise<BlobManifest>>();
  const manifestOf = (stored: StoredObjectRecord) => {
    const known = manifests.get(stored.key) ?? readManifest(site, stored);
    manifests.set(stored.key, known);
    return known;
  };
  for (const name of points.names) {
    if (name.place.storage !== storage) continue;
    const { record } = await points.read(name);
    for (const { key } of objectsNamedBy(record)) named.add(key);
    if (record.blobs.kind !== 'directory') continue;
    const manifest = await manifestOf(record.blobs.manifest);
    if (manifest.base !== undefined) named.add(manifest.base.key);
    const base = manifest.base && (await manifestOf(manifest.base));
    const { form } = manifest;
    for (const blob of blobsOf(manifest, base)) named.add(blobKey({ storage, form }, blob));
  }
  for await (const page of site.pages(TAGS_PREFIX)) {
    const changes = page.flatMap(({ key }) => parseTagKey(key) ?? []);
    const there = changes.filter((one) => points.names.some((point) => isSamePoint(point, one)));
    for (const change of there) named.add(tagKey(change));
  }
  for (const kind of PLACE_KINDS) {
    const text = (await readIfThere(site, progressKey({ storage, kind })))?.toString('utf8') ?? '';
    for (const { key } of decodeProgress(text)?.objects ?? []) named.add(key);
  }
  return named;
}

async function unnamedKeys(
  storage: string,
  {
    site,
    named,
    beforeMs,
  }: {
    readonly site: ObjectStore;
    readonly named: ReadonlySet<string>;
    readonly beforeMs: number;
  },
): Promise<readonly string[]> {
  const unnamed: string[] = [];
  for (const prefix of sweptPrefixes(storage)) {
    for await (const page of site.pages(prefix)) {
      for (const { key, modifiedMs } of page) {
        if (!named.has(key) && modifiedMs < beforeMs) unnamed.push(key);
      }
    }
  }
  return unnamed;
}

/** Where the objects of a storage are that records name. */
function sweptPrefixes(storage: string): readonly string[] {
  const ofPlaces = PLACE_KINDS.flatMap((kind) => {
    const place = { storage, kind };
    return [dataPrefix(place), archivesPrefix(place), manifestsPrefix(place), tagsPrefix(place)];
  });
  return [...ofPlaces, blobsPrefix(storage), filesPrefix(storage)];
}

async function putList(
  site: ObjectStore,
  { key, keys, at }: { readonly key: string; readonly keys: readonly string[]; readonly at: Date },
): Promise<void> {
  const bytes = encodeSweepList({ format: 1, at: at.toISOString(), keys });
  if (bytes.length <= SMALL_OBJECT_BYTES) await site.put(key, bytes);
  else await site.upload(key, each([bytes]), { sizeBytes: bytes.length });
}
