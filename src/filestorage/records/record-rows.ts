/**
 * A row of the table of records, as five numbers of 32 bits:
 *
 * | number | |
 * | --- | --- |
 * | 0, 1 | oid: its last 4 bytes, its first 4 |
 * | 2, 3 | position of the record: the same |
 * | 4 | bytes of its data, or {@link POINTS_BACK}, {@link UNCREATED}, {@link LARGE} |
 */
export const ROW_NUMBERS = 5;
/** The numbers with the two parts of the oid. */
export const [OID_LOW, OID_HIGH] = [0, 1];
const [POSITION_LOW, POSITION_HIGH] = [2, 3];
/** The number with the bytes of data. */
export const LENGTH = 4;

/** In place of the bytes of data: a back pointer leads to them. */
export const POINTS_BACK = 0;
/** The creation of the object is undone. */
export const UNCREATED = 0xffff_ffff;
/** The header of the record tells how many there are: 4 GiB or more. */
export const LARGE = 0xffff_fffe;

const ROW_BITS = 14;
const ROWS_PER_BLOCK = 1 << ROW_BITS;
const IN_BLOCK = ROWS_PER_BLOCK - 1;

/** What a row says. */
export interface RecordRow {
  readonly oidHigh: number;
  readonly oidLow: number;
  readonly position: number;
  readonly length: number;
}

/** Rows of a table of records, 20 bytes each, in blocks: they grow without a copy of all. */
export class RecordRows {
  readonly #blocks: Uint32Array[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ oidHigh, oidLow, position, length }: RecordRow): void {
    const { block, offset } = this.#free();
    block[offset] = oidLow;
    block[offset + 1] = oidHigh;
    block[offset + 2] = position >>> 0;
    block[offset + 3] = Math.floor(position / 2 ** 32);
    block[offset + 4] = length;
    this.#count += 1;
  }

  /** Takes over rows as they stand in a file, from a byte that is a multiple of 4 on. */
  addAll(numbers: Uint32Array): void {
    for (let from = 0; from < numbers.length; ) {
      const { block, offset } = this.#free();
      const part = numbers.subarray(from, from + block.length - offset);
      block.set(part, offset);
      from += part.length;
      this.#count += part.length / ROW_NUMBERS;
    }
  }

  /** All rows as they stand in a file, piece by piece: the memory is that of the rows themselves. */
  *pieces(): Generator<Uint32Array, void, undefined> {
    for (const [number, block] of this.#blocks.entries()) {
      const rows = Math.min(this.#count - number * ROWS_PER_BLOCK, ROWS_PER_BLOCK);
      yield block.subarray(0, rows * ROW_NUMBERS);
    }
  }

  /** One of the numbers of a row. */
  #at(row: number, number: number): number {
    return this.#blocks[row >>> ROW_BITS]?.[(row & IN_BLOCK) * ROW_NUMBERS + number] ?? 0;
  }

  oidLow(row: number): number {
    return this.#at(row, OID_LOW);
  }

  oidHigh(row: number): number {
    return this.#at(row, OID_HIGH);
  }

  position(row: number): number {
    return this.#at(row, POSITION_LOW) + this.#at(row, POSITION_HIGH) * 2 ** 32;
  }

  length(row: number): number {
    return this.#at(row, LENGTH);
  }

  markUncreated(row: number): void {
    const block = this.#blocks[row >>> ROW_BITS];
    if (block !== undefined) block[(row & IN_BLOCK) * ROW_NUMBERS + LENGTH] = UNCREATED;
  }

  /** One of the numbers of all rows. */
  column(number: number): Uint32Array<ArrayBuffer> {
    const column = new Uint32Array(this.#count);
    let row = 0;
    for (const piece of this.pieces()) {
      for (let at = number; at < piece.length; at += ROW_NUMBERS) column[row++] = piece[at] ?? 0;
    }
    return column;
  }

  /** Puts the row that stands at `order[row]` at each `row`. */
  arrange(order: Uint32Array): void {
    const before = this.#blocks.splice(0);
    for (let start = 0; start < order.length; start += ROWS_PER_BLOCK) {
      const block = new Uint32Array(ROWS_PER_BLOCK * ROW_NUMBERS);
      const end = Math.min(start + ROWS_PER_BLOCK, order.length);
      for (let row = start, at = 0; row < end; row++) {
        const from = order[row] ?? 0;
        const source = before[from >>> ROW_BITS] ?? block;
        const begin = (from & IN_BLOCK) * ROW_NUMBERS;
        for (let number = 0; number < ROW_NUMBERS; number++) {
          block[at++] = source[begin + number] ?? 0;
        }
      }
      this.#blocks.push(block);
    }
  }

  /** Where the next row goes. */
  #free(): { readonly block: Uint32Array; readonly offset: number } {
    const place = this.#count % ROWS_PER_BLOCK;
    const last = place === 0 ? undefined : this.#blocks.at(-1);
    const block = last ?? new Uint32Array(ROWS_PER_BLOCK * ROW_NUMBERS);
    if (last === undefined) this.#blocks.push(block);
    return { block, offset: place * ROW_NUMBERS };
  }
}
