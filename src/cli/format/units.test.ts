import { expect, it } from 'vitest';
import { formatCount } from './units.ts';

it.each([
  [0, '0'],
  [1, '1'],
  [999, '999'],
  [1_000, '1,000'],
  [3_412, '3,412'],
  [99_999, '99,999'],
  [999_999, '999,999'],
  [1_000_000, '1,000,000'],
  [Number.MAX_SAFE_INTEGER, '9,007,199,254,740,991'],
])('the count %d is written in groups of three digits', (number, written) => {
  expect(formatCount(number)).toBe(written);
});
