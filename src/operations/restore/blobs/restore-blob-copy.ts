import { unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobSums } from '../../../blobs/checksums/checksums.ts';
import { readSums } from '../../../blobs/checksums/checksums-file.ts';
import type { ComparedTree } from '../../../blobs/checksums/tree-checksums.ts';
import { strangeLinks } from '../../../blobs/copy/additions.ts';
import { compareFiles } from '../../../blobs/copy/compare-files.ts';
import { type CopiedTree, copyTree } from '../../../blobs/copy/copy-tree.ts';
import { type CountedTree, countTree, hasAsMany } from '../../../blobs/copy/count-tree.ts';
import { fetchTree } from '../../../blobs/copy/fetch-tree.ts';
import { copyWithRsync } from '../../../blobs/copy/rsync.ts';
import type { BlobEntry } from '../../../blobs/layout/catalogue.ts';
import { someOf } from '../../../blobs/layout/summarize-names.ts';
import { treeIn } from '../../../blobs/layout/tree-in.ts';
import { folderTree } from '../../../stores/folder-tree.ts';
import type { TreeReader } from '../../../stores/tree-reader.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { statOf } from '../../../system/files/presence.ts';
import { type JobContext, programEvents, withStep } from '../../run/events.ts';
import type { RestoreWarning } from '../../run/warnings/restore-warnings.ts';
import type { BlobRestorePlan } from '../blob-restore-plan.ts';

/** Copies a copy of blobs back to a new directory. Failure `damaged` where it isn't what was backed up. */
export async function restoreCopy(
  plan: BlobRestorePlan,
  { tree, context }: { readonly tree: string; readonly context: JobContext },
): Promise<void> {
  const { choice, catalogue } = plan;
  const source = await treeIn(choice.entry, catalogue.store);
  const sums = await sumsOf(plan, context);
  const { localFolder } = source;
  const { losses, counted } =
    localFolder === undefined
      ? { losses: await fetchBack(plan, { source, tree, sums, context }), counted: undefined }
      : await copyBack(plan, { source: localFolder, tree, sums, context });
  const original = counted ?? (await countTree(source, context.signal));
  await leaveOutAdditions(plan, { tree, source, original, context });
  const made = counted ?? folderTree(tree);
  await judge(plan, { made, source, original, losses, context });
}

/** Reads a copy of blobs. Failure `damaged` where it isn't what was backed up. */
export async function checkCopy(plan: BlobRestorePlan, context: JobContext): Promise<void> {
  const source = await treeIn(plan.choice.entry, plan.catalogue.store);
  const original = await countTree(source, context.signal);
  const losses = await findLosses(source, { plan, sums: await sumsOf(plan, context), context });
  await judge(plan, { made: source, source, original, losses, context });
}

/** The sums of a copy; undefined where it has none, or none that can be used: that is said. */
async function sumsOf(
  { choice: { entry }, catalogue: { store } }: BlobRestorePlan,
  { onEvent }: JobContext,
): Promise<BlobSums | undefined> {
  const copy = store.tree(entry.name);
  const path = copy.name;
  const found = await readSums(copy, entry.record);
  switch (found.kind) {
    case 'found':
      if (entry.record === undefined) {
        onEvent({ kind: 'warning', code: 'blob-record-missing', copy: path });
      }
      return found.sums;
    case 'none':
      return undefined;
    case 'damaged':
      onEvent({
        kind: 'warning',
        code: 'restore-without-checksums',
        copy: path,
        state: found.state,
      });
      return undefined;
    default:
      return found satisfies never;
  }
}

/** What a restore of a copy is made with. */
interface CopyRestore<Source> {
  readonly source: Source;
  readonly tree: string;
  readonly sums: BlobSums | undefined;
  readonly context: JobContext;
}

/** Out of a store that is no folder of this machine. */
async function fetchBack(
  plan: BlobRestorePlan,
  { source, tree, sums, context }: CopyRestore<TreeReader>,
): Promise<ComparedTree> {
  const { target } = plan;
  const isRoot = process.getuid?.() === 0;
  const owner = isRoot ? ((await statOf(target)) ?? (await statOf(dirname(target)))) : undefined;
  return withStep(context, {
    step: 'restore',
    totalBytes: contentBytes(plan),
    work: (progress) =>
      fetchTree(source, {
        target: { folder: tree, owner },
        sums,
        signal: context.signal,
        progress,
      }),
  });
}

/** What came out of a copy. */
interface CopiedBack {
  readonly losses: ComparedTree;
  /** What is in the source, and in what was made of it, where the copy itself has counted that. */
  readonly counted: CountedTree | undefined;
}

/** Out of a folder of this machine. */
async function copyBack(
  plan: BlobRestorePlan,
  { source, tree, sums, context }: CopyRestore<string>,
): Promise<CopiedBack> {
  const { target } = plan;
  const { copier } = plan.settings;
  const { signal } = context;
  const step = { step: 'restore', totalBytes: contentBytes(plan) } as const;
  const linkTo = (await statOf(target))?.isDirectory() ? target : undefined;
  const paths = {
    ...{ source, target: tree, linkTo },
    ...({ sameness: 'content', of: 'backup' } as const),
  };
  if (copier.kind === 'rsync') {
    const options = copier.rsyncOptions;
    await withStep(context, {
      ...step,
      // Of what is shared with the live blobs, it says nothing.
      totalBytes: linkTo === undefined ? step.totalBytes : undefined,
      work: (progress) => copyWithRsync({ ...paths, options, progress, ...programEvents(context) }),
    });
    const losses = await findLosses(folderTree(tree), { plan, sums, context });
    return { losses, counted: undefined };
  }
  const wanted =
    sums === undefined
      ? ({ kind: 'none' } as const)
      : ({ kind: 'compare', known: sums.bytes } as const);
  const copied = await withStep(context, {
    ...step,
    work: (progress) => copyTree({ ...paths, sums: wanted, signal, progress }),
  });
  const { differing } = copied;
  const isWhole = sums !== undefined && copied.compared === sums.count;
  const counted = isWhole ? countOf(copied) : undefined;
  if (sums === undefined || isWhole) return { losses: { missing: [], differing }, counted };
  const { missing } = await findLosses(folderTree(tree), { plan, sums, context });
  return { losses: { missing, differing }, counted };
}

/** What the copy has counted, unless something was left out of it: that isn't counted. */
function countOf(copied: CopiedTree): CountedTree | undefined {
  const { content, links, special, withSetBits, leftOut } = copied;
  if (leftOut > 0) return undefined;
  const uncommitted = { files: 0, bytes: 0, paths: [] };
  return { content, uncommitted, links, special, withSetBits };
}

function contentBytes({ choice }: BlobRestorePlan): number | undefined {
  return choice.entry.record?.content?.bytes;
}

const NO_LOSSES: ComparedTree = { missing: [], differing: [] };

async function findLosses(
  tree: TreeReader,
  {
    plan,
    sums,
    context,
  }: {
    readonly plan: BlobRestorePlan;
    readonly sums: BlobSums | undefined;
    readonly context: JobContext;
  },
): Promise<ComparedTree> {
  if (sums === undefined) return NO_LOSSES;
  const { signal } = context;
  return withStep(context, {
    step: 'verify',
    totalBytes: contentBytes(plan),
    work: (progress) => compareFiles(tree, { sums, signal, progress }),
  });
}

type AdditionCode = Extract<
  RestoreWarning['code'],
  'added-links-not-restored' | 'special-files-not-restored' | 'rights-not-restored'
>;

/** What somebody has added to the copy since it was made doesn't get into the site; nor do pipes and the like. */
async function leaveOutAdditions(
  { choice: { entry } }: BlobRestorePlan,
  {
    tree,
    source,
    original,
    context: { onEvent },
  }: {
    readonly tree: string;
    readonly source: TreeReader;
    readonly original: CountedTree;
    readonly context: JobContext;
  },
): Promise<void> {
  const links = strangeLinks(original, entry.record);
  for (const link of links)
    await withSystemErrors(`remove "${link}"`, () => unlink(join(tree, link)));
  const { special, withSetBits } = original;
  const warn = (code: AdditionCode, paths: readonly string[]) => {
    if (paths.length === 0) return;
    onEvent({ kind: 'warning', code, ...someOf(paths.map((path) => source.nameOf(path))) });
  };
  warn('added-links-not-restored', links);
  warn('special-files-not-restored', special);
  warn('rights-not-restored', withSetBits);
}

/** Files of which each gets a line. */
const NAMED_LOSSES = 20;

/** Failure `damaged` for a copy that isn't what was backed up, unless that is accepted. */
async function judge(
  { choice: { entry }, settings: { damagedBlobs } }: BlobRestorePlan,
  {
    made,
    source,
    original,
    losses,
    context,
  }: {
    /** What was made of the source, or that itself; counted, where it is. */
    readonly made: TreeReader | CountedTree;
    readonly source: TreeReader;
    /** What is in the source. */
    readonly original: CountedTree;
    readonly losses: ComparedTree;
    readonly context: JobContext;
  },
): Promise<void> {
  const files = [
    ...losses.missing.map((path) => `"${path}" is missing`),
    ...losses.differing.map((path) => `"${path}" is not what was backed up`),
  ];
  // Where files are known to be wrong, the numbers say the same once more.
  const states = files.length > 0 ? files : await countAgain(entry, { made, original, context });
  const [first] = states;
  if (first === undefined) return;
  const more = states.length - NAMED_LOSSES;
  if (damagedBlobs === 'refuse') {
    const others = states.length > 1 ? `, and ${states.length - 1} more like it` : '';
    throw new Failure('damaged', `Cannot restore "${source.name}": ${first}${others}`, {
      hint: { kind: 'accept-damaged-blobs' },
    });
  }
  for (const state of states.slice(0, NAMED_LOSSES)) {
    context.onEvent({ kind: 'warning', code: 'damaged-blobs-restored', copy: source.name, state });
  }
  if (more > 0) {
    context.onEvent({ kind: 'warning', code: 'more-damaged-blobs-restored', count: more });
  }
}

async function countAgain(
  { record }: BlobEntry,
  {
    made,
    original: { uncommitted },
    context,
  }: {
    readonly made: TreeReader | CountedTree;
    readonly original: CountedTree;
    readonly context: JobContext;
  },
): Promise<readonly string[]> {
  const expected = record?.content;
  if (expected === undefined) return [];
  const { content: found } = 'content' in made ? made : await countTree(made, context.signal);
  if (hasAsMany({ content: found, uncommitted }, expected)) return [];
  return [
    `${found.files} of ${expected.files} files are there, with ${found.bytes} of ${expected.bytes} bytes`,
  ];
}
