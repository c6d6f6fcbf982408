import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatTid,
  formatTidTime,
  type Microseconds,
  microsecondsOfTid,
  nextTid,
  parseTid,
  type Tid,
  tidOfMicroseconds,
  ZERO_TID,
} from './tid.ts';

const at = (iso: string, micros = 0) =>
  (BigInt(Date.parse(iso)) * 1000n + BigInt(micros)) as Microseconds;

const moments = fc
  .bigInt({ min: at('1900-01-01T00:00:00Z'), max: at('9999-12-31T23:59:59.999Z', 999) })
  .map((value) => value as Microseconds);

describe('tid', () => {
  it('keeps each microsecond of the years 1900 to 9999', () => {
    fc.assert(
      fc.property(moments, (moment) => {
        expect(microsecondsOfTid(tidOfMicroseconds(moment))).toBe(moment);
      }),
      { numRuns: 2000 },
    );
  });

  it('grows with time', () => {
    fc.assert(
      fc.property(moments, moments, (a, b) => {
        expect(tidOfMicroseconds(a) < tidOfMicroseconds(b)).toBe(a < b);
      }),
    );
  });

  it('begins in 1900, and holds whole minutes in its high half', () => {
    const moment = at('2026-11-23T00:00:00Z');
    expect(formatTid(tidOfMicroseconds(moment)).slice(8)).toBe('00000000');
    expect(formatTidTime(ZERO_TID)).toBe('1900-01-01T00:00:00.000000Z');
  });

  it.each([
    ['the last microsecond of a minute', at('2026-02-28T23:59:59.999Z', 999)],
    ['a leap day', at('2024-02-29T12:00:00Z')],
    ['the turn of a year', at('2025-12-31T23:59:59.999Z', 999)],
    ['before 1970', at('1901-12-13T20:45:51.999Z', 1)],
  ])('keeps %s', (_, moment) => {
    const tid = tidOfMicroseconds(moment);
    expect(microsecondsOfTid(tid)).toBe(moment);
    expect(microsecondsOfTid(tidOfMicroseconds((moment + 1n) as Microseconds))).toBe(moment + 1n);
  });

  it('is written as 16 hex digits, and read from nothing else', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        const tid = value as Tid;
        expect(formatTid(tid)).toHaveLength(16);
        expect(parseTid(formatTid(tid))).toBe(tid);
      }),
    );
    for (const text of [
      '',
      '0',
      '0'.repeat(15),
      '0'.repeat(17),
      'G'.repeat(16),
      `${'0'.repeat(15)}\n`,
    ]) {
      expect(parseTid(text)).toBeUndefined();
    }
    expect(nextTid(ZERO_TID)).toBe(1n);
  });
});
