import { findAddition } from '../../blobs/copy/additions.ts';
import { countTree, hasAsMany } from '../../blobs/copy/count-tree.ts';
import type { BlobCatalogue, BlobEntry } from '../../blobs/layout/catalogue.ts';
import { type ChainFinder, chainFinder, chainOf } from '../../blobs/layout/choose.ts';
import { headAndTailHashIn } from '../../blobs/layout/head-and-tail-hash.ts';
import { describeFile } from '../../blobs/layout/record.ts';
import { isReplacedArchive } from '../../blobs/layout/replaced-archive.ts';
import { treeIn } from '../../blobs/layout/tree-in.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import { type JobContext, withStep } from '../run/events.ts';
import { readArchive } from '../run/read-archive.ts';
import type { BlobFinding, BlobProblem, BlobState, BlobsChecked } from './blob-finding.ts';
import type { EntryFinding } from './record-checks.ts';

/**
 * Checks the blob backups in a folder, oldest first: that a copy has the files and bytes that were
 * counted when it was made, that an archive can be read to its end and is the one that was recorded,
 * and that no chain of archives has a gap.
 *
 * @param depth - `quick`: archives by size and edges only
 */
export async function* verifyBlobs(
  { folder, source }: { readonly folder: string; readonly source: string },
  {
    repository,
    depth,
    entries,
    context,
  }: {
    /** The folder with the Data.fs backups that they belong to; undefined: only blobs are backed up. */
    readonly repository: string | undefined;
    readonly depth: 'quick' | 'thorough';
    readonly entries: 'newest' | 'all';
    readonly context: JobContext;
  },
): AsyncGenerator<EntryFinding> {
  const catalogue = await readOwnBlobs(
    { source, folder },
    { repository, backups: context.backups },
  );
  const checking = { catalogue, chainTo: chainFinder(catalogue), depth, context };
  for (const entry of wanted(catalogue, entries)) {
    context.signal.throwIfAborted();
    yield { entry, finding: await check(entry, checking) };
  }
}

/** Oldest first. The newest backup is the newest entry with all that it continues. */
function wanted(catalogue: BlobCatalogue, entries: 'newest' | 'all'): readonly BlobEntry[] {
  if (entries === 'all') return [...catalogue.entries].reverse();
  const newest = catalogue.entries.find(({ form }) => form !== 'state');
  if (newest === undefined) return [];
  try {
    return newest.form === 'directory' ? [newest] : chainOf(catalogue, newest);
  } catch (error) {
    if (isFailure(error, 'damaged')) return [newest];
    throw error;
  }
}

interface Checking {
  readonly catalogue: BlobCatalogue;
  readonly chainTo: ChainFinder;
  readonly depth: 'quick' | 'thorough';
  readonly context: JobContext;
}

/** What was compared, or what is wrong. */
type Outcome = BlobsChecked | BlobProblem;

async function check(entry: BlobEntry, checking: Checking): Promise<BlobFinding> {
  const { name } = entry;
  const outcome = await checkEntry(entry, checking);
  return typeof outcome === 'string'
    ? { kind: 'good', name, checked: outcome }
    : { kind: 'bad', name, problem: outcome };
}

async function checkEntry(entry: BlobEntry, checking: Checking): Promise<Outcome> {
  try {
    return await checkForm(entry, checking);
  } catch (error) {
    if (!isFailure(error, 'damaged', 'not-found')) throw error;
    return { kind: 'failed-read', message: error.message };
  }
}

/** Failures `damaged` and `not-found` where it can't be read. */
async function checkForm(entry: BlobEntry, checking: Checking): Promise<Outcome> {
  const { store } = checking.catalogue;
  switch (entry.form) {
    case 'directory':
      return checkDirectory(entry, checking);
    case 'archive':
    case 'delta':
      checking.chainTo(entry);
      if (await isReplacedArchive(checking.catalogue, { entry, signal: checking.context.signal })) {
        return unusable(store.nameOf(entry.name), { kind: 'replaced' });
      }
      return checkArchive(entry, checking);
    case 'state':
      return checkState(entry, store);
    default:
      return entry.form satisfies never;
  }
}

async function checkDirectory(
  entry: BlobEntry,
  { catalogue: { store }, context }: Checking,
): Promise<Outcome> {
  const path = store.nameOf(entry.name);
  const tree = await treeIn(entry, store);
  const found = await withStep(context, {
    step: 'verify',
    totalBytes: undefined,
    work: ({ onFile }) => {
      onFile(path);
      return countTree(tree, context.signal);
    },
  });
  const expected = entry.record?.content;
  const addition = findAddition(found, entry.record);
  if (addition !== undefined) return unusable(path, { kind: 'added', addition });
  if (expected === undefined) return 'readable-copy';
  if (hasAsMany(found, expected)) return 'content';
  return unusable(path, { kind: 'other-content', found: found.content, expected });
}

async function checkArchive(
  { name, record }: BlobEntry,
  { catalogue: { store }, depth, context }: Checking,
): Promise<Outcome> {
  const path = store.nameOf(name);
  const recorded = record?.archive;
  if (depth === 'quick') {
    if (recorded === undefined) return 'presence';
    const { sizeBytes, edges } = await headAndTailHashIn(store, name);
    if (sizeBytes === recorded.sizeBytes && edges === recorded.edges) return 'edges';
    return unusable(path, { kind: 'replaced' });
  }
  const { sha256 } = await readArchive(name, { store, context });
  if (recorded === undefined) return 'readable-archive';
  if (recorded.sha256 === sha256) return 'sha256-and-readable';
  return unusable(path, { kind: 'other-sha256' });
}

async function checkState({ name, record }: BlobEntry, store: Store): Promise<Outcome> {
  const recorded = record?.archive;
  if (recorded === undefined) return 'presence';
  const { sha256 } = await describeFile(store, name);
  if (recorded.sha256 === sha256) return 'sha256';
  return unusable(store.nameOf(name), { kind: 'other-sha256' });
}

function unusable(path: string, state: BlobState): BlobProblem {
  return { kind: 'unusable', path, state };
}
