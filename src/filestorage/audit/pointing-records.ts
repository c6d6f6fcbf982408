import type { RecordTable } from '../record-table.ts';

/** A record without data of its own. */
export interface PointingRecord {
  readonly oidHigh: number;
  readonly oidLow: number;
  readonly position: number;
  /** Position of the record that holds the data; 0: there is none, the creation is undone. */
  readonly dataPosition: number;
}

/** The records of a log that have a back pointer, in its order: 26 bytes each. */
export class PointingRecords {
  #oidHigh = new Float64Array(64);
  #oidLow = new Uint16Array(64);
  #position = new Float64Array(64);
  #dataPosition = new Float64Array(64);
  #count = 0;

  /** Takes over those of a complete transaction. */
  apply(records: RecordTable): void {
    for (let row = 0; row < records.count; row++) {
      if (records.pickleLength(row) > 0) continue;
      const target = records.backPointer(row);
      const oid = { high: records.oidHigh(row), low: records.oidLow(row) };
      const dataPosition = target === 0 ? 0 : this.dataPositionOf(target);
      this.add(oid, { position: records.position(row), dataPosition });
    }
  }

  add(
    oid: { readonly high: number; readonly low: number },
    { position, dataPosition }: { readonly position: number; readonly dataPosition: number },
  ): void {
    if (this.#count === this.#position.length) this.#grow();
    const row = this.#count++;
    this.#oidHigh[row] = oid.high;
    this.#oidLow[row] = oid.low;
    this.#position[row] = position;
    this.#dataPosition[row] = dataPosition;
  }

  /** Where the data of the record at `position` is; `position` itself, unless that one points back. */
  dataPositionOf(position: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.#position[middle] ?? 0;
      if (found < position) low = middle + 1;
      else if (found > position) high = middle - 1;
      else return this.#dataPosition[middle] ?? 0;
    }
    return position;
  }

  *[Symbol.iterator](): Generator<PointingRecord> {
    for (let row = 0; row < this.#count; row++) {
      yield {
        oidHigh: this.#oidHigh[row] ?? 0,
        oidLow: this.#oidLow[row] ?? 0,
        position: this.#position[row] ?? 0,
        dataPosition: this.#dataPosition[row] ?? 0,
      };
    }
  }

  #grow(): void {
    const size = this.#count * 2;
    const longer = <T extends Float64Array | Uint16Array>(column: T, next: T): T => {
      next.set(column);
      return next;
    };
    this.#oidHigh = longer(this.#oidHigh, new Float64Array(size));
    this.#oidLow = longer(this.#oidLow, new Uint16Array(size));
    this.#position = longer(this.#position, new Float64Array(size));
    this.#dataPosition = longer(this.#dataPosition, new Float64Array(size));
  }
}
