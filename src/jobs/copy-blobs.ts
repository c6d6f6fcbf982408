import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseTaken } from '../blobs/blob-folder.ts';
import type { BlobEntry } from '../blobs/catalogue.ts';
import { type CopiedTree, copyTree, countTree } from '../blobs/copy-tree.ts';
import { entryStem } from '../blobs/entry-name.ts';
import { findMissingFile } from '../blobs/missing-file.ts';
import { recordPath, writeRecord } from '../blobs/record.ts';
import { copyWithRsync } from '../blobs/rsync.ts';
import { type BlobSums, encodeSums } from '../blobs/sums.ts';
import { readSums, writeSums } from '../blobs/sums-file.ts';
import { sumTree } from '../blobs/tree-sums.ts';
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
  if (naming === 'stamps' && there?.record?.origin === 'made') return run.thereAlready(there);
  await refuseTaken(join(run.settings.folder, name), 'directory');
  await using entry = await NewDirectory.create(join(run.settings.folder, name));
  const copied = await copyInto(run, join(entry.temporaryPath, run.base));
  const { content } = copied;
  const sums = await writeSums(entry.temporaryPath, encodeSums(copied.sums));
  await writeRecord(
    recordPath(entry.temporaryPath, { name: '', form: 'directory' }),
    run.record({ content, sums }),
  );
  await entry.complete();
  run.context.signal.throwIfAborted();
  if (naming === 'numbers') await run.rotate('directories');
  else if (there !== undefined && (await knowsMore(run, there, entry))) {
    return run.thereAlready(there);
  }
  await entry.publish();
  return { name, kind: 'made', stamp: run.stamp, content };
}

/**
 * Whether an entry of unknown completeness has a file that its successor lacks. Both are of one
 * moment of the Data.fs: then the live directory has lost something.
 */
async function knowsMore(
  run: BlobRun,
  there: BlobEntry,
  successor: NewDirectory,
): Promise<boolean> {
  const old = join(run.settings.folder, there.name, there.base);
  const status = await stat(old).catch(() => undefined);
  if (status?.isDirectory() !== true) return false;
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
): Promise<Pick<CopiedTree, 'content' | 'sums'>> {
  const { copier } = run.settings;
  const previous = await previousCopy(run);
  const first = copier.firstCopy === 'link' ? run.source : undefined;
  const linkTo = previous?.tree ?? first;
  const { signal } = run.context;
  const source = run.source;
  const common = { source, target, linkTo, sameness: 'time', of: 'live' } as const;
  const step = { step: 'copy-blobs', totalBytes: run.expectedBytes } as const;
  if (copier.kind === 'own') {
    const sums = { kind: 'make', known: previous?.sums?.bytes } as const;
    return withStep(run.context, {
      ...step,
      work: (progress) => copyTree({ ...common, sums, signal, progress }),
    });
  }
  const options = copier.rsyncOptions;
  await withStep(run.context, {
    ...step,
    // Of what is shared with the copy before, it says nothing.
    totalBytes: previous === undefined ? run.expectedBytes : undefined,
    work: (progress) =>
      copyWithRsync({ ...common, options, progress, ...programEvents(run.context) }),
  });
  const { content, link } = await countTree(target, signal);
  if (link !== undefined) {
    run.context.onEvent({
      kind: 'warning',
      text: `"${join(source, link)}" is a link, and was copied as one, without what it leads to; "rsync_options = --copy-links" copies that`,
    });
  }
  const sums = await withStep(run.context, {
    step: 'confirm',
    totalBytes: undefined,
    work: (progress) => sumTree(target, { before: previous, signal, progress }),
  });
  return { content, sums };
}

/** The newest copy, finished or not: what is the same in it needn't be copied again. */
async function previousCopy(
  run: BlobRun,
): Promise<{ readonly tree: string; readonly sums: BlobSums | undefined } | undefined> {
  const { folder } = run.settings;
  for (const { name, base, record } of run.entries('directory')) {
    const tree = join(folder, name, base);
    const isThere = await stat(tree).then(
      (status) => status.isDirectory(),
      () => false,
    );
    if (!isThere) continue;
    const found = await readSums(join(folder, name), record);
    if (found.kind === 'damaged') {
      run.context.onEvent({
        kind: 'warning',
        text: `the checksums of the files in "${join(folder, name)}" are ${found.state}; new ones are made of what is there`,
      });
    }
    return { tree, sums: found.kind === 'found' ? found.sums : undefined };
  }
  return undefined;
}
