import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nameOfPeriod, type Period } from './period.ts';
import { beginningOf, formatSpan, hasPassed, parseSpan, type Span } from './span.ts';

const before = process.env['TZ'];
beforeEach(() => {
  process.env['TZ'] = 'Europe/Berlin';
});
afterEach(() => {
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
});

const span = (text: string): Span => parseSpan(text) ?? { count: Number.NaN, unit: 'h' };

describe('a span', () => {
  it.each(['1h', '36h', '30d', '8w', '6m', '2y', '9999d'])('is read and written: %s', (text) => {
    expect(formatSpan(span(text))).toBe(text);
  });

  it.each(['', '0d', '30', 'd', '-1d', '1.5d', '30 d', '30D', '10000d', '3min', '1d2h'])(
    'is not "%s"',
    (text) => expect(parseSpan(text)).toBeUndefined(),
  );

  it.each([
    ['36h', '2026-03-29T22:00:00Z', '2026-03-28T10:00:00Z'],
    // The clocks went forward that night: the day before begins 23 hours earlier.
    ['1d', '2026-03-30T10:00:00Z', '2026-03-28T23:00:00Z'],
    ['1d', '2026-03-29T10:00:00Z', '2026-03-27T23:00:00Z'],
    ['1w', '2026-10-26T10:00:00Z', '2026-10-18T22:00:00Z'],
    ['1m', '2026-03-31T10:00:00Z', '2026-02-27T23:00:00Z'],
    ['1y', '2028-02-29T10:00:00Z', '2027-02-27T23:00:00Z'],
    ['13m', '2026-01-15T10:00:00Z', '2024-12-14T23:00:00Z'],
  ])('of %s that ends at %s begins at %s', (text, end, begin) => {
    expect(beginningOf(span(text), new Date(end)).toISOString()).toBe(begin.replace('Z', '.000Z'));
  });

  it.each([
    ['30d', '2026-03-01T03:00:09Z', '2026-03-31T02:00:01Z', true],
    ['30d', '2026-03-01T03:00:09Z', '2026-03-30T21:59:59Z', false],
    ['24h', '2026-03-01T03:00:09Z', '2026-03-02T03:00:08Z', false],
    ['24h', '2026-03-01T03:00:09Z', '2026-03-02T03:00:09Z', true],
    ['1d', '2027-03-01T03:00:09Z', '2026-03-02T03:00:09Z', false],
  ])('of %s since %s has passed at %s: %s', (text, since, now, passed) => {
    expect(hasPassed(span(text), { since: new Date(since), now: new Date(now) })).toBe(passed);
  });
});

describe('a period', () => {
  it.each<[Period, string, string]>([
    ['daily', '2026-02-28T22:59:59Z', '2026-02-28'],
    ['daily', '2026-02-28T23:00:00Z', '2026-03-01'],
    // The day on which the clocks go back has 25 hours.
    ['daily', '2026-10-24T22:00:00Z', '2026-10-25'],
    ['daily', '2026-10-25T22:59:59Z', '2026-10-25'],
    ['daily', '2026-10-25T23:00:00Z', '2026-10-26'],
    ['weekly', '2026-03-01T22:59:59Z', '2026-W09'],
    ['weekly', '2026-03-01T23:00:00Z', '2026-W10'],
    // The first days of 2027 are of the last week of 2026.
    ['weekly', '2027-01-03T12:00:00Z', '2026-W53'],
    ['weekly', '2027-01-04T12:00:00Z', '2027-W01'],
    ['weekly', '2024-12-30T12:00:00Z', '2025-W01'],
    ['monthly', '2026-03-31T22:00:00Z', '2026-04'],
    ['yearly', '2026-12-31T23:00:00Z', '2027'],
  ])('%s of %s is %s', (period, moment, name) => {
    expect(nameOfPeriod(new Date(moment), period)).toBe(name);
  });
});
