import type { Oid } from '../../src/filestorage/oid.ts';
import { type Tid, ZERO_TID } from '../../src/filestorage/tid.ts';

/** What a transaction made of an object. */
export interface Content {
  readonly data: Buffer;
  readonly refersTo: readonly Oid[];
  /** The bytes beside its record, of a blob. */
  readonly blob?: Buffer | undefined;
}

/** A transaction, written down when it was made. */
export interface WrittenTransaction {
  readonly tid: Tid;
  /** When it was made, in milliseconds since 1970, whatever the clock of the server said. */
  readonly at: number;
  /** Undefined: the creation of the object was undone. */
  readonly changes: ReadonlyMap<Oid, Content | undefined>;
}

/** An object as it was at some time, with the transaction that made it so. */
export interface WrittenObject extends Content {
  readonly tid: Tid;
}

/** What a pack took away. */
export interface WrittenPack {
  /** Up to this transaction, only what was current then is left. */
  readonly upTo: Tid;
  readonly garbage: ReadonlySet<Oid>;
}

/**
 * A Data.fs from one rewrite to the next: commits only make it longer. A pack, and a restore to an earlier state, begin
 * another one.
 */
export interface WrittenLog {
  /** All transactions that led to it, those that a pack took away included. */
  readonly transactions: readonly WrittenTransaction[];
  readonly packs: readonly WrittenPack[];
  readonly bytes: Buffer;
  /** Where those end that are still in the file. */
  readonly ends: ReadonlyMap<WrittenTransaction, number>;
  /** The blobs of all records in the file, old ones too, by their paths in a blob directory. */
  readonly blobs: ReadonlyMap<string, WrittenBlob>;
}

/** A revision of a blob. */
export interface WrittenBlob {
  readonly tid: Tid;
  readonly content: Buffer;
}

/** A log as it was right after one of its transactions. */
export function cutBehind(log: WrittenLog, last: WrittenTransaction): WrittenLog {
  const end = log.ends.get(last) ?? 0;
  return {
    transactions: log.transactions.slice(0, log.transactions.indexOf(last) + 1),
    packs: log.packs,
    bytes: log.bytes.subarray(0, end),
    ends: new Map([...log.ends].filter(([, one]) => one <= end)),
    blobs: new Map([...log.blobs].filter(([, { tid }]) => tid <= last.tid)),
  };
}

/** The first transaction that is a moment: nothing before is whole. */
export function firstMoment({ packs, ends }: WrittenLog): Tid {
  const upTo = packs.at(-1)?.upTo ?? ZERO_TID;
  let last = ZERO_TID;
  for (const { tid } of ends.keys()) if (tid <= upTo && tid > last) last = tid;
  return last;
}

/** The objects of a log after one of its transactions, as far as they are in the file. */
export function objectsIn(
  { transactions, packs }: WrittenLog,
  last: WrittenTransaction,
): ReadonlyMap<Oid, WrittenObject> {
  const packed = packs.at(-1)?.upTo ?? ZERO_TID;
  const isCounted = ({ tid }: WrittenTransaction) => tid <= last.tid || tid <= packed;
  const objects = objectsAfter(transactions.filter(isCounted));
  for (const { garbage, upTo: before } of packs) {
    for (const oid of garbage) {
      const object = objects.get(oid);
      if (object !== undefined && object.tid <= before) objects.delete(oid);
    }
  }
  return objects;
}

/** What transactions have made, one after the other. */
export function objectsAfter(transactions: readonly WrittenTransaction[]): Map<Oid, WrittenObject> {
  const objects = new Map<Oid, WrittenObject>();
  for (const { tid, changes } of transactions) {
    for (const [oid, content] of changes) {
      if (content === undefined) objects.delete(oid);
      else objects.set(oid, { tid, ...content });
    }
  }
  return objects;
}

/** Those to which a path leads from some of them. */
export function reachableFrom(
  objects: ReadonlyMap<Oid, WrittenObject>,
  start: readonly Oid[],
): ReadonlyMap<Oid, WrittenObject> {
  const found = new Map<Oid, WrittenObject>();
  const next = [...start];
  for (let oid = next.pop(); oid !== undefined; oid = next.pop()) {
    const object = objects.get(oid);
    if (object === undefined || found.has(oid)) continue;
    found.set(oid, object);
    next.push(...object.refersTo);
  }
  return found;
}
