import { askWorkers, serveRequests, workerCount } from '../../system/processes/workers.ts';
import { atOnce } from '../../system/streams/cooperative.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import { type Branch, TreeWalk, type WalkResult, type WalkSettings } from './tree-walk.ts';

/** Requests for each worker: enough that all end at about the same time. */
const SHARES = 32;
const MAXIMUM_NAMES = 256;

/** What workers are asked for. */
const COPY = 'copy';

/**
 * Copies branches of a tree in worker threads. When it ends, however it ends, none of them runs any
 * more. Failures: those of {@link TreeWalk}; the reason of the signal.
 */
export async function copyInWorkers(
  settings: WalkSettings,
  {
    branches,
    signal,
    progress,
  }: {
    readonly branches: readonly Branch[];
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
  },
): Promise<readonly WalkResult[]> {
  const results: WalkResult[] = [];
  if (branches.length === 0) return results;
  await askWorkers<Branch, WalkResult>(
    { work: COPY, settings },
    { requests: shareOut(branches), onResult: (result) => results.push(result), signal, progress },
  );
  return results;
}

function* shareOut(branches: readonly Branch[]): Generator<Branch, undefined> {
  const total = branches.reduce((sum, { names }) => sum + names.length, 0);
  const share = Math.ceil(total / (workerCount() * SHARES));
  const length = Math.max(1, Math.min(MAXIMUM_NAMES, share));
  for (const branch of branches) {
    for (let start = 0; start < branch.names.length; start += length) {
      yield { ...branch, names: branch.names.slice(start, start + length) };
    }
  }
}

serveRequests<WalkSettings, Branch, WalkResult>(COPY, {
  prepare: (settings, progress) => {
    const walk = new TreeWalk(settings, progress);
    return (branch) => {
      atOnce(walk.copy(branch)); // Nobody else waits in this thread.
      walk.tell();
      return walk.takeResult();
    };
  },
  describe: ({ source, target }) => `copy "${source}" to "${target}"`,
});
