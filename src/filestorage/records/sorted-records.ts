import { firstRowNot } from '../../system/first-row.ts';
import type { Oid } from '../oid.ts';
import type { RecordRows } from './record-rows.ts';

/** The records of a log, by their objects. A record is named by the number of its row. */
export class SortedRecords {
  readonly #rows: RecordRows;

  /** @param rows - sorted by oid, then by position */
  constructor(rows: RecordRows) {
    this.#rows = rows;
  }

  get count(): number {
    return this.#rows.count;
  }

  oid(row: number): Oid {
    return ((BigInt(this.#rows.oidHigh(row)) << 32n) | BigInt(this.#rows.oidLow(row))) as Oid;
  }

  position(row: number): number {
    return this.#rows.position(row);
  }

  /** See `RecordRow`. */
  length(row: number): number {
    return this.#rows.length(row);
  }

  /** The last record of an object in front of a position; undefined: it has none there. */
  lastOf(oid: Oid, before: number): number | undefined {
    const row = this.#firstNotBefore({ ...partsOf(oid), position: before }) - 1;
    return row >= 0 && this.oid(row) === oid ? row : undefined;
  }

  /** The record of the same object behind another, in front of a position. */
  next(row: number, before: number): number | undefined {
    const next = row + 1;
    return this.#isOfOne(row, next) && this.position(next) < before ? next : undefined;
  }

  /** The record of the same object in front of another. */
  previous(row: number): number | undefined {
    return row > 0 && this.#isOfOne(row - 1, row) ? row - 1 : undefined;
  }

  /** Of each object, from one on, its last record in front of a position. */
  *lastOfEach(before: number, from: Oid): Generator<number, undefined> {
    let last: number | undefined;
    const first = this.#firstNotBefore({ ...partsOf(from), position: 0 });
    for (let row = first; row < this.count; row++) {
      if (last !== undefined && !this.#isOfOne(last, row)) {
        yield last;
        last = undefined;
      }
      if (this.position(row) < before) last = row;
    }
    if (last !== undefined) yield last;
  }

  #isOfOne(row: number, other: number): boolean {
    const rows = this.#rows;
    return (
      other < rows.count &&
      rows.oidLow(row) === rows.oidLow(other) &&
      rows.oidHigh(row) === rows.oidHigh(other)
    );
  }

  #firstNotBefore(wanted: OidParts & { readonly position: number }): number {
    return firstRowNot((row) => this.#isBefore(row, wanted), this.count);
  }

  #isBefore(row: number, { high, low, position }: OidParts & { readonly position: number }) {
    const rows = this.#rows;
    const ofRow = rows.oidHigh(row);
    if (ofRow !== high) return ofRow < high;
    const lowOfRow = rows.oidLow(row);
    return lowOfRow === low ? rows.position(row) < position : lowOfRow < low;
  }
}

/** An oid as rows have it. */
interface OidParts {
  readonly high: number;
  readonly low: number;
}

function partsOf(oid: Oid): OidParts {
  return { high: Number(oid >> 32n), low: Number(oid & 0xffff_ffffn) };
}
