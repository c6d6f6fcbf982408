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
const [OID_LOW, OID_HIGH] = [0, 1];
const [POSITION_LOW, POSITION_HIGH] = [2, 3];
const LENGTH = 4;
/** The numbers by which rows are sorted, the first one first. */
export const KEY = [OID_HIGH, OID_LOW, POSITION_HIGH, POSITION_LOW] as const;

/** In place of the bytes of data: a back pointer leads to them. */
export const POINTS_BACK = 0;
/** The creation of the object is undone. */
export const UNCREATED = 0xffff_ffff;
/** The header of the record tells how many there are: 4 GiB or more. */
export const LARGE = 0xffff_fffe;

const ROW_BITS = 14;
const ROWS_PER_BLOCK = 1 << ROW_BITS;
const IN_BLOCK = ROWS_PER_BLOCK - 1;
const BLOCK_NUMBERS = ROWS_PER_BLOCK * ROW_NUMBERS;

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

  /**
   * Takes over rows as they stand in a file, from a byte that is a multiple of 4 on. The numbers belong to the table then:
   * where they fill blocks, they are not copied.
   */
  addAll(numbers: Uint32Array): void {
    for (let from = 0; from < numbers.length; ) {
      const isBlock = this.#count % ROWS_PER_BLOCK === 0 && numbers.length - from >= BLOCK_NUMBERS;
      if (isBlock) {
        this.#blocks.push(numbers.subarray(from, from + BLOCK_NUMBERS));
        this.#count += ROWS_PER_BLOCK;
        from += BLOCK_NUMBERS;
        continue;
      }
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
  at(row: number, number: number): number {
    return this.#blocks[row >>> ROW_BITS]?.[(row & IN_BLOCK) * ROW_NUMBERS + number] ?? 0;
  }

  oidLow(row: number): number {
    return this.at(row, OID_LOW);
  }

  oidHigh(row: number): number {
    return this.at(row, OID_HIGH);
  }

  position(row: number): number {
    return this.at(row, POSITION_LOW) + this.at(row, POSITION_HIGH) * 2 ** 32;
  }

  length(row: number): number {
    return this.at(row, LENGTH);
  }

  /** Whether one of them says so in place of the bytes of its data. */
  hasUncreated(): boolean {
    for (let row = 0; row < this.#count; row++) if (this.length(row) === UNCREATED) return true;
    return false;
  }

  markUncreated(row: number): void {
    const block = this.#blocks[row >>> ROW_BITS];
    if (block !== undefined) block[(row & IN_BLOCK) * ROW_NUMBERS + LENGTH] = UNCREATED;
  }

  /** Whether a row comes before another one, of this table or a second one: by its oid, then by its position. */
  isBefore(row: number, other: number, table: RecordRows = this): boolean {
    for (const number of KEY) {
      const [one, another] = [this.at(row, number), table.at(other, number)];
      if (one !== another) return one < another;
    }
    return false;
  }

  /** Exchanges two rows. */
  swap(row: number, other: number): void {
    const block = this.#blocks[row >>> ROW_BITS];
    const otherBlock = this.#blocks[other >>> ROW_BITS];
    if (block === undefined || otherBlock === undefined) return;
    const start = (row & IN_BLOCK) * ROW_NUMBERS;
    const otherStart = (other & IN_BLOCK) * ROW_NUMBERS;
    for (let number = 0; number < ROW_NUMBERS; number++) {
      const value = block[start + number] ?? 0;
      block[start + number] = otherBlock[otherStart + number] ?? 0;
      otherBlock[otherStart + number] = value;
    }
  }

  /** Puts a row of this table, or of another one, in place of one. */
  put(row: number, source: RecordRows, from: number): void {
    const block = this.#blocks[row >>> ROW_BITS];
    const sourceBlock = source.#blocks[from >>> ROW_BITS];
    if (block === undefined || sourceBlock === undefined) return;
    const start = (row & IN_BLOCK) * ROW_NUMBERS;
    const sourceStart = (from & IN_BLOCK) * ROW_NUMBERS;
    for (let number = 0; number < ROW_NUMBERS; number++) {
      block[start + number] = sourceBlock[sourceStart + number] ?? 0;
    }
  }

  /** A copy of the rows from one on. */
  copyFrom(first: number): RecordRows {
    const copy = new RecordRows();
    for (let row = first; row < this.#count; row++) {
      copy.add({
        oidHigh: this.oidHigh(row),
        oidLow: this.oidLow(row),
        position: this.position(row),
        length: this.length(row),
      });
    }
    return copy;
  }

  /** Where the next row goes. */
  #free(): { readonly block: Uint32Array; readonly offset: number } {
    const place = this.#count % ROWS_PER_BLOCK;
    const last = place === 0 ? undefined : this.#blocks.at(-1);
    const block = last ?? new Uint32Array(BLOCK_NUMBERS);
    if (last === undefined) this.#blocks.push(block);
    return { block, offset: place * ROW_NUMBERS };
  }
}
