import { TransactionPlaces } from '../../filestorage/index/transaction-places.ts';
import type { ScannedTransaction } from '../../filestorage/scan-visitor.ts';
import { TransactionScanner } from '../../filestorage/scanner.ts';
import {
  type Microseconds,
  microsecondsOfTid,
  type Tid,
  tidOfMicroseconds,
  ZERO_TID,
} from '../../filestorage/tid.ts';
import type { Store } from '../../stores/store.ts';
import { readLink } from '../content/read-backup.ts';
import type { ChainLink } from '../layout/chain.ts';
import { type Cut, cutBehind } from './cut.ts';

/** Tids, both included. */
export interface TidBounds {
  readonly from: Tid;
  readonly upTo: Tid;
}

/** The transactions that one commit makes in several storages are not further apart. */
const APART: bigint = 5_000_000n;
/** What may belong to commits that overlap. */
const BEFORE: bigint = 60_000_000n;

/** What may belong to one commit with the last transaction of a moment. */
export function boundsNear(moment: Tid): TidBounds {
  const at = microsecondsOfTid(moment);
  const behind = tidAt(at + APART);
  return { from: tidAt(at - BEFORE), upTo: behind > moment ? behind : moment };
}

/** Whether two transactions, the earlier one first, are near enough to be of one commit. */
export function areNear(one: Tid, later: Tid): boolean {
  return microsecondsOfTid(later) - microsecondsOfTid(one) <= APART;
}

/** Nothing is earlier than 1970. */
function tidAt(micros: bigint): Tid {
  return micros > 0n ? tidOfMicroseconds(micros as Microseconds) : ZERO_TID;
}

/**
 * The transactions of one backup. Those near a moment are remembered with their words: a moment that is moved a little
 * finds its own there. Memory: 16 bytes for each transaction.
 */
export class LinkTransactions {
  readonly #near: TidBounds;
  readonly #places = new TransactionPlaces();
  /** The last one before those. */
  #before: Cut | undefined;
  readonly #within: Cut[] = [];
  #packedTid = ZERO_TID;

  private constructor(near: TidBounds) {
    this.#near = near;
  }

  /**
   * Reads a backup. Its checksums are not looked at: that is done when its bytes are used. Failure `damaged`.
   */
  static async read(
    store: Store,
    { link, moment }: { readonly link: ChainLink; readonly moment: Tid },
  ): Promise<LinkTransactions> {
    const { file, range } = link;
    const found = new LinkTransactions(boundsNear(moment));
    const scanner = new TransactionScanner({
      name: file.name,
      start: range.start,
      sizeBytes: range.end,
      visitor: { transaction: (transaction) => found.#take(transaction) },
    });
    for await (const chunk of readLink(store, { link, check: 'bytes-only' })) scanner.feed(chunk);
    scanner.finish();
    return found;
  }

  /** Of the last one; 0: it holds none. */
  get lastTid(): Tid {
    return this.#places.lastTid;
  }

  /** The last one that was there before a pack; 0: there is none. */
  get packedTid(): Tid {
    return this.#packedTid;
  }

  holds(tid: Tid): boolean {
    return this.#places.tid(this.#places.firstNotBefore(tid)) === tid && tid !== ZERO_TID;
  }

  /** Whether {@link lastWithin} knows what ends at a moment. */
  knows(moment: Tid): boolean {
    return moment >= this.#near.from && moment <= this.#near.upTo;
  }

  /** The last one within bounds that end at a moment which is known. */
  lastWithin({ from, upTo }: TidBounds): Cut | undefined {
    if (!this.knows(upTo)) throw new RangeError('it was read for another moment');
    const last = this.#within.findLast(({ tid }) => tid <= upTo) ?? this.#before;
    return last === undefined || last.tid < from ? undefined : last;
  }

  /** Those near the moment. */
  near(): readonly Cut[] {
    return this.#within;
  }

  #take(transaction: ScannedTransaction): void {
    const { tid, status, position } = transaction.header;
    this.#places.add(position, tid);
    if (status === 'p') this.#packedTid = tid;
    if (tid > this.#near.upTo) return;
    const cut = cutBehind(transaction);
    if (tid < this.#near.from) this.#before = cut;
    else this.#within.push(cut);
  }
}
