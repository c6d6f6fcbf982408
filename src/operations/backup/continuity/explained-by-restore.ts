import { parseTid, ZERO_TID } from '../../../filestorage/tid.ts';
import type { Chain, ChainLink } from '../../../repository/layout/chain.ts';
import { sourceFaultsOf, wasCertain } from '../../../repository/lineage/source-faults.ts';
import type { PastRestore } from './restore-history.ts';
import { type SwapMoment, wasMadeBefore } from './swap-moment.ts';

/** What is known of a Data.fs. */
interface Known {
  /** Oldest first. */
  readonly past: readonly PastRestore[];
  /** Of the same Data.fs, oldest first. */
  readonly chains: readonly Chain[];
}

/**
 * Whether the end of a backup may be missing since something earlier was put there after it was made. That explains
 * only what was there until then: what was lost before is still lost.
 */
export function isExplained(link: ChainLink, { past, chains }: Known): boolean {
  const last = past.at(-1);
  if (last === undefined || !wasMadeBefore(link, last.moment)) return false;
  switch (last.kind) {
    case 'restore':
      return !holdsEndOf(link, { ...last, chains }) && !wasLostBefore(link, { past, chains });
    case 'undo':
      // What was backed up before the restore that was undone was there then, unless it had gone before.
      return wasMadeBefore(link, last.undone.moment)
        ? isExplained(link, { past: past.slice(0, -1), chains })
        : !wasLostBefore(link, { past, chains });
    default:
      return last satisfies never;
  }
}

/** Whether the restore point that was put back has the end of a backup: then nobody took it away with that. */
function holdsEndOf(
  link: ChainLink,
  { stamp, chains }: { readonly stamp: string | undefined; readonly chains: readonly Chain[] },
): boolean {
  for (const chain of chains) {
    const position = chain.links.findIndex(({ file }) => file.stamp === stamp);
    const restored = chain.links[position]?.record;
    if (restored === undefined) continue;
    if (chain.links.includes(link)) return position >= chain.links.indexOf(link);
    if (sourceFaultsOf(chain).isTruncated) continue;
    return tidOf(restored.lastTid) >= tidOf(link.record?.lastTid);
  }
  return false;
}

function tidOf(text: string | undefined): bigint {
  return parseTid(text ?? '') ?? ZERO_TID;
}

/** Whether the Data.fs lacked the end of a backup when the last of `past` took away what was there. */
function wasLostBefore(link: ChainLink, { past, chains }: Known): boolean {
  const last = past.at(-1);
  const before = past.at(-2);
  if (last === undefined) return false;
  const newest = newestBefore(chains, last.moment);
  if (before !== undefined && newestBefore(chains, before.moment) === newest) {
    const earlier = past.slice(0, -1);
    if (before.kind === 'undo') {
      return wasLostBefore(link, { past: [...past.slice(0, -2), before.undone], chains });
    }
    const isBack = holdsEndOf(link, { ...before, chains });
    return !isBack && wasLostBefore(link, { past: earlier, chains });
  }
  const own = chains.find(({ links }) => links.includes(link));
  return (
    newest !== undefined &&
    newest.files.full.stamp > link.file.stamp &&
    lacksCertainly(newest) &&
    !(own !== undefined && lacksCertainly(own))
  );
}

/** What goes on from it lacks the same. */
function lacksCertainly(chain: Chain): boolean {
  return sourceFaultsOf(chain).isTruncated && wasCertain(chain);
}

function newestBefore(chains: readonly Chain[], moment: SwapMoment): Chain | undefined {
  return chains.findLast(({ links: [full] }) => full !== undefined && wasMadeBefore(full, moment));
}
