import { describe, expect, it } from 'vitest';
import { parseRecoveryDate } from './recovery-date.ts';

describe('recovery date', () => {
  it.each(['2024-02-29', '2026-03-01-23', '2026-03-01-23-59', '2026-12-31-23-59-59'])(
    'can be %s',
    (text) => {
      expect(parseRecoveryDate(text)).toBe(text);
    },
  );

  it.each(['2026', '2026-1-6', 'yesterday', '-n', '2026-03-01T10', '2026-03-01-10-11-12-13'])(
    'is not %s',
    (text) => {
      expect(() => parseRecoveryDate(text)).toThrow(`"${text}" as a date: it is not yyyy-mm-dd`);
    },
  );

  it.each([
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-03-01-24',
    '2026-03-01-10-60',
    '2026-03-01-10-11-60',
  ])('is not %s, which no calendar has', (text) => {
    expect(() => parseRecoveryDate(text)).toThrow('no calendar has such a day or time');
  });
});
