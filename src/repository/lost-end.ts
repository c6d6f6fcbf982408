import { formatTidTime, parseTid, type Tid } from '../filestorage/tid.ts';
import type { Chain, ChainLink } from './chain.ts';

/**
 * The backup that a database which ends with `lastTid` should reach, and doesn't; undefined where
 * there is none. Commits only raise the last tid, and a pack keeps it. A restore lowers it, but to the
 * end of an earlier backup. What ends elsewhere was put there from somewhere else, or lost its end.
 *
 * @param chains - of the same database, oldest first; links without a record say nothing
 */
export function findLostEnd(chains: readonly Chain[], lastTid: Tid): ChainLink | undefined {
  let isKnown = false;
  let lost: ChainLink | undefined;
  for (const { links } of chains) {
    for (const link of links) {
      const end = parseTid(link.record?.lastTid ?? '');
      isKnown ||= end === lastTid;
      if (end === undefined || end <= lastTid) continue;
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
