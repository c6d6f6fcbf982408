import { join } from 'node:path';
import { FileHasher } from '../../blobs/checksums/file-hasher.ts';
import { readableSum, readableSumIn } from '../../blobs/checksums/readable-sum.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { LostBlobs } from '../../blobs/layout/record.ts';
import { someOf } from '../../blobs/layout/summarize-names.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import type { RetentionHold } from '../../blobs/ownership/retention-hold.ts';
import { sumsOfSurvivingCopy, survivingCopyOf } from '../../blobs/ownership/surviving-copy.ts';
import { blobsNotIn, findBlob, parseBlobPath, pathsOfBlob } from '../../filestorage/blob-layout.ts';
import { type BlobRun, isOfAnotherSource } from './blob-run.ts';
import type { JudgedCopy } from './detect-damage.ts';
import { findKnown, isBack, pathsToRecord, stillLost } from './known-losses.ts';
import {
  archiveToCompare,
  type ComparedArchive,
  goneSinceArchive,
  newestOwn,
} from './lost-from-archive.ts';
import { neededOf } from './needed-blobs.ts';
import type { PreviousCopy } from './previous-copy.ts';

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
  return { stamp, count: paths.length, paths: pathsToRecord(paths) };
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
  const last = isOfAnotherSource(entry, run) ? undefined : await expected.lastOf(entry.stamp);
  return neededOf(expected, { last, paths: gone });
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
