import { formatTidTime, parseTid, type Tid, ZERO_TID } from '../filestorage/tid.ts';
import type { Chain, ChainLink } from './chain.ts';

/** The last tid of all that was backed up of a Data.fs, by its path; 0 where no record tells. */
export function lastTidOf(chains: readonly Chain[], path: string): Tid {
  let last = ZERO_TID;
  for (const { record } of chains.flatMap(({ links }) => links)) {
    if (record?.source !== path) continue;
    const tid = parseTid(record?.lastTid ?? '') ?? ZERO_TID;
    if (tid > last) last = tid;
  }
  return last;
}

/**
 * The backup that a database should hold to its end, and doesn't; undefined where there is none. Commits
 * only add transactions, and a pack keeps the last one. A restore takes some away, but down to the end of an
 * earlier backup. What ends elsewhere was put there from somewhere else, or lost its end.
 *
 * @param chains - of the same database, oldest first; links without a record say nothing
 * @param path - of the Data.fs; what was backed up of another copy, it need not hold
 * @param lastTid - of its transactions, the newest that is not later than all that was backed up
 */
export function findLostEnd(
  chains: readonly Chain[],
  { path, lastTid }: { readonly path: string; readonly lastTid: Tid },
): ChainLink | undefined {
  let isKnown = false;
  let lost: ChainLink | undefined;
  for (const { links } of chains) {
    for (const link of links) {
      const end = parseTid(link.record?.lastTid ?? '');
      isKnown ||= end === lastTid;
      if (end === undefined || end <= lastTid || link.record?.source !== path) continue;
      lost = isKnown ? undefined : link;
    }
  }
  return lost;
}

/** The moment up to which a backup reaches, as ISO 8601; empty where it has no record. */
export function reachOf({ record }: ChainLink): string {
  const tid = parseTid(record?.lastTid ?? '');
  return tid === undefined ? '' : formatTidTime(tid);
}
