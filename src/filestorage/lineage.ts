import type { Tid } from './tid.ts';

/** Whether two logs are of one database. */
export type Lineage =
  | 'same'
  | 'other'
  /** One was packed, and begins behind the end of the other: another, or the same with nothing left. */
  | 'apart'
  /** They can't be read so far. */
  | 'unknown';

/** A transaction, as far as it tells whose a log is. */
export interface LineageEntry {
  readonly tid: Tid;
  /** Whether it has the mark of a pack: something in front of it may have gone. */
  readonly isPacked: boolean;
}

/** The transactions of a log from its beginning on, tids rising. It ends with `unread` where it goes on, or is damaged. */
export type LogBeginning = () => AsyncIterable<LineageEntry | 'unread'>;

/**
 * Tells logs of one database from those of two. No pack makes a transaction: of two logs of one
 * database, the one that begins later begins with a transaction that the other has, too, unless a pack has left
 * nothing of that.
 */
export async function compareLineages(one: LogBeginning, other: LogBeginning): Promise<Lineage> {
  const [first, second] = [await firstOf(one), await firstOf(other)];
  if (first === undefined || second === undefined) return 'unknown';
  if (first.tid === second.tid) return 'same';
  return first.tid < second.tid ? judge(one, second) : judge(other, first);
}

/** Undefined where there is none, or it can't be read. */
export async function firstOf(log: LogBeginning): Promise<LineageEntry | undefined> {
  for await (const entry of log()) return entry === 'unread' ? undefined : entry;
  return undefined;
}

async function judge(log: LogBeginning, wanted: LineageEntry): Promise<Lineage> {
  for await (const entry of log()) {
    if (entry === 'unread') return 'unknown';
    if (entry.tid >= wanted.tid) return entry.tid === wanted.tid ? 'same' : 'other';
  }
  // One begins behind the other's end. Without the mark of a pack, that is how its database began.
  return wanted.isPacked ? 'apart' : 'other';
}
