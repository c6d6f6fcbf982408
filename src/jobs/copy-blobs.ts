import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseTaken } from '../blobs/blob-folder.ts';
import type { BlobEntry } from '../blobs/catalogue.ts';
import { type CopiedTree, copyTree, countTree } from '../blobs/copy-tree.ts';
import { entryStem } from '../blobs/entry-name.ts';
import { findMissingFile } from '../blobs/missing-file.ts';
import { recordPath, writeRecord } from '../blobs/record.ts';
import { copyWithRsync } from '../blobs/rsync.ts';
import { BlobSums, encodeSums } from '../blobs/sums.ts';
import { readSums, writeSums } from '../blobs/sums-file.ts';
import { compareTree, sumTree } from '../blobs/tree-sums.ts';
import { readsBackOtherwise } from '../system/confirm-file.ts';
import { NewDirectory } from '../system/new-directory.ts';
import type { BlobBackupResult, BlobRun } from './blob-run.ts';
import { programEvents, withStep } from './events.ts';

/** Makes an entry that is a directory with a copy, which shares the files of the copy before. */
export async function makeCopy(
  run: BlobRun,
  naming: 'stamps' | 'numbers',
): Promise<BlobBackupResult> {
  const name = entryStem(run.base, run.mark(naming));
  const there = run.entries('directory').find((entry) => entry.name === name);
  if (naming === 'stamps' && there !== undefined && (await isWhole(run, there))) {
    return run.thereAlready(there);
  }
  await refuseTaken(join(run.settings.folder, name), 'directory');
  await using entry = await NewDirectory.create(join(run.settings.folder, name));
  const tree = join(entry.temporaryPath, run.base);
  const copied = await copyInto(run, tree);
  const { content } = copied;
  const sums = await writeSums(entry.temporaryPath, encodeSums(copied.sums));
  await writeRecord(
    recordPath(entry.temporaryPath, { name: '', form: 'directory' }),
    run.record({ content, sums }),
  );
  await entry.complete();
  run.context.signal.throwIfAborted();
  if (run.settings.confirmation === 'reread') {
    await confirmFresh(run, { tree, name: join(run.settings.folder, name), fresh: copied.fresh });
  }
  if (naming === 'numbers') await run.rotate('directories');
  else if (there !== undefined && (await knowsMore(run, there, entry))) {
    return run.thereAlready(there);
  }
  await entry.publish();
  return { name, kind: 'made', stamp: run.stamp, content };
}

/** Whether a copy was finished, has as much as it had then, and nothing wrong was found in it since. */
async function isWhole(run: BlobRun, entry: BlobEntry): Promise<boolean> {
  const { name, base, record } = entry;
  if (record?.origin !== 'made' || run.isDoubted(entry)) return false;
  const tree = join(run.settings.folder, name, base);
  const expected = record.content;
  if (expected === undefined || !(await isDirectory(tree))) return false;
  const { content } = await countTree(tree, run.context.signal);
  return content.files === expected.files && content.bytes === expected.bytes;
}

/**
 * Whether an entry that isn't known to be whole has a file that its successor lacks. Both are of one
 * moment of the Data.fs: then the live directory has lost something.
 */
async function knowsMore(
  run: BlobRun,
  there: BlobEntry,
  successor: NewDirectory,
): Promise<boolean> {
  const old = join(run.settings.folder, there.name, there.base);
  if (!(await isDirectory(old))) return false;
  const missing = await findMissingFile({
    of: old,
    inTree: join(successor.temporaryPath, run.base),
    signal: run.context.signal,
  });
  if (missing === undefined) return false;
  run.context.onEvent({
    kind: 'warning',
    text: `"${run.source}" lacks "${missing.slice(1)}", which the backup of the same state has: "${old}" is left as it is`,
  });
  return true;
}

async function copyInto(
  run: BlobRun,
  target: string,
): Promise<Pick<CopiedTree, 'content' | 'sums' | 'fresh'>> {
  const { copier } = run.settings;
  const previous = await previousCopy(run);
  const first = copier.firstCopy === 'link' ? run.source : undefined;
  const linkTo = previous?.tree ?? first;
  const { signal } = run.context;
  const source = run.source;
  const common = { source, target, linkTo, of: 'live' } as const;
  const step = { step: 'copy-blobs', totalBytes: run.expectedBytes } as const;
  const isDoubted = previous?.isDoubted === true;
  if (copier.kind === 'own') {
    const sums = { kind: 'make', known: previous?.sums?.bytes, isDoubted } as const;
    const copied = await withStep(run.context, {
      ...step,
      work: (progress) => copyTree({ ...common, sameness: 'time', sums, signal, progress }),
    });
    if (previous !== undefined) warnOfDiffering(run, { previous, differing: copied.differing });
    return copied;
  }
  const options = copier.rsyncOptions;
  const sameness =
    isDoubted || (previous !== undefined && previous.sums === undefined) ? 'content' : 'time';
  await withStep(run.context, {
    ...step,
    // Of what is shared with the copy before, it says nothing.
    totalBytes: previous === undefined ? run.expectedBytes : undefined,
    work: (progress) =>
      copyWithRsync({ ...common, sameness, options, progress, ...programEvents(run.context) }),
  });
  const { content, link } = await countTree(target, signal);
  if (link !== undefined) {
    run.context.onEvent({
      kind: 'warning',
      text: `"${join(source, link)}" is a link, and was copied as one, without what it leads to; "rsync_options = --copy-links" copies that`,
    });
  }
  const before = isDoubted ? undefined : previous;
  const summed = await withStep(run.context, {
    step: 'confirm',
    totalBytes: before === undefined ? content.bytes : undefined,
    work: (progress) => sumTree(target, { before, signal, progress }),
  });
  return { content, ...summed };
}

/** Reads what was copied, and not shared, back from the disk. Failure `damaged`. */
async function confirmFresh(
  { context, base }: BlobRun,
  {
    tree,
    name,
    fresh,
  }: { readonly tree: string; readonly name: string; readonly fresh: readonly string[] },
): Promise<void> {
  const sums = new BlobSums(encodeSums(fresh));
  const { signal } = context;
  const { missing, differing } = await withStep(context, {
    step: 'confirm',
    totalBytes: undefined,
    work: (progress) => compareTree(tree, { sums, from: 'disk', signal, progress }),
  });
  const [first] = [...missing, ...differing];
  if (first !== undefined) throw readsBackOtherwise(join(name, base, first));
}

/** The copy before, of which what is the same needn't be copied again. */
interface PreviousCopy {
  readonly tree: string;
  readonly sums: BlobSums | undefined;
  /** Whether something wrong was found in it. */
  readonly isDoubted: boolean;
}

/** The newest copy, finished or not. */
async function previousCopy(run: BlobRun): Promise<PreviousCopy | undefined> {
  const { folder } = run.settings;
  for (const entry of run.entries('directory')) {
    const { name, base, record } = entry;
    const tree = join(folder, name, base);
    if (!(await isDirectory(tree))) continue;
    const found = await readSums(join(folder, name), record);
    if (found.kind === 'damaged') {
      run.context.onEvent({
        kind: 'warning',
        text: `the checksums of the files in "${join(folder, name)}" are ${found.state}; its files are compared with the live ones`,
      });
    }
    const sums = found.kind === 'found' ? found.sums : undefined;
    return { tree, sums, isDoubted: run.isDoubted(entry) };
  }
  return undefined;
}

function warnOfDiffering(
  run: BlobRun,
  {
    previous,
    differing,
  }: { readonly previous: PreviousCopy; readonly differing: readonly string[] },
): void {
  const [first] = differing;
  if (first === undefined) return;
  const more = differing.length === 1 ? '' : ` and ${differing.length - 1} more`;
  run.context.onEvent({
    kind: 'warning',
    text: `"${join(previous.tree, first)}"${more} differs from the live file of the same size and time: one of them is damaged; the new copy has the live one`,
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
