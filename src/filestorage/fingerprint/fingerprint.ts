import type { Tid } from '../tid.ts';

/** What a state is, in a few bytes: two with one sum have the same current objects, and the same bytes in each. */
export interface Fingerprint {
  /** The sum modulo 2^256 of sha256(oid, tid, data) over the current objects, in 64 hex digits. */
  readonly sum: string;
  readonly objects: number;
  /** Of its last transaction. */
  readonly tid: Tid;
  /** The last transaction that a pack has marked; 0: there is none. */
  readonly packed: Tid;
  /** Undefined where nobody has followed all references. */
  readonly reachable?: ReachableSum | undefined;
}

/** The same of the objects that the root leads to: those that a pack keeps. */
export interface ReachableSum {
  /** The sum modulo 2^64 of the first 8 bytes of each sha256, in 16 hex digits: it has to be kept for each object. */
  readonly sum: string;
  readonly objects: number;
}

/**
 * How two states compare.
 *
 * - `same`: they have the same objects
 * - `same-reachable`: a pack came to one of them, and the objects that the root leads to are the same
 * - `packed`: a pack came to one of them, and nobody has added up what the root leads to. It takes away what nothing
 *   leads to, so their sums say nothing
 * - `different`: all else
 */
export type Likeness = 'same' | 'same-reachable' | 'packed' | 'different';

export function compareFingerprints(one: Fingerprint, other: Fingerprint): Likeness {
  if (one.sum === other.sum) return 'same';
  if (one.tid !== other.tid || one.packed === other.packed) return 'different';
  if (one.reachable === undefined || other.reachable === undefined) return 'packed';
  return one.reachable.sum === other.reachable.sum ? 'same-reachable' : 'different';
}
