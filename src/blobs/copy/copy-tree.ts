import { withSystemErrors } from '../../system/failure.ts';
import { workerCount } from '../../system/processes/workers.ts';
import { cooperatively } from '../../system/streams/cooperative.ts';
import { UNWATCHED, type WorkProgress } from '../../system/streams/progress.ts';
import type { DraftedSums } from '../checksums/copy-checksums.ts';
import { copyInWorkers } from './copy-worker.ts';
import {
  type Branch,
  type OpenedDirectory,
  type TreeContent,
  TreeWalk,
  type WalkResult,
  type WalkSettings,
} from './tree-walk.ts';

export type { TreeContent } from './tree-walk.ts';

/** What a copy holds, and what is known of its files. */
export interface CopiedTree extends DraftedSums {
  readonly content: TreeContent;
  /** Of {@link WalkResult}, sorted. */
  readonly differing: readonly string[];
  /** Files that have a sum that could be compared. */
  readonly compared: number;
  /** Paths below the tree of pipes, sockets and devices, which it leaves out. */
  readonly special: readonly string[];
  /** Those three of {@link WalkResult}, the paths sorted. */
  readonly links: readonly string[];
  readonly withSetBits: readonly string[];
  readonly leftOut: number;
}

export interface CopySettings extends WalkSettings {
  readonly signal: AbortSignal;
  readonly progress?: WorkProgress;
}

/** Directories that are enough to keep all workers busy. */
const ENOUGH_DIRECTORIES = 64;
/** Entries that are copied before workers are started, which takes as long. */
const ENTRIES_ALONE = 2000;
/** Share of the first branch that is copied between two looks at how many entries it were. */
const SHARE_ALONE = 1 / 1024;

/**
 * Copies a tree: modes, times and, for root, owners as they are. A file of a live site that vanishes
 * meanwhile was removed by it: the copy is one of a moment later. In a backup, nothing may vanish.
 *
 * Synchronous calls, in small steps, or for a large tree in worker threads: for a hundred thousand
 * small files, a call that goes through the thread pool costs more than the call itself.
 *
 * Failures: those of the system; `damaged` for names that no blob directory has;
 * `not-found` for a link of a live site that leads nowhere.
 */
export async function copyTree({
  signal,
  progress = UNWATCHED,
  ...settings
}: CopySettings): Promise<CopiedTree> {
  return withSystemErrors(`copy "${settings.source}" to "${settings.target}"`, async () => {
    const walk = new TreeWalk(settings, progress);
    const { trunk, waiting } = await cooperatively(openTrunk(walk), signal);
    const rest = await cooperatively(copyAlone(walk, waiting), signal);
    walk.tell();
    const others = await copyInWorkers(settings, { branches: rest, signal, progress });
    for (const directory of [...trunk].reverse()) directory.finish();
    return together([walk.takeResult(), ...others]);
  });
}

/**
 * Opens the upper directories, level by level, until there is a level with enough of them to share out:
 * a branch of a higher one may hold a third of the tree, and one thread would have all of it.
 */
function* openTrunk(walk: TreeWalk): Generator<
  void,
  {
    /** To be finished in reverse order. */
    readonly trunk: readonly OpenedDirectory[];
    readonly waiting: readonly Branch[];
  }
> {
  const root = yield* walk.root();
  const trunk = [root];
  let level: readonly Branch[] = [root.branch];
  for (;;) {
    const count = level.reduce((sum, { names }) => sum + names.length, 0);
    if (count === 0 || count >= ENOUGH_DIRECTORIES) return { trunk, waiting: level };
    const below: Branch[] = [];
    for (const branch of level) {
      for (const name of branch.names) {
        const opened = yield* walk.open(branch, name);
        if (opened === undefined) continue;
        trunk.push(opened);
        below.push(opened.branch);
      }
    }
    level = below;
  }
}

/** Copies what isn't worth a worker; returns what is left, if it is a large tree. */
function* copyAlone(
  walk: TreeWalk,
  branches: readonly Branch[],
): Generator<void, readonly Branch[]> {
  let waiting = branches;
  while (walk.entries < ENTRIES_ALONE || workerCount() === 0) {
    const { first, others } = takeSome(waiting, { share: SHARE_ALONE });
    if (first === undefined) return [];
    yield* walk.copy(first);
    waiting = others;
  }
  return waiting;
}

/** Takes a share of the first branch that has any directories: at least one of them. */
function takeSome(
  branches: readonly Branch[],
  { share }: { readonly share: number },
): { readonly first: Branch | undefined; readonly others: readonly Branch[] } {
  const [first, ...others] = branches.filter(({ names }) => names.length > 0);
  if (first === undefined) return { first, others };
  const count = Math.max(1, Math.floor(first.names.length * share));
  return {
    first: { ...first, names: first.names.slice(0, count) },
    others: [{ ...first, names: first.names.slice(count) }, ...others],
  };
}

function together(results: readonly WalkResult[]): CopiedTree {
  const total = (count: (result: WalkResult) => number) =>
    results.reduce((sum, result) => sum + count(result), 0);
  return {
    content: {
      files: total(({ content }) => content.files),
      bytes: total(({ content }) => content.bytes),
    },
    shared: results.flatMap(({ shared }) => shared),
    fresh: results.flatMap(({ fresh }) => fresh),
    differing: results.flatMap(({ differing }) => differing).sort(),
    compared: total(({ compared }) => compared),
    special: results.flatMap(({ special }) => special).sort(),
    links: results.flatMap(({ links }) => links).sort(),
    withSetBits: results.flatMap(({ withSetBits }) => withSetBits).sort(),
    leftOut: total(({ leftOut }) => leftOut),
  };
}
