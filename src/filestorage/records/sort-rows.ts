import type { RecordRows } from './record-rows.ts';

/** A digit of the oid: 16 of its bits. */
interface Digit {
  /** Which number of a row. */
  readonly number: 0 | 1;
  readonly shift: 0 | 16;
}

/** From the last of an oid to the first. */
const DIGITS: readonly Digit[] = [
  { number: 0, shift: 0 },
  { number: 0, shift: 16 },
  { number: 1, shift: 0 },
  { number: 1, shift: 16 },
];
const VALUES = 1 << 16;

/**
 * Sorts rows by their oids; those of one object stay in the order in which they were. Takes 8 bytes a row meanwhile,
 * and time in proportion to their number: a sort by digits.
 */
export function sortRows(rows: RecordRows): void {
  if (isSorted(rows)) return;
  let order = new Uint32Array(rows.count);
  for (let row = 0; row < rows.count; row++) order[row] = row;
  for (const digit of DIGITS) order = sortByDigit(rows, { order, digit });
  rows.arrange(order);
}

function isSorted(rows: RecordRows): boolean {
  for (let row = 1; row < rows.count; row++) {
    const [high, before] = [rows.oidHigh(row), rows.oidHigh(row - 1)];
    if (high < before || (high === before && rows.oidLow(row) < rows.oidLow(row - 1))) return false;
  }
  return true;
}

function sortByDigit(
  rows: RecordRows,
  {
    order,
    digit: { number, shift },
  }: { readonly order: Uint32Array<ArrayBuffer>; readonly digit: Digit },
): Uint32Array<ArrayBuffer> {
  const digitOf = (row: number) => (rows.at(row, number) >>> shift) % VALUES;
  const starts = new Uint32Array(VALUES + 1);
  for (let row = 0; row < rows.count; row++) {
    const behind = digitOf(row) + 1;
    starts[behind] = (starts[behind] ?? 0) + 1;
  }
  // Mostly the first bytes of all oids are 0.
  if (starts[digitOf(0) + 1] === rows.count) return order;
  for (let value = 1; value <= VALUES; value++) {
    starts[value] = (starts[value] ?? 0) + (starts[value - 1] ?? 0);
  }
  const sorted = new Uint32Array(order.length);
  for (const row of order) {
    const value = digitOf(row);
    const place = starts[value] ?? 0;
    sorted[place] = row;
    starts[value] = place + 1;
  }
  return sorted;
}
