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
export const ROW_BYTES = 4 * ROW_NUMBERS;

/** In place of the bytes of data: a back pointer leads to them. */
export const POINTS_BACK = 0;
/** The creation of the object is undone. */
export const UNCREATED = 0xffff_ffff;
/** The header of the record tells how many there are: 4 GiB or more. */
export const LARGE = 0xffff_fffe;

export const ROWS_PER_BLOCK = 1 << 14;

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
    const place = this.#count % ROWS_PER_BLOCK;
    if (place === 0) this.#blocks.push(new Uint32Array(ROWS_PER_BLOCK * ROW_NUMBERS));
    const block = this.#blocks[this.#blocks.length - 1];
    if (block === undefined) return;
    const offset = place * ROW_NUMBERS;
    block[offset] = oidLow;
    block[offset + 1] = oidHigh;
    block[offset + 2] = position >>> 0;
    block[offset + 3] = Math.floor(position / 2 ** 32);
    block[offset + 4] = length;
    this.#count += 1;
  }

  /** One of the numbers of a row. */
  at(row: number, number: number): number {
    const block = this.#blocks[Math.floor(row / ROWS_PER_BLOCK)];
    return block?.[(row % ROWS_PER_BLOCK) * ROW_NUMBERS + number] ?? 0;
  }

  oidLow(row: number): number {
    return this.at(row, 0);
  }

  oidHigh(row: number): number {
    return this.at(row, 1);
  }

  position(row: number): number {
    return this.at(row, 2) + this.at(row, 3) * 2 ** 32;
  }

  length(row: number): number {
    return this.at(row, 4);
  }

  /** Puts the row that stands at `order[row]` at each `row`. The order is used up. */
  arrange(order: Uint32Array): void {
    const held = new Uint32Array(ROW_NUMBERS);
    for (let start = 0; start < order.length; start++) {
      if (order[start] === start) continue;
      this.#copyTo(held, start);
      let row = start;
      for (let from = order[row] ?? row; from !== start; from = order[row] ?? row) {
        this.#move(from, row);
        order[row] = row;
        row = from;
      }
      this.#set(row, held);
      order[row] = row;
    }
  }

  #copyTo(target: Uint32Array, row: number): void {
    for (let number = 0; number < ROW_NUMBERS; number++) target[number] = this.at(row, number);
  }

  #move(from: number, to: number): void {
    const source = this.#blocks[Math.floor(from / ROWS_PER_BLOCK)];
    const target = this.#blocks[Math.floor(to / ROWS_PER_BLOCK)];
    const begin = (from % ROWS_PER_BLOCK) * ROW_NUMBERS;
    if (source === undefined) return;
    target?.set(source.subarray(begin, begin + ROW_NUMBERS), (to % ROWS_PER_BLOCK) * ROW_NUMBERS);
  }

  #set(row: number, numbers: Uint32Array): void {
    const block = this.#blocks[Math.floor(row / ROWS_PER_BLOCK)];
    block?.set(numbers, (row % ROWS_PER_BLOCK) * ROW_NUMBERS);
  }
}
