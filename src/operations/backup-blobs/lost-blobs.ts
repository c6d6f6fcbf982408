import type { BlobSums } from '../../blobs/checksums/checksums.ts';
import { type FoundSums, readSums } from '../../blobs/checksums/checksums-file.ts';
import { readableSumIn } from '../../blobs/checksums/readable-sum.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import type { LostBlobs } from '../../blobs/layout/record.ts';
import { someOf } from '../../blobs/layout/summarize-names.ts';
import { holderOf } from '../../blobs/ownership/lost-blob-holder.ts';
import { mayBeLost } from '../../blobs/ownership/may-be-lost.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import type { Hold } from '../../blobs/ownership/retention-hold.ts';
import { blobsNotIn, findBlob, parseBlobPath, pathsOfBlob } from '../../filestorage/blob-layout.ts';
import type { Tid } from '../../filestorage/tid.ts';
import type { BlobRun } from './blob-backup.ts';
import type { JudgedCopy } from './detect-damage.ts';
import type { LastingBlobs } from './expected-blobs.ts';
import type { PreviousCopy } from './previous-copy.ts';

/** So many paths are recorded. Where there are more, the copy that has them is looked through for the others. */
const RECORDED_PATHS = 1000;

/**
 * Blobs that earlier copies have and the live directory has lost, or has with other bytes, by the copies that
 * have them. Only a pack removes blobs, and their records with them: so all that were committed when the copy
 * before was made must be there as long as the Data.fs has only grown since, and after a pack those of which it
 * still holds the records. Once lost, they stay so until they are back, or the copy that has them is gone.
 */
export async function findLostBlobs(
  run: BlobRun,
  { previous, copy }: { readonly previous: PreviousCopy | undefined; readonly copy: JudgedCopy },
): Promise<readonly LostBlobs[]> {
  if (previous === undefined || !previous.isOwn) return [];
  const now = copy.sums.all;
  const known = await Promise.all(
    (previous.entry.record?.lost ?? []).map((lost) => findHolder(run, lost)),
  );
  // What is back has changed once more.
  const changed = copy.changed.filter(
    (path) => !known.some((one) => isBack(path, { ...one, now })),
  );
  const paths = [...(await goneForNoReason(run, { previous, copy })), ...changed].sort();
  const { stamp } = previous.entry;
  const fresh = { stamp, count: paths.length, paths: paths.slice(0, RECORDED_PATHS) };
  const still: LostBlobs[] = [];
  for (const one of known) still.push(...(await stillNeeded(run, stillLost(one, now))));
  return [...still, fresh].filter(({ count }) => count > 0);
}

/** Blobs that were lost before, and what their copy, if it is there, has recorded of them. */
interface KnownLoss {
  readonly lost: LostBlobs;
  readonly holder: FoundSums | undefined;
}

async function findHolder(run: BlobRun, lost: LostBlobs): Promise<KnownLoss> {
  const entry = holderOf(lost, run.catalogue);
  if (entry === undefined) return { lost, holder: undefined };
  return { lost, holder: await readSums(run.store.tree(entry.name), entry.record) };
}

/** Of those that were not recorded, all that may be. */
function stillLost({ lost, holder }: KnownLoss, now: BlobSums): readonly LostBlobs[] {
  if (holder === undefined) return [];
  const paths = mayBeLost(lost, holder)?.filter((path) => !isBack(path, { holder, now }));
  if (paths === undefined) return [lost];
  return paths.length === 0 ? [] : [{ ...lost, count: paths.length, paths }];
}

/** What a pack, or a restore to before it, has taken out of the Data.fs since, nobody misses any more. */
async function stillNeeded(
  run: BlobRun,
  lost: readonly LostBlobs[],
): Promise<readonly LostBlobs[]> {
  const needed: LostBlobs[] = [];
  for (const one of lost) {
    const { lasting } = run.settings;
    const unknown = one.count - one.paths.length;
    const last = await lasting.lastOf(one.stamp);
    const paths = await neededOf(lasting, { last, paths: one.paths });
    if (paths.length === 0 && unknown > 0) {
      needed.push(one); // Of those that are not recorded, nobody knows.
      continue;
    }
    if (paths.length > 0) {
      const count = paths.length + unknown;
      needed.push({ ...one, count, paths: [...paths].sort().slice(0, RECORDED_PATHS) });
      continue;
    }
    run.context.onEvent({
      kind: 'notice',
      code: 'lost-blobs-not-needed',
      source: run.source,
      stamp: one.stamp,
    });
  }
  return needed;
}

function isBack(
  path: string,
  { holder, now }: Pick<KnownLoss, 'holder'> & { readonly now: BlobSums },
): boolean {
  const sha256 = pathsOfBlob(path)
    .map((one) => now.find(one))
    .find((sum) => sum !== undefined);
  if (sha256 === undefined || holder === undefined) return false;
  return holder.kind !== 'found' || holder.sums.find(path) === sha256;
}

async function goneForNoReason(
  run: BlobRun,
  { previous, copy }: { readonly previous: PreviousCopy; readonly copy: JudgedCopy },
): Promise<readonly string[]> {
  const gone = await blobsNotIn(run.source, { paths: copy.gone, signal: run.context.signal });
  const { repository } = run.settings;
  const { stamp, record } = previous.entry;
  if (gone.length === 0 || repository === null || record?.repository !== repository.id) return [];
  const { lasting } = run.settings;
  // Of another blob directory, which may have been the wrong one, all must be looked up.
  const last = run.isOfAnotherSource(previous.entry) ? undefined : await lasting.lastOf(stamp);
  return neededOf(lasting, { last, paths: gone });
}

/**
 * Those that nothing explains the loss of.
 *
 * @param last - up to there, the Data.fs has only grown since they were there
 */
async function neededOf(
  lasting: LastingBlobs,
  { last, paths }: { readonly last: Tid | undefined; readonly paths: readonly string[] },
): Promise<readonly string[]> {
  const isCommitted = (path: string) =>
    last !== undefined && (parseBlobPath(path)?.tid ?? last) <= last;
  const others = paths.filter((path) => !isCommitted(path));
  return [...paths.filter(isCommitted), ...(await heldOf(lasting, others))];
}

/** Those of which the Data.fs still holds the record: no pack has taken them away. */
export async function heldOf(
  lasting: LastingBlobs,
  paths: readonly string[],
): Promise<readonly string[]> {
  const revisions = paths.flatMap((path) => {
    const revision = parseBlobPath(path);
    return revision === undefined ? [] : [{ path, ...revision }];
  });
  const held = new Set((await lasting.heldOf(revisions)).map(({ path }) => path));
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
): Promise<Hold | undefined> {
  if (lost.length === 0) return undefined;
  let hold: Hold | undefined;
  // Numbered copies have other names by now.
  const catalogue = await readOwnBlobs(run.settings, {
    repository: run.settings.repository?.path,
    backups: run.context.backups,
  });
  for (const one of lost) {
    const { count, paths } = one;
    const holder = holderOf(one, catalogue);
    const name = run.store.nameOf(holder?.name ?? '');
    hold ??= { kind: 'lost', source: run.settings.source, holder: name };
    const isCopyIntact = holder !== undefined && (await hasRight(run, { holder, paths }));
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
  { holder, paths: [path = ''] }: { readonly holder: BlobEntry; readonly paths: readonly string[] },
): Promise<boolean> {
  const entry = run.store.tree(holder.name);
  const found = await readSums(entry, holder.record);
  const recorded = found.kind === 'found' ? found.sums.find(path) : undefined;
  if (recorded === undefined) return true; // Nobody knows better.
  const { signal } = run.context;
  const sum = await readableSumIn(entry.below(holder.base), { path, signal });
  return sum === recorded;
}
