import { join } from 'node:path';
import type { FoundSums } from '../../blobs/checksums/checksums-file.ts';
import { FileHasher } from '../../blobs/checksums/file-hasher.ts';
import { readableSum, readableSumIn } from '../../blobs/checksums/readable-sum.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { LostBlobs } from '../../blobs/layout/record.ts';
import { someOf } from '../../blobs/layout/summarize-names.ts';
import { lostBlobCandidates } from '../../blobs/ownership/lost-blob-candidates.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import type { RetentionHold } from '../../blobs/ownership/retention-hold.ts';
import {
  newestThatTells,
  sumsOfSurvivingCopy,
  survivingCopyOf,
} from '../../blobs/ownership/surviving-copy.ts';
import { blobsNotIn, findBlob, parseBlobPath, pathsOfBlob } from '../../filestorage/blob-layout.ts';
import type { Tid } from '../../filestorage/tid.ts';
import type { BlobRun } from './blob-backup.ts';
import type { JudgedCopy } from './detect-damage.ts';
import type { ExpectedBlobs } from './expected-blobs.ts';
import {
  archiveToCompare,
  blobsInArchive,
  type ComparedArchive,
  goneSinceArchive,
  newestOwn,
} from './lost-from-archive.ts';
import type { PreviousCopy } from './previous-copy.ts';

/** So many paths are recorded. Where there are more, the backup that has them is looked through for the others. */
const RECORDED_PATHS = 1000;

/**
 * Blobs that earlier backups have and the live directory has lost, or has with other bytes, by the backups that
 * have them. Only a pack removes blobs, and their records with them: so all that were committed when the backup
 * before was made must be there as long as the Data.fs has only grown since, and after a pack those of which it
 * still holds the records. Once lost, they stay so until they are back, or the backup that has them is gone.
 */
export async function findLostBlobs(
  run: BlobRun,
  { previous, copy }: { readonly previous: PreviousCopy | undefined; readonly copy: JudgedCopy },
): Promise<readonly LostBlobs[]> {
  const now = copy.sums.all;
  const sumOf = async (path: string) =>
    pathsOfBlob(path)
      .map((one) => now.find(one))
      .find((sum) => sum !== undefined);
  const known = await findKnown(run);
  const fresh: LostBlobs[] = [];
  if (previous?.isOwn === true) {
    const gone = await blobsNotIn(run.source, { paths: copy.gone, signal: run.context.signal });
    // What is back has changed once more.
    const back = new Set<string>();
    for (const path of copy.changed) {
      for (const { survivingCopy } of known) {
        if (await isBack(run, { path, survivingCopy, sumOf })) back.add(path);
      }
    }
    const changed = copy.changed.filter((path) => !back.has(path));
    const { entry } = previous;
    fresh.push(lossOf(entry, [...(await goneForNoReason(run, { entry, gone })), ...changed]));
  }
  const archive = archiveToCompare(run);
  if (archive !== undefined) {
    for (const { path } of now) archive.now.add(path);
    fresh.push(await lostFromArchive(run, archive, fresh));
  }
  return [...(await stillLost(run, { known, sumOf })), ...fresh].filter(({ count }) => count > 0);
}

/** The same for an archive, of which no sums are known: a blob is gone, or it is there. */
export async function findLostByArchive(
  run: BlobRun,
  before: ComparedArchive | undefined,
): Promise<readonly LostBlobs[]> {
  const hasher = new FileHasher();
  const { signal } = run.context;
  const sumOf = (path: string) =>
    readableSum(findBlob(run.source, path) ?? join(run.source, path), { hasher, signal });
  const known = await findKnown(run);
  const fresh =
    before === undefined
      ? await lostFromCopy(run, newestOwn(run))
      : [await lostFromArchive(run, before, [])];
  return [...(await stillLost(run, { known, sumOf })), ...fresh].filter(({ count }) => count > 0);
}

async function lostFromCopy(
  run: BlobRun,
  entry: BlobEntry | undefined,
): Promise<readonly LostBlobs[]> {
  if (entry === undefined) return [];
  const found = await sumsOfSurvivingCopy(run.store, entry);
  const all = found.kind === 'found' ? [...found.sums].map(({ path }) => path) : [];
  const paths = all.filter((path) => parseBlobPath(path) !== undefined);
  const gone = await blobsNotIn(run.source, { paths, signal: run.context.signal });
  return [lossOf(entry, await goneForNoReason(run, { entry, gone }))];
}

/** @param others - what is known to be lost from a copy needs no second holder */
async function lostFromArchive(
  run: BlobRun,
  archive: ComparedArchive,
  others: readonly LostBlobs[],
): Promise<LostBlobs> {
  const { entry } = archive;
  const known = new Set(others.flatMap(({ paths }) => paths));
  const all = await goneSinceArchive(run, archive);
  const gone = all.filter((path) => !known.has(path));
  return lossOf(entry, await goneForNoReason(run, { entry, gone }));
}

function lossOf({ stamp }: BlobEntry, paths: readonly string[]): LostBlobs {
  return { stamp, count: paths.length, paths: [...paths].sort().slice(0, RECORDED_PATHS) };
}

/** Blobs that were lost before, the backup that has them, if it is there, and the sums that it has. */
interface KnownLoss {
  readonly lost: LostBlobs;
  readonly survivingCopy: { readonly entry: BlobEntry; readonly found: FoundSums } | undefined;
}

async function findKnown(run: BlobRun): Promise<readonly KnownLoss[]> {
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
type SumOf = (path: string) => Promise<string | undefined>;

/** Of those that were lost before. */
async function stillLost(
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
    return [{ ...lost, count, paths: [...paths].sort().slice(0, RECORDED_PATHS) }];
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
async function isBack(
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

/** @param gone - blobs that a backup has and the live directory lacks */
async function goneForNoReason(
  run: BlobRun,
  { entry, gone }: { readonly entry: BlobEntry; readonly gone: readonly string[] },
): Promise<readonly string[]> {
  const { repository, expected } = run.settings;
  if (gone.length === 0 || repository === null || entry.record?.repository !== repository.id)
    return [];
  // Of another blob directory, which may have been the wrong one, all must be looked up.
  const last = run.isOfAnotherSource(entry) ? undefined : await expected.lastOf(entry.stamp);
  return neededOf(expected, { last, paths: gone });
}

/**
 * Those that nothing explains the loss of.
 *
 * @param last - up to there, the Data.fs has only grown since they were there
 */
async function neededOf(
  expected: ExpectedBlobs,
  { last, paths }: { readonly last: Tid | undefined; readonly paths: readonly string[] },
): Promise<readonly string[]> {
  const isCommitted = (path: string) =>
    last !== undefined && (parseBlobPath(path)?.tid ?? last) <= last;
  const others = paths.filter((path) => !isCommitted(path));
  return [...paths.filter(isCommitted), ...(await heldOf(expected, others))];
}

/** Those of which the Data.fs still holds the record: no pack has taken them away. */
export async function heldOf(
  expected: ExpectedBlobs,
  paths: readonly string[],
): Promise<readonly string[]> {
  const revisions = paths.flatMap((path) => {
    const revision = parseBlobPath(path);
    return revision === undefined ? [] : [{ path, ...revision }];
  });
  const held = new Set((await expected.heldOf(revisions)).map(({ path }) => path));
  return paths.filter((path) => held.has(path) || parseBlobPath(path) === undefined);
}

/** Whether the copy that has them is the one in the place of which a new one would come. */
export function isLostByReplacing(run: BlobRun, lost: readonly LostBlobs[]): boolean {
  return lost.some(({ stamp }) => stamp === run.stamp);
}

/** Says what is lost, and gives what follows from it: cleanup spares what is old. */
export async function warnOfLostBlobs(
  run: BlobRun,
  lost: readonly LostBlobs[],
): Promise<RetentionHold | undefined> {
  if (lost.length === 0) return undefined;
  let hold: RetentionHold | undefined;
  // Numbered copies have other names by now.
  const catalogue = await readOwnBlobs(run.settings, {
    repository: run.settings.repository?.path,
    backups: run.context.backups,
  });
  for (const one of lost) {
    const { count, paths } = one;
    const survivingCopy = survivingCopyOf(one, catalogue);
    const name = run.store.nameOf(survivingCopy?.name ?? '');
    hold ??= { kind: 'lost', source: run.settings.source, holder: name };
    const isCopyIntact =
      survivingCopy !== undefined && (await hasRight(run, { survivingCopy, paths }));
    run.context.onEvent({
      kind: 'warning',
      code: 'blobs-lost',
      source: run.source,
      copy: name,
      isCopyIntact,
      areGone: paths.every((path) => findBlob(run.source, path) === undefined),
      ...someOf(paths, count),
    });
  }
  return hold;
}

/** Whether the first of the blobs has the bytes in a copy that it had when that was made. */
async function hasRight(
  run: BlobRun,
  {
    survivingCopy,
    paths: [path = ''],
  }: { readonly survivingCopy: BlobEntry; readonly paths: readonly string[] },
): Promise<boolean> {
  const found = await sumsOfSurvivingCopy(run.store, survivingCopy);
  const recorded = found.kind === 'found' ? found.sums.find(path) : undefined;
  if (recorded === undefined) return true; // Nobody knows better.
  const { signal } = run.context;
  const sum = await readableSumIn(run.store.tree(survivingCopy.name).below(survivingCopy.base), {
    path,
    signal,
  });
  return sum === recorded;
}
