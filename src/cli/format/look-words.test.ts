import { describe, expect, it } from 'vitest';
import { judgePoint } from '../../repository/judgement.ts';
import { formatStamp } from '../../repository/layout/stamp.ts';
import { NO_SOURCE_FAULTS } from '../../repository/lineage/source-faults.ts';
import type { Check } from '../../repository/records/check-results.ts';
import { timesOfLooks, wordsOfTestRestore, wordsOfVerification } from './look-words.ts';

const stamp = formatStamp(new Date('2026-03-01T04:05:06Z'));

const look = (day: string, change: Partial<Check> = {}): Check => {
  const at = `2026-03-${day}T05:00:00.000Z`;
  return { stamp, kind: 'verify', part: 'data', outcome: 'good', at, seconds: 1, ...change };
};
const deep = { kind: 'deep' } as const;

function judged(checks: readonly Check[]) {
  const known = NO_SOURCE_FAULTS;
  const blobs = { kind: 'none' } as const;
  return judgePoint({ stamp, files: [], runEnd: 'alone', known, checks, blobs });
}

describe('words of verification', () => {
  it.each([
    ['nobody has looked', [], undefined],
    ['every byte was read', [look('02')], '2026-03-02'],
    ['the last was a deep one', [look('02'), look('03', deep)], '2026-03-03 deep'],
    ['a shallower one came after', [look('02', deep), look('03')], '2026-03-03, 2026-03-02 deep'],
    ['both were on one day', [look('02', deep), look('02')], '2026-03-02 deep'],
    ['it was a sample', [look('02', { kind: 'sample' })], undefined],
    ['a wrapper hides records', [look('02', { wrapped: true })], '2026-03-02 checksums only'],
    [
      'a shallower one finds nothing of what a deep one found',
      [look('02', { ...deep, outcome: 'bad' }), look('03')],
      'BAD 2026-03-02 deep',
    ],
  ])('where %s', (_, checks, text) => {
    expect(wordsOfVerification(judged(checks), checks)?.text).toBe(text);
  });

  it('know nothing of test restores, which have their own', () => {
    const checks = [look('02', { kind: 'rehearsal' })];
    expect(wordsOfVerification(judged(checks), checks)).toBeUndefined();
    expect(wordsOfTestRestore(judged(checks), checks)?.text).toBe('2026-03-02');
  });
});

describe('times of looks', () => {
  it.each([
    [[], ['never verified']],
    [[look('02')], ['verified 2026-03-02 05:00:00 (UTC)']],
    [[look('02', deep)], ['verified 2026-03-02 05:00:00 (UTC), with --deep']],
    [
      [look('02', deep), look('03')],
      ['verified 2026-03-03 05:00:00 (UTC)', 'verified with --deep 2026-03-02 05:00:00 (UTC)'],
    ],
    [
      [look('02', { kind: 'rehearsal' })],
      ['never verified', 'test-restored 2026-03-02 05:00:00 (UTC)'],
    ],
  ])('say each kind, %#', (checks, words) => {
    expect(timesOfLooks(checks)).toEqual(words);
  });
});
