import { OidIndex } from './index/oid-index.ts';
import { TransactionPlaces } from './index/transaction-places.ts';
import type { ScannedTransaction } from './scan-visitor.ts';
import { type Tid, ZERO_TID } from './tid.ts';

/** Places that are remembered at most: of more than these, one that is wrong is among them. */
const MOST_SUSPECTS = 10_000;

/**
 * Holds the objects of a log against those of an earlier one. Takes all transactions of the earlier log, then all of
 * the other; remembers some 20 bytes an object.
 */
export class ObjectComparison {
  readonly #earlier = new OidIndex();
  readonly #places = new TransactionPlaces();
  readonly #later = new OidIndex();
  /** The objects that have the same newest record in the earlier log, and that record in the later one. */
  readonly #left = new OidIndex();
  /** Places in the later log of records that only a record which points back to them explains. */
  readonly #suspects = new Set<number>();
  /** The same of those that a pack of the earlier log explains, too, if the later one comes from before that pack. */
  readonly #strangers = new Set<number>();
  /** So many of the first transactions of the earlier log are what a pack has left. */
  #packedCount = 0;

  /** A transaction of the earlier log, in its order. */
  addEarlier({ header, records }: ScannedTransaction): void {
    this.#places.add(header.position, header.tid);
    if (header.status === 'p') this.#packedCount = this.#places.count;
    this.#earlier.apply(records);
  }

  /** A transaction of the later log, in its order. */
  addLater({ header, records }: ScannedTransaction): void {
    const isFromBefore = header.tid <= this.#places.lastTid;
    for (let row = 0; row < records.count; row++) {
      const [high, low, position] = [
        records.oidHigh(row),
        records.oidLow(row),
        records.position(row),
      ];
      this.#suspects.delete(records.backPointer(row));
      this.#strangers.delete(records.backPointer(row));
      if (!isFromBefore) continue;
      const newest = this.#newestOf(high, low);
      if (newest === header.tid) this.#left.set(high, low, position);
      else if (newest === ZERO_TID && this.#isInPackedTime(header.tid)) {
        remember(this.#strangers, position);
      } else remember(this.#suspects, position);
    }
    this.#later.apply(records);
  }

  /** What both were found to have. */
  finish(): {
    readonly total: number;
    readonly left: number;
    readonly gone: number;
    readonly isSetBack: boolean;
    readonly hasStrangers: boolean;
  } {
    return {
      total: this.#earlier.size,
      left: this.#left.size,
      gone: this.#countGone(),
      isSetBack: this.#suspects.size > 0,
      hasStrangers: this.#strangers.size > 0,
    };
  }

  /** Whether a pack of the earlier log may have taken away what was committed then. */
  #isInPackedTime(tid: Tid): boolean {
    if (this.#packedCount === 0) return false;
    return this.#packedCount === this.#places.count || tid < this.#places.tid(this.#packedCount);
  }

  /** The transaction with the newest record of an object in the earlier log; 0: it has none. */
  #newestOf(high: number, low: number): Tid {
    const position = this.#earlier.at(high, low);
    return position === 0 ? ZERO_TID : this.#places.tidAt(position);
  }

  #countGone(): number {
    let count = 0;
    for (const prefix of this.#earlier.prefixes()) {
      for (const [suffix] of this.#earlier.entriesOf(prefix)) {
        if (this.#later.at(prefix, suffix) === 0) count += 1;
      }
    }
    return count;
  }
}

function remember(places: Set<number>, position: number): void {
  if (places.size < MOST_SUSPECTS) places.add(position);
}
