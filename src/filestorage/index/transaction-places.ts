import { firstRowNot } from '../../system/first-row.ts';
import { type Tid, ZERO_TID } from '../tid.ts';

/** Where the transactions of a log stand, in its order: 16 bytes each. */
export class TransactionPlaces {
  #position = new Float64Array(64);
  #tid = new BigUint64Array(64);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Tid of the last one; 0: there is none. */
  get lastTid(): Tid {
    return this.#count === 0 ? ZERO_TID : this.tid(this.#count - 1);
  }

  tid(row: number): Tid {
    return (this.#tid[row] ?? 0n) as Tid;
  }

  position(row: number): number {
    return this.#position[row] ?? 0;
  }

  /** The first that is not before a tid, where they rise; {@link count}: all are. */
  firstNotBefore(tid: Tid): number {
    return firstRowNot((row) => this.tid(row) < tid, this.#count);
  }

  add(position: number, tid: Tid): void {
    if (this.#count === this.#position.length) this.#grow();
    const row = this.#count++;
    this.#position[row] = position;
    this.#tid[row] = tid;
  }

  /** How many begin at a position or in front of it. */
  countUpTo(position: number): number {
    return firstRowNot((row) => this.position(row) <= position, this.#count);
  }

  /** Tid of the transaction to which the record at `position` belongs. */
  tidAt(position: number): Tid {
    const count = this.countUpTo(position);
    return count === 0 ? ZERO_TID : this.tid(count - 1);
  }

  #grow(): void {
    const position = new Float64Array(this.#count * 2);
    position.set(this.#position);
    this.#position = position;
    const tid = new BigUint64Array(this.#count * 2);
    tid.set(this.#tid);
    this.#tid = tid;
  }
}
