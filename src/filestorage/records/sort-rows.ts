import { KEY, type RecordRows } from './record-rows.ts';

/** Bits by which rows are sorted at a time. */
const DIGIT_BITS = 8;
const VALUES = 1 << DIGIT_BITS;
/** So many rows are put in order one by one. */
const FEW = 16;

/** Rows from one up to another, which is not among them. */
interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Sorts rows by their oids, then by their positions, where they are. Where most are sorted already, as the records of a
 * large backup in front of those of small ones, a copy of the others is put between them. Takes time in proportion to
 * their number: a sort by digits, from the first.
 */
export function sortRows(rows: RecordRows): void {
  const sorted = sortedAtBeginning(rows);
  if (sorted === rows.count) return;
  if (sorted < rows.count / 2) {
    sortRange(rows, { from: 0, to: rows.count }, 0);
    return;
  }
  sortRange(rows, { from: sorted, to: rows.count }, 0);
  merge(rows, sorted);
}

function sortedAtBeginning(rows: RecordRows): number {
  let count = Math.min(1, rows.count);
  while (count < rows.count && !rows.isBefore(count, count - 1)) count += 1;
  return count;
}

/** @param first - in front of this number of the key, all rows of the range have the same */
function sortRange(rows: RecordRows, range: RowRange, first: number): void {
  const { from, to } = range;
  if (to - from <= FEW) {
    insert(rows, range);
    return;
  }
  const digit = firstDifference(rows, range, first);
  if (digit === undefined) return;
  const { place, shift } = digit;
  const number = KEY[place] ?? 0;
  const digitOf = (row: number) => (rows.at(row, number) >>> shift) & (VALUES - 1);
  const ends = new Uint32Array(VALUES);
  for (let row = from; row < to; row++) {
    const value = digitOf(row);
    ends[value] = (ends[value] ?? 0) + 1;
  }
  const next = new Uint32Array(VALUES);
  let end = from;
  for (let value = 0; value < VALUES; value++) {
    next[value] = end;
    end += ends[value] ?? 0;
    ends[value] = end;
  }
  // Each swap puts one row where it belongs.
  for (let value = 0; value < VALUES; value++) {
    for (let row = next[value] ?? to; row < (ends[value] ?? 0); ) {
      const other = digitOf(row);
      if (other === value) row += 1;
      else {
        const target = next[other] ?? 0;
        next[other] = target + 1;
        rows.swap(row, target);
      }
      next[value] = row;
    }
  }
  let start = from;
  for (const stop of ends) {
    if (stop - start > 1) sortRange(rows, { from: start, to: stop }, place);
    start = stop;
  }
}

/** The first bits in which the rows of a range differ: in which number of the key, and where there. */
function firstDifference(
  rows: RecordRows,
  { from, to }: RowRange,
  first: number,
): { readonly place: number; readonly shift: number } | undefined {
  for (let place = first; place < KEY.length; place++) {
    const number = KEY[place] ?? 0;
    const one = rows.at(from, number);
    let differing = 0;
    for (let row = from + 1; row < to; row++) differing |= rows.at(row, number) ^ one;
    if (differing === 0) continue;
    return { place, shift: Math.max(0, 32 - Math.clz32(differing) - DIGIT_BITS) };
  }
  return undefined;
}

function insert(rows: RecordRows, { from, to }: RowRange): void {
  for (let start = from + 1; start < to; start++) {
    for (let row = start; row > from && rows.isBefore(row, row - 1); row--) rows.swap(row, row - 1);
  }
}

/** Puts the rows from one on, which are sorted, between those in front of it, which are too: from the last. */
function merge(rows: RecordRows, sorted: number): void {
  const others = rows.copyFrom(sorted);
  let row = sorted - 1;
  let other = others.count - 1;
  for (let place = rows.count - 1; other >= 0; place--) {
    if (row >= 0 && others.isBefore(other, row, rows)) rows.put(place, rows, row--);
    else rows.put(place, others, other--);
  }
}
