import { describe, expect, it } from 'vitest';
import { stamp } from '../../test/support/stamp.ts';
import { isNamed, isNotLater, LATEST_BACKUP, parseRestoreTarget } from './restore-target.ts';

describe('what is to be restored', () => {
  it.each([
    ['2026-03-01-04-05-06', '2026-03-01-04-05-06', true],
    ['2026-03-01-04-05-06', '2026-03-01-04-05-05', false],
    ['2026-03-01-04-05-06', '2026-03-01-04-05', false],
    ['2026-03-01-04-05-06', '2026-03-01', false],
    ['2026-03-01-04-05-06', '2026-03-02', true],
    ['2026-03-01-00-00-00', '2026-03-01', false],
  ])('has the backup %s in front of %s: %s', (name, date, expected) => {
    expect(isNotLater(stamp(name), parseRestoreTarget(date))).toBe(expected);
    expect(isNotLater(stamp(name), LATEST_BACKUP)).toBe(true);
  });

  it('names a backup by its whole stamp alone', () => {
    const name = '2026-03-01-04-05-06';
    expect(isNamed(stamp(name), parseRestoreTarget(name))).toBe(true);
    for (const date of ['2026-03-01-04-05', '2026-03-01-04-05-07', undefined]) {
      expect(isNamed(stamp(name), parseRestoreTarget(date))).toBe(false);
    }
  });

  it('is the newest backup where nothing is typed, and nothing where no date is', () => {
    expect(parseRestoreTarget(undefined)).toBe(LATEST_BACKUP);
    expect(() => parseRestoreTarget('yesterday')).toThrow('Cannot use "yesterday" as a date');
  });
});
