import type { BlobEntry } from '../../../blobs/layout/catalogue.ts';
import { entryStem } from '../../../blobs/layout/entry-name.ts';
import { archivesPrefix } from '../../../copies/layout/keys.ts';
import { type CopyPlace, encodeName, isSamePlace } from '../../../copies/layout/place.ts';
import type { PointDetails } from '../../../copies/layout/point-details.ts';
import type { CopiedArchive, CopiedBlobs } from '../../../copies/layout/point-record.ts';
import { endingOf, type StoredForm } from '../../../copies/layout/stored-form.ts';
import type { Store } from '../../../stores/store.ts';
import type { ProgressLog } from './progress-log.ts';
import { type PushRun, pushObject } from './push-run.ts';

/** Where blobs come from, and where they go. */
export interface PushingBlobs {
  readonly store: Store;
  readonly place: CopyPlace;
  readonly run: PushRun;
  readonly progress: ProgressLog;
}

/** What became of the blobs of a point. */
export interface PushedBlobs {
  readonly blobs: CopiedBlobs;
  readonly details: Pick<PointDetails, 'blobRecords' | 'layout' | 'others'>;
}

/** Copies an archive of blobs, and those that it continues, as far as the copy has them not. */
export async function pushArchives(
  chain: readonly BlobEntry[],
  pushing: PushingBlobs,
): Promise<PushedBlobs> {
  const last = chain.at(-1);
  if (last === undefined) throw new RangeError('a chain has an archive');
  const known = await copiedArchives(pushing);
  const archives: CopiedArchive[] = [];
  for (const entry of chain) {
    const name = stampedName(entry);
    const there = known.get(name);
    if (there !== undefined && isSame(there, { entry, form: pushing.run.forms.others }))
      archives.push(there);
    else archives.push(await pushArchive(entry, pushing));
  }
  const records = chain.flatMap((entry) =>
    entry.record === undefined ? [] : [[stampedName(entry), entry.record] as const],
  );
  return {
    blobs: { kind: 'archives', stamp: last.stamp, base: last.base, archives },
    details: { blobRecords: Object.fromEntries(records), others: [] },
  };
}

/** Those that the newest point of the place with archives has: it has all of its chain. */
async function copiedArchives({
  place,
  run: { points },
}: PushingBlobs): Promise<ReadonlyMap<string, CopiedArchive>> {
  const newest = points.newestOf((one) => isSamePlace(one.place, place));
  if (newest === undefined) return new Map();
  const { blobs } = (await points.read(newest)).record;
  return new Map(blobs.kind === 'archives' ? blobs.archives.map((one) => [one.name, one]) : []);
}

/** Whether a copy has the archive, in the form that is wanted; of another one, the checksum tells nothing. */
function isSame(
  { sizeBytes, stored }: CopiedArchive,
  { entry: { record }, form }: { readonly entry: BlobEntry; readonly form: StoredForm },
): boolean {
  if (record?.archive === undefined || endingOf(stored.form) !== endingOf(form)) return false;
  const isSameBytes = form.length > 0 || stored.sha256 === record.archive.sha256;
  return sizeBytes === record.archive.sizeBytes && isSameBytes;
}

async function pushArchive(
  entry: BlobEntry,
  { store, place, run, progress }: PushingBlobs,
): Promise<CopiedArchive> {
  const name = stampedName(entry);
  await using file = await store.open(entry.name);
  const { sizeBytes } = file;
  const { suffix: _, ...stored } = await pushObject(
    {
      key: archivesPrefix(place) + encodeName(name),
      read: () => file.stream({ start: 0, end: sizeBytes }),
      sizeBytes,
      sha256: entry.record?.archive?.sha256,
    },
    { run, progress, form: run.forms.others },
  );
  return { stamp: entry.stamp, name, sizeBytes, stored };
}

/** Numbers go from one backup to the next one: in a copy, each has the name that it would have with its stamp. */
export function stampedName({ name, base, stamp }: BlobEntry): string {
  const [tail = ''] = /(?:\.delta)?\.tar(?:\.gz)?$/.exec(name) ?? [];
  return `${entryStem(base, { kind: 'stamp', stamp })}${tail}`;
}
