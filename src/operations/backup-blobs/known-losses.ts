import type { FoundSums } from '../../blobs/checksums/checksums-file.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { LostBlobs } from '../../blobs/layout/record.ts';
import { lostBlobCandidates } from '../../blobs/ownership/lost-blob-candidates.ts';
import {
  newestThatTells,
  sumsOfSurvivingCopy,
  survivingCopyOf,
} from '../../blobs/ownership/surviving-copy.ts';
import { findBlob } from '../../filestorage/blob-layout.ts';
import type { BlobRun } from './blob-run.ts';
import { blobsInArchive } from './lost-from-archive.ts';
import { neededOf } from './needed-blobs.ts';

/** Blobs that were lost before, the backup that has them, if it is there, and the sums that it has. */
export interface KnownLoss {
  readonly lost: LostBlobs;
  readonly survivingCopy: { readonly entry: BlobEntry; readonly found: FoundSums } | undefined;
}

export async function findKnown(run: BlobRun): Promise<readonly KnownLoss[]> {
  const own = run.catalogue.entries.filter(({ base }) => base === run.base);
  const lost = newestThatTells(own)?.record?.lost ?? [];
  return Promise.all(lost.map((one) => findSurvivingCopy(run, one)));
}

async function findSurvivingCopy(run: BlobRun, lost: LostBlobs): Promise<KnownLoss> {
  const entry = survivingCopyOf(lost, run.catalogue);
  if (entry === undefined) return { lost, survivingCopy: undefined };
  return { lost, survivingCopy: { entry, found: await sumsOfSurvivingCopy(run.store, entry) } };
}

/** The sha256 that a blob has now; undefined where it isn't there. */
export type SumOf = (path: string) => Promise<string | undefined>;

/** Of those that were lost before. */
export async function stillLost(
  run: BlobRun,
  { known, sumOf }: { readonly known: readonly KnownLoss[]; readonly sumOf: SumOf },
): Promise<readonly LostBlobs[]> {
  const still: LostBlobs[] = [];
  for (const { lost, survivingCopy } of known) {
    if (survivingCopy === undefined) continue;
    const candidates = await candidatesOf(run, { lost, survivingCopy });
    const paths: string[] = [];
    for (const path of candidates ?? []) {
      if (!(await isBack(run, { path, survivingCopy, sumOf }))) paths.push(path);
    }
    if (candidates === undefined) still.push(...(await stillNeeded(run, lost)));
    else if (paths.length > 0) {
      still.push(...(await stillNeeded(run, { ...lost, count: paths.length, paths })));
    }
  }
  return still;
}

/** Of those that were not recorded, all that may be; undefined where nobody can tell. */
async function candidatesOf(
  run: BlobRun,
  {
    lost,
    survivingCopy,
  }: { readonly lost: LostBlobs; readonly survivingCopy: NonNullable<KnownLoss['survivingCopy']> },
): Promise<readonly string[] | undefined> {
  const { entry, found } = survivingCopy;
  const isRead = entry.form !== 'directory' && lost.count > lost.paths.length;
  return isRead ? blobsInArchive(run, entry) : lostBlobCandidates(lost, found);
}

/** What a pack, or a restore to before it, has taken out of the Data.fs since, nobody misses any more. */
async function stillNeeded(run: BlobRun, lost: LostBlobs): Promise<readonly LostBlobs[]> {
  const { expected } = run.settings;
  const unknown = lost.count - lost.paths.length;
  const last = await expected.lastOf(lost.stamp);
  const paths = await neededOf(expected, { last, paths: lost.paths });
  if (paths.length > 0) {
    const count = paths.length + unknown;
    return [{ ...lost, count, paths: pathsToRecord(paths) }];
  }
  // Of those that are not recorded, nobody knows.
  if (unknown > 0) return [lost];
  run.context.onEvent({
    kind: 'notice',
    code: 'lost-blobs-not-needed',
    source: run.source,
    stamp: lost.stamp,
  });
  return [];
}

/** Where the backup that has it knows no sum, being there is enough. */
export async function isBack(
  run: BlobRun,
  {
    path,
    survivingCopy,
    sumOf,
  }: {
    readonly path: string;
    readonly survivingCopy: KnownLoss['survivingCopy'];
    readonly sumOf: SumOf;
  },
): Promise<boolean> {
  if (survivingCopy === undefined) return false;
  const { found } = survivingCopy;
  if (found.kind !== 'found') return findBlob(run.source, path) !== undefined;
  const sha256 = await sumOf(path);
  return sha256 !== undefined && found.sums.find(path) === sha256;
}

/** So many paths are recorded. Where there are more, the backup that has them is looked through for the others. */
const RECORDED_PATHS = 1000;

export function pathsToRecord(paths: readonly string[]): readonly string[] {
  return [...paths].sort().slice(0, RECORDED_PATHS);
}
