import type { CommittedEnd } from '../filestorage/committed-end.ts';
import { newestTransactionUpTo, tidBehind } from '../filestorage/debris.ts';
import { parseTid, ZERO_TID } from '../filestorage/tid.ts';
import type { Chain, ChainLink } from '../repository/chain.ts';
import { knownAtBackup } from '../repository/known-at-backup.ts';
import { lackedLinks, lastTidOf, reachOf } from '../repository/reach.ts';
import { isChainOf } from '../repository/same-database.ts';
import type { FileSource } from '../system/byte-source.ts';
import { realPlaceOf } from '../system/real-place.ts';
import type { JobContext } from './events.ts';
import { type PastRestore, type RestoreTraces, restoresOf } from './past-restores.ts';

/**
 * The backups of this Data.fs of which it lacks the end, though nobody restored it since they were made; oldest
 * first. Bytes behind its last transaction that begin like one that was backed up are what a loss has left of
 * it, whoever restored before.
 *
 * @param chains - all of the repository by place, oldest first
 */
export async function findLostEnd(
  source: FileSource,
  {
    end,
    chains,
    traces,
  }: {
    readonly end: CommittedEnd;
    readonly chains: readonly Chain[];
    readonly traces: RestoreTraces;
  },
): Promise<readonly ChainLink[]> {
  const place = await realPlaceOf(source.path);
  const lacked: ChainLink[] = [];
  let limit = ZERO_TID;
  // Those of another Data.fs that came here by mistake say nothing of this one.
  const own = chains.filter((chain) => isChainOf(chain, place) === 'yes');
  for (const chain of own.toReversed()) {
    const last = lastTidOf(chain, place);
    if (last > limit) limit = last;
    const reached = await newestTransactionUpTo(source, { end: end.position, limit: last });
    // A pack may take the last one away, but then it has marked all that it left in front of it.
    if (reached?.status !== 'p') {
      lacked.unshift(...lackedLinks(chain, { path: place, lastTid: reached?.tid ?? ZERO_TID }));
    }
    // It was held against the ones before when it was made.
    if (!knownAtBackup(chain).hasLostEnd) break;
  }
  if (lacked.length === 0) return [];
  const remains = await tidBehind(source, end.position);
  if (remains > end.lastTid && remains <= limit) return lacked;
  const past = await restoresOf(place, traces);
  return lacked.filter((link) => !isExplained(link, { past, chains: own }));
}

/** Whether the end of a backup is lacking since something earlier was put there after it was made. */
function isExplained(
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

/** So many commands are named; the next full backup names more, if it has to. */
const NAMED = 3;

/** Cleanup spares the old backups, too; see `pruneFulls`. */
export function warnOfLostEnd(
  source: FileSource,
  { lost, context }: { readonly lost: readonly ChainLink[]; readonly context: JobContext },
): void {
  const newest = lost.at(-1);
  if (newest === undefined) return;
  // Each takes with it what follows it in its chain.
  const firsts = lost.filter((link, index) => !isContinued(lost[index - 1], link));
  const commands = firsts.slice(0, NAMED).map(({ file }) => `"zodbvault retire ${file.stamp}"`);
  context.onEvent({
    kind: 'warning',
    text: `"${source.path}" lacks the end of what "${newest.file.name}" holds, which reaches to ${reachOf(newest)}, and no restore since then is known of. If nobody put an earlier state or another database there, its end is lost, or it is another copy: "restore" brings it back. Nothing old is removed; if it was set back on purpose, ${commands.join(' and ')} and a full backup end this`,
  });
}

function isContinued(before: ChainLink | undefined, link: ChainLink): boolean {
  return link.file.kind !== 'full' && before?.range.end === link.range.start;
}
