import type { Tid } from './tid.ts';

/** Whether two logs are of one database. */
export type Kinship =
  | 'same'
  | 'other'
  /** One begins where the other has ended: another, or the same with every object changed. */
  | 'apart'
  | 'unknown';

/** The tids of a log from its beginning on, rising. It ends with `unread` where it goes on, or is damaged. */
export type TidsOfLog = () => AsyncIterable<Tid | 'unread'>;

/**
 * Tells logs of one database from those of two. No pack makes a transaction: of two logs of one
 * database, the one that begins later begins with a transaction that the other has, too.
 */
export async function kinshipOf(one: TidsOfLog, other: TidsOfLog): Promise<Kinship> {
  const [first, second] = [await firstOf(one), await firstOf(other)];
  if (first === undefined || second === undefined) return 'unknown';
  if (first === second) return 'same';
  return first < second ? judge(one, second) : judge(other, first);
}

/** Undefined where there is none, or it can't be read. */
export async function firstOf(log: TidsOfLog): Promise<Tid | undefined> {
  for await (const tid of log()) return tid === 'unread' ? undefined : tid;
  return undefined;
}

async function judge(log: TidsOfLog, wanted: Tid): Promise<Kinship> {
  for await (const tid of log()) {
    if (tid === 'unread') return 'unknown';
    if (tid >= wanted) return tid === wanted ? 'same' : 'other';
  }
  return 'apart';
}
