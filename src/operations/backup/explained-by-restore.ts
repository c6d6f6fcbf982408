import { parseTid, ZERO_TID } from '../../filestorage/tid.ts';
import type { Chain, ChainLink } from '../../repository/layout/chain.ts';
import { knownAtBackup } from '../../repository/lineage/source-faults.ts';
import type { PastRestore } from './restore-history.ts';

/**
 * Whether the end of a backup may be missing since something earlier was put there after it was made.
 *
 * @param chains - of the same Data.fs
 */
export function isExplained(
  link: ChainLink,
  { past, chains }: { readonly past: readonly PastRestore[]; readonly chains: readonly Chain[] },
): boolean {
  const last = past.at(-1);
  const madeAt = new Date(link.record?.madeAt ?? 0);
  if (last === undefined || madeAt > last.at) return false;
  switch (last.kind) {
    case 'restore':
      return !holdsEndOf(link, { stamp: last.stamp, chains });
    case 'undo':
      // What was backed up before the restore that was undone was there then, unless it had gone before.
      return madeAt > last.since || isExplained(link, { past: past.slice(0, -1), chains });
    default:
      return last satisfies never;
  }
}

/** Whether the restore point that was put back has the end of a backup: then nobody took it away with that. */
function holdsEndOf(
  { record }: ChainLink,
  { stamp, chains }: { readonly stamp: string | undefined; readonly chains: readonly Chain[] },
): boolean {
  for (const chain of chains) {
    const restored = chain.links.find(({ file }) => file.stamp === stamp)?.record;
    if (restored === undefined || knownAtBackup(chain).hasLostEnd) continue;
    return (
      (parseTid(restored.lastTid) ?? ZERO_TID) >= (parseTid(record?.lastTid ?? '') ?? ZERO_TID)
    );
  }
  return false;
}
