import { OID_HIGH, OID_LOW, type RecordRows } from './record-rows.ts';

/** Bits of an oid by which rows are sorted at a time: few enough that the places of all values stay in the cache. */
const DIGIT_BITS = 11;
const VALUES = 1 << DIGIT_BITS;
const SHIFTS = [0, DIGIT_BITS, 2 * DIGIT_BITS];

type Numbers = Uint32Array<ArrayBuffer>;

/**
 * Sorts rows by their oids; those of one object stay in the order in which they were. Where most are sorted already, as
 * the records of a large backup in front of those of small ones, the others are put between them. Takes 36 bytes a
 * row meanwhile, and time in proportion to their number: a sort by digits, from the last.
 */
export function sortRows(rows: RecordRows): void {
  const columns = { low: rows.column(OID_LOW), high: rows.column(OID_HIGH) };
  const sorted = sortedAtBeginning(columns);
  if (sorted === rows.count) return;
  if (sorted < rows.count / 2) rows.arrange(orderOf(columns, 0));
  else rows.arrange(merge(columns, { sorted, order: orderOf(columns, sorted) }));
}

/** The oids of all rows: their last 32 bits, and their first. */
interface Oids {
  readonly low: Numbers;
  readonly high: Numbers;
}

function sortedAtBeginning(oids: Oids): number {
  const { length } = oids.low;
  let count = Math.min(1, length);
  while (count < length && !isLess(oids, count, count - 1)) count += 1;
  return count;
}

function isLess({ low, high }: Oids, row: number, other: number): boolean {
  const [ofRow = 0, ofOther = 0] = [high[row], high[other]];
  return ofRow === ofOther ? (low[row] ?? 0) < (low[other] ?? 0) : ofRow < ofOther;
}

/** The order of the rows from one on. */
function orderOf({ low, high }: Oids, start: number): Numbers {
  const order = new Uint32Array(low.length - start);
  for (let place = 0; place < order.length; place++) order[place] = start + place;
  return sortBy(high, sortBy(low, order));
}

/** The order of all, out of those that are sorted at the beginning and the order of the others. */
function merge(
  oids: Oids,
  { sorted, order }: { readonly sorted: number; readonly order: Numbers },
): Numbers {
  const merged = new Uint32Array(oids.low.length);
  let [first, other] = [0, 0];
  for (let place = 0; place < merged.length; place++) {
    const next = order[other];
    const isOther = next !== undefined && (first === sorted || isLess(oids, next, first));
    merged[place] = isOther ? next : first;
    if (isOther) other += 1;
    else first += 1;
  }
  return merged;
}

/** Sorts an order by a column; what is equal there stays in its order. */
function sortBy(column: Numbers, order: Numbers): Numbers {
  const [first = 0] = column;
  const differing = column.reduce((bits, key) => bits | (key ^ first), 0);
  return SHIFTS.filter((shift) => ((differing >>> shift) & (VALUES - 1)) !== 0).reduce(
    (sorted, shift) => sortByDigit(column, { order: sorted, shift }),
    order,
  );
}

function sortByDigit(
  column: Numbers,
  { order, shift }: { readonly order: Numbers; readonly shift: number },
): Numbers {
  const starts = new Uint32Array(VALUES + 1);
  for (let place = 0; place < order.length; place++) {
    const behind = (((column[order[place] ?? 0] ?? 0) >>> shift) & (VALUES - 1)) + 1;
    starts[behind] = (starts[behind] ?? 0) + 1;
  }
  for (let value = 1; value <= VALUES; value++) {
    starts[value] = (starts[value] ?? 0) + (starts[value - 1] ?? 0);
  }
  const sorted = new Uint32Array(order.length);
  for (let from = 0; from < order.length; from++) {
    const row = order[from] ?? 0;
    const value = ((column[row] ?? 0) >>> shift) & (VALUES - 1);
    const place = starts[value] ?? 0;
    starts[value] = place + 1;
    sorted[place] = row;
  }
  return sorted;
}
