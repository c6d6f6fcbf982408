import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstRowNot } from './first-row.ts';

describe('the first row that is not before something', () => {
  it('is that of a look at one after the other', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { maxLength: 40 }), fc.nat(31), (numbers, wanted) => {
        const sorted = numbers.sort((a, b) => a - b);
        const isBefore = (row: number) => (sorted[row] ?? Number.NaN) < wanted;
        const expected = sorted.filter((number) => number < wanted).length;
        expect(firstRowNot(isBefore, sorted.length)).toBe(expected);
      }),
    );
  });
});
