import type { RecordRows } from './record-rows.ts';

/** Bits of an oid by which rows are sorted at a time: few enough that the places of all values stay in the cache. */
const DIGIT_BITS = 11;
const VALUES = 1 << DIGIT_BITS;
const SHIFTS = [0, DIGIT_BITS, 2 * DIGIT_BITS];

/** A part of the oid, 32 bits, of each row in an order. */
interface Keys {
  readonly keys: Uint32Array;
  readonly order: Uint32Array;
}

/**
 * Sorts rows by their oids; those of one object stay in the order in which they were. What is sorted already at the
 * beginning, as the records of a large backup in front of those of small ones, is not sorted again, and costs little.
 * Takes 28 bytes a row meanwhile, and time in proportion to their number: a sort by digits, from the last.
 */
export function sortRows(rows: RecordRows): void {
  const sorted = sortedAtBeginning(rows);
  if (sorted === rows.count) return;
  let order = new Uint32Array(rows.count - sorted);
  for (let place = 0; place < order.length; place++) order[place] = sorted + place;
  for (const partOf of [(row: number) => rows.oidLow(row), (row: number) => rows.oidHigh(row)]) {
    order = sortBy(partOf, order);
  }
  rows.arrange(merge(rows, { sorted, order }));
}

function sortedAtBeginning(rows: RecordRows): number {
  let count = Math.min(1, rows.count);
  while (count < rows.count && !isLess(rows, count, count - 1)) count += 1;
  return count;
}

function isLess(rows: RecordRows, row: number, other: number): boolean {
  const [high, highOfOther] = [rows.oidHigh(row), rows.oidHigh(other)];
  return high === highOfOther ? rows.oidLow(row) < rows.oidLow(other) : high < highOfOther;
}

/** The order of all, out of those that are sorted at the beginning and the order of the others. */
function merge(
  rows: RecordRows,
  { sorted, order }: { readonly sorted: number; readonly order: Uint32Array },
): Uint32Array {
  const merged = new Uint32Array(rows.count);
  let [first, other] = [0, 0];
  for (let place = 0; place < merged.length; place++) {
    const next = order[other];
    const isOther = next !== undefined && (first === sorted || isLess(rows, next, first));
    merged[place] = isOther ? next : first;
    if (isOther) other += 1;
    else first += 1;
  }
  return merged;
}

function sortBy(
  partOf: (row: number) => number,
  order: Uint32Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> {
  const keys = new Uint32Array(order.length);
  let differing = 0;
  const first = partOf(0);
  for (let place = 0; place < order.length; place++) {
    const key = partOf(order[place] ?? 0);
    keys[place] = key;
    differing |= key ^ first;
  }
  let sorted = { keys, order };
  for (const shift of SHIFTS) {
    // Mostly the first bytes of all oids are 0.
    if (((differing >>> shift) & (VALUES - 1)) !== 0) sorted = sortByDigit(sorted, shift);
  }
  return sorted.order;
}

function sortByDigit(
  { keys, order }: Keys,
  shift: number,
): { keys: Uint32Array<ArrayBuffer>; order: Uint32Array<ArrayBuffer> } {
  const starts = new Uint32Array(VALUES + 1);
  for (const key of keys) {
    const behind = ((key >>> shift) & (VALUES - 1)) + 1;
    starts[behind] = (starts[behind] ?? 0) + 1;
  }
  for (let value = 1; value <= VALUES; value++) {
    starts[value] = (starts[value] ?? 0) + (starts[value - 1] ?? 0);
  }
  const sorted = { keys: new Uint32Array(keys.length), order: new Uint32Array(keys.length) };
  for (let from = 0; from < keys.length; from++) {
    const key = keys[from] ?? 0;
    const value = (key >>> shift) & (VALUES - 1);
    const place = starts[value] ?? 0;
    starts[value] = place + 1;
    sorted.keys[place] = key;
    sorted.order[place] = order[from] ?? 0;
  }
  return sorted;
}
