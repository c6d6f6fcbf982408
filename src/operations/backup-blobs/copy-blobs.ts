import { join } from 'node:path';
import type { BlobSums } from '../../blobs/checksums/checksums.ts';
import { writeSums } from '../../blobs/checksums/checksums-file.ts';
import { type CopiedSums, collectSums } from '../../blobs/checksums/copy-checksums.ts';
import { compareTree } from '../../blobs/checksums/tree-checksums.ts';
import { copyTree, type TreeContent } from '../../blobs/copy/copy-tree.ts';
import { hasContent } from '../../blobs/copy/count-tree.ts';
import { findMissingFile } from '../../blobs/copy/missing-file.ts';
import { refuseTaken } from '../../blobs/layout/blob-folder.ts';
import type { BlobEntry } from '../../blobs/layout/catalogue.ts';
import { entryStem } from '../../blobs/layout/entry-name.ts';
import { writeRecordIn } from '../../blobs/layout/record.ts';
import { someOf } from '../../blobs/layout/summarize-names.ts';
import { requireLocalFolder, type StagedTree } from '../../stores/local-folder.ts';
import { readsBackOtherwise } from '../../system/files/read-back.ts';
import { withStep } from '../run/events.ts';
import type { BlobBackupResult } from './blob-backup.ts';
import {
  type BlobRun,
  entriesOf,
  entryIdOf,
  isOfAnotherSource,
  isSuspect,
  makeRoomForFirst,
  recordBy,
  thereAlready,
} from './blob-run.ts';
import { judgeChanges, warnOfDamagedCopies } from './detect-damage.ts';
import { findLostBlobs, isLostByReplacing, warnOfLostBlobs } from './lost-blobs.ts';
import { findPreviousCopy, type PreviousCopy } from './previous-copy.ts';
import { copyBlobsWithRsync } from './rsync-blobs.ts';
import { warnOfSpecial } from './special-files.ts';

/** Makes an entry that is a directory with a copy, which shares the files of the copy before. */
export async function makeCopy(
  run: BlobRun,
  naming: 'stamps' | 'numbers',
): Promise<BlobBackupResult> {
  const name = entryStem(run.base, entryIdOf(run, naming));
  const there = entriesOf(run, 'directory').find((entry) => entry.name === name);
  if (naming === 'stamps' && there !== undefined && (await isWhole(run, there))) {
    return thereAlready(there, run);
  }
  await refuseTaken(run.store, { name, kind: 'tree' });
  await using entry = await requireLocalFolder(run.store).stageTree(name);
  const tree = join(entry.path, run.base);
  const previous = await findPreviousCopy(run);
  const { content, links, special, ...copied } = await copyInto(run, { tree, previous });
  warnOfSpecial(run, special);
  const copy = await judgeChanges(run, { tree, previous, ...copied });
  const lost = await findLostBlobs(run, { previous, copy });
  const sums = await writeSums(entry, copy.sums.all);
  await writeRecordIn(
    entry,
    recordBy(run, { content, sums, links, ...(lost.length > 0 ? { lost } : {}) }),
  );
  await entry.complete();
  run.context.signal.throwIfAborted();
  if (run.settings.confirmation === 'reread') {
    await confirmFresh(run, { tree, name: run.store.nameOf(name), sums: copy.sums.fresh });
  }
  if (naming === 'numbers') await makeRoomForFirst(run, 'directories');
  else if (there !== undefined) {
    // What a copy of another blob directory has more, the Data.fs may not speak of: it has been asked.
    const isJudged =
      isOfAnotherSource(there, run) && previous?.entry === there && previous.sums !== undefined;
    const isBetter =
      isLostByReplacing(run, lost) || (!isJudged && (await knowsMore(run, there, entry)));
    if (isBetter) {
      const survivingCopy = run.store.nameOf(there.name);
      const { source } = run.settings;
      const hold = (await warnOfLostBlobs(run, lost)) ?? {
        kind: 'lost',
        source,
        holder: survivingCopy,
      };
      return thereAlready(there, { ...run, hold });
    }
  }
  await entry.publish();
  const hold = await warnOfLostBlobs(run, lost);
  const newFiles = previous === undefined ? content.files : copy.sums.fresh.count;
  return { name, kind: 'made', stamp: run.stamp, content, newFiles, hold };
}

/** Whether a copy was finished, has as much as it had then, and nothing wrong was found in it since. */
async function isWhole(run: BlobRun, entry: BlobEntry): Promise<boolean> {
  const { name, base, record } = entry;
  if (record?.origin !== 'made' || isSuspect(entry, run)) return false;
  if (isOfAnotherSource(entry, run)) {
    run.context.onEvent({
      kind: 'notice',
      code: 'blobs-of-another-source',
      path: run.store.nameOf(entry.name),
      source: record.source,
    });
    return false;
  }
  const tree = run.store.tree(name).below(base);
  const expected = record.content;
  return expected !== undefined && hasContent(tree, { expected, signal: run.context.signal });
}

/**
 * Whether an entry that isn't known to be whole has a file that its successor lacks. Both are of one
 * moment of the Data.fs: then the live directory has lost something.
 */
async function knowsMore(run: BlobRun, there: BlobEntry, successor: StagedTree): Promise<boolean> {
  const copy = run.store.tree(there.name).below(there.base);
  if (!(await copy.isThere())) return false;
  const old = requireLocalFolder(copy);
  const missing = await findMissingFile({
    of: old,
    inTree: join(successor.path, run.base),
    signal: run.context.signal,
  });
  if (missing === undefined) return false;
  run.context.onEvent({
    kind: 'warning',
    code: 'blob-missing',
    source: run.source,
    path: missing.slice(1),
    copy: old,
  });
  return true;
}

/** What was copied. */
interface CopiedInto {
  readonly content: TreeContent;
  readonly sums: CopiedSums;
  /** Paths below the tree. */
  readonly links: readonly string[];
  readonly special: readonly string[];
}

async function copyInto(
  run: BlobRun,
  { tree, previous }: { readonly tree: string; readonly previous: PreviousCopy | undefined },
): Promise<CopiedInto> {
  const { copier } = run.settings;
  const first = copier.firstCopy === 'link' ? run.source : undefined;
  const linkTo = previous?.tree ?? first;
  if (copier.kind === 'rsync') {
    const work = { target: tree, previous, linkTo, options: copier.rsyncOptions };
    const copied = await copyBlobsWithRsync(run, work);
    const { content, links, special } = copied;
    return { content, links, special, sums: collectSums(copied) };
  }
  const isSuspect = previous?.isSuspect === true;
  const sums = { kind: 'make', known: previous?.sums?.bytes, isSuspect } as const;
  const paths = { source: run.source, target: tree, linkTo } as const;
  const { signal } = run.context;
  const copied = await withStep(run.context, {
    step: 'copy-blobs',
    totalBytes: run.expectedBytes,
    work: (progress) =>
      copyTree({ ...paths, of: 'live', sameness: 'time', sums, signal, progress }),
  });
  const collected = collectSums(copied);
  if (previous !== undefined) {
    warnOfDiffering(run, { previous, differing: copied.differing, now: collected.all });
  }
  const { content, special } = copied;
  return { content, special, links: [], sums: collected };
}

/** Reads what was copied, and not shared, back from the disk. Failure `damaged`. */
async function confirmFresh(
  { context, base }: BlobRun,
  { tree, name, sums }: { readonly tree: string; readonly name: string; readonly sums: BlobSums },
): Promise<void> {
  const { signal } = context;
  const { missing, differing } = await withStep(context, {
    step: 'confirm',
    totalBytes: undefined,
    work: (progress) => compareTree(tree, { sums, from: 'disk', signal, progress }),
  });
  const [first] = [...missing, ...differing];
  if (first !== undefined) throw readsBackOtherwise(join(name, base, first));
}

/** Of those that have another sum than was recorded, {@link judgeChanges} knows more. */
function warnOfDiffering(
  run: BlobRun,
  {
    previous,
    differing,
    now,
  }: {
    readonly previous: PreviousCopy;
    readonly differing: readonly string[];
    readonly now: BlobSums;
  },
): void {
  const { onEvent } = run.context;
  const unknown = differing.filter((path) => previous.sums?.find(path) === undefined);
  if (unknown.length > 0) {
    const paths = unknown.map((path) => join(previous.tree, path));
    onEvent({ kind: 'warning', code: 'blobs-differ', ...someOf(paths) });
  }
  const wrong = differing.filter((path) => {
    const recorded = previous.sums?.find(path);
    return recorded !== undefined && recorded === now.find(path);
  });
  if (wrong.length > 0)
    warnOfDamagedCopies(
      run,
      wrong.map((path) => join(previous.tree, path)),
    );
}
