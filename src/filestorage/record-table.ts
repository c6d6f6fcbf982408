import { type Oid, oidFromParts } from './oid.ts';

/** Data of a record: bytes of its own, or those of an earlier record. */
export type RecordData =
  | { readonly kind: 'pickle'; readonly length: number }
  | { readonly kind: 'back-pointer'; readonly position: number }
  /** An undo of the object's creation: from here on there is no such object. */
  | { readonly kind: 'uncreated' };

/** One record of a transaction, as an object: for those who look at few. */
export interface DataRecord {
  readonly oid: Oid;
  readonly position: number;
  readonly previous: number;
  readonly data: RecordData;
}

const UNCREATED = 0;

/**
 * The records of one transaction, as columns: a scan of millions of records makes no object for
 * each. The table is used again for the next transaction; copy what has to stay.
 */
export class RecordTable {
  #count = 0;
  #oidHigh = new Float64Array(64); // The first 6 bytes of the oid.
  #oidLow = new Uint16Array(64); // The last 2.
  #position = new Float64Array(64);
  #tidHigh = new Uint32Array(64);
  #tidLow = new Uint32Array(64);
  #previous = new Float64Array(64);
  #pickleLength = new Float64Array(64);
  #backPointer = new Float64Array(64);

  get count(): number {
    return this.#count;
  }

  oidHigh(row: number): number {
    return this.#oidHigh[row] ?? 0;
  }

  oidLow(row: number): number {
    return this.#oidLow[row] ?? 0;
  }

  position(row: number): number {
    return this.#position[row] ?? 0;
  }

  /** First 4 bytes of the tid that the record itself names. */
  tidHigh(row: number): number {
    return this.#tidHigh[row] ?? 0;
  }

  /** The last 4. */
  tidLow(row: number): number {
    return this.#tidLow[row] ?? 0;
  }

  /** Position of the object's previous record as the record names it; 0: none. */
  previous(row: number): number {
    return this.#previous[row] ?? 0;
  }

  /** 0: a back pointer stands in its place. */
  pickleLength(row: number): number {
    return this.#pickleLength[row] ?? 0;
  }

  /** Where a record without a pickle points; 0: its object's creation is undone. */
  backPointer(row: number): number {
    return this.#backPointer[row] ?? 0;
  }

  /** The row as an object of its own. */
  record(row: number): DataRecord {
    return {
      oid: oidFromParts(this.oidHigh(row), this.oidLow(row)),
      position: this.position(row),
      previous: this.#previous[row] ?? 0,
      data: this.#data(row),
    };
  }

  clear(): void {
    this.#count = 0;
  }

  /** Adds the record of which the header stands at `offset` of `view`. */
  add(view: DataView, offset: number, position: number): void {
    if (this.#count === this.#position.length) this.#grow();
    const row = this.#count++;
    this.#oidHigh[row] = view.getUint32(offset) * 65536 + view.getUint16(offset + 4);
    this.#oidLow[row] = view.getUint16(offset + 6);
    this.#position[row] = position;
    this.#tidHigh[row] = view.getUint32(offset + 8);
    this.#tidLow[row] = view.getUint32(offset + 12);
    this.#previous[row] = safeInteger(view, offset + 16);
    this.#pickleLength[row] = safeInteger(view, offset + 34);
    this.#backPointer[row] = UNCREATED;
  }

  setBackPointerOfLast(position: number): void {
    this.#backPointer[this.#count - 1] = position;
  }

  #data(row: number): RecordData {
    const length = this.#pickleLength[row] ?? 0;
    if (length > 0) return { kind: 'pickle', length };
    const position = this.#backPointer[row] ?? UNCREATED;
    return position === UNCREATED ? { kind: 'uncreated' } : { kind: 'back-pointer', position };
  }

  #grow(): void {
    const size = this.#position.length * 2;
    const longer = <T extends Float64Array | Uint32Array | Uint16Array>(column: T, next: T): T => {
      next.set(column);
      return next;
    };
    this.#oidHigh = longer(this.#oidHigh, new Float64Array(size));
    this.#oidLow = longer(this.#oidLow, new Uint16Array(size));
    this.#position = longer(this.#position, new Float64Array(size));
    this.#tidHigh = longer(this.#tidHigh, new Uint32Array(size));
    this.#tidLow = longer(this.#tidLow, new Uint32Array(size));
    this.#previous = longer(this.#previous, new Float64Array(size));
    this.#pickleLength = longer(this.#pickleLength, new Float64Array(size));
    this.#backPointer = longer(this.#backPointer, new Float64Array(size));
  }
}

/** 8 bytes as a number: exact below 2^53, and no file reaches that far. */
export function safeInteger(view: DataView, offset: number): number {
  return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4);
}
