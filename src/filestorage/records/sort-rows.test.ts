import { expect, it } from 'vitest';
import { randomFrom } from '../../demo/random.ts';
import { RecordRows } from './record-rows.ts';
import { sortRows } from './sort-rows.ts';

const listed = (rows: RecordRows) =>
  Array.from({ length: rows.count }, (_, row) => [
    rows.oidHigh(row),
    rows.oidLow(row),
    rows.position(row),
    rows.length(row),
  ]);

it.each([0, 1, 30_000])('many rows are sorted, behind %i that are', (sorted) => {
  const random = randomFrom(sorted);
  const rows = new RecordRows();
  const expected: number[][] = [];
  for (let number = 0; number < 50_000; number++) {
    const isSorted = number < sorted;
    const oidHigh = isSorted ? 0 : random.below(3);
    const oidLow = isSorted ? number : random.below(2 ** 32);
    const position = 2 ** 32 - 1000 + number * 50;
    rows.add({ oidHigh, oidLow, position, length: number });
    expected.push([oidHigh, oidLow, position, number]);
  }
  expected.sort(([a = 0, b = 0, c = 0], [d = 0, e = 0, f = 0]) => a - d || b - e || c - f);
  sortRows(rows);
  expect(listed(rows)).toEqual(expected);

  // In pieces, as they stand in files.
  const copy = new RecordRows();
  copy.add({ oidHigh: 9, oidLow: 9, position: 9, length: 9 });
  for (const piece of rows.pieces()) copy.addAll(piece);
  expect(listed(copy).slice(1)).toEqual(expected);
});
