/** References that are kept: 18 bytes each. */
const LIMIT = 1 << 20;
/** Less than a millisecond of work. */
const ROWS_PER_PORTION = 1000;

/**
 * The references of superseded records: an undo that comes later may bring one of them back. Of more
 * than a million nothing is kept but that there were more.
 */
export class OldReferences {
  #position = new Float64Array(1024);
  #oidHigh = new Float64Array(1024);
  #oidLow = new Uint16Array(1024);
  #count = 0;
  #isFull = false;

  /** Whether some were not kept. */
  get isFull(): boolean {
    return this.#isFull;
  }

  add(position: number, oid: { readonly high: number; readonly low: number }): void {
    if (this.#count === LIMIT) {
      this.#isFull = true;
      return;
    }
    if (this.#count === this.#position.length) this.#grow();
    const row = this.#count++;
    this.#position[row] = position;
    this.#oidHigh[row] = oid.high;
    this.#oidLow[row] = oid.low;
  }

  /** Whether one of those in these records leads to such an oid; yields now and then. */
  *has(
    positions: ReadonlySet<number>,
    isSuch: (oidHigh: number, oidLow: number) => boolean,
  ): Generator<void, boolean> {
    for (let row = 0; row < this.#count; row++) {
      if (row % ROWS_PER_PORTION === 0) yield;
      if (!positions.has(this.#position[row] ?? 0)) continue;
      if (isSuch(this.#oidHigh[row] ?? 0, this.#oidLow[row] ?? 0)) return true;
    }
    return false;
  }

  #grow(): void {
    const size = this.#count * 2;
    const longer = <T extends Float64Array | Uint16Array>(column: T, next: T): T => {
      next.set(column);
      return next;
    };
    this.#position = longer(this.#position, new Float64Array(size));
    this.#oidHigh = longer(this.#oidHigh, new Float64Array(size));
    this.#oidLow = longer(this.#oidLow, new Uint16Array(size));
  }
}
