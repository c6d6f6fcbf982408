import { formatTidTime, parseTid, type Tid, ZERO_TID } from '../../filestorage/tid.ts';
import type { Chain, ChainLink } from '../layout/chain.ts';

/** The last tid of all that was backed up of a Data.fs in a chain, by its path; 0 where no record tells. */
export function lastTidOf({ links }: Chain, path: string): Tid {
  let last = ZERO_TID;
  for (const { record } of links) {
    if (record?.source !== path) continue;
    const tid = parseTid(record.lastTid) ?? ZERO_TID;
    if (tid > last) last = tid;
  }
  return last;
}

/**
 * The backups of a chain that a Data.fs should hold to their end, and doesn't. Commits only add transactions, and
 * a pack keeps the last one; only a restore, or a loss, takes some away.
 *
 * @param chain - links of it without a record say nothing
 * @param path - of the Data.fs; what was backed up of another copy, it need not hold
 * @param lastTid - of its transactions, the newest that is not later than the end of the chain
 */
export function lackedLinks(
  { links }: Chain,
  { path, lastTid }: { readonly path: string; readonly lastTid: Tid },
): readonly ChainLink[] {
  return links.filter(({ record }) => {
    const end = record?.source === path ? parseTid(record.lastTid) : undefined;
    return end !== undefined && end > lastTid;
  });
}

/** The moment up to which a backup reaches, as ISO 8601; empty where it has no record. */
export function coveredUntil({ record }: ChainLink): string {
  const tid = parseTid(record?.lastTid ?? '');
  return tid === undefined ? '' : formatTidTime(tid);
}
