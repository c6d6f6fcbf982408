import { describe, expect, it } from 'vitest';
import type { FullReason } from '../../repository/backup-plan.ts';
import { describePlan } from './backup-plan.ts';

const END = 4096;
const OTHER = { kind: 'other-bytes', start: 5, end: 6 } as const;

describe('the sentence on a plan', () => {
  it.each<[FullReason, string]>([
    [{ kind: 'asked-for' }, 'a full backup was asked for'],
    [
      { kind: 'shorter', sizeBytes: 5, backedUpBytes: 9 },
      'the Data.fs has 5 bytes, less than the 9 backed up (a pack or a restore does this)',
    ],
    [
      { kind: 'ends-before', end: END },
      'the last complete transaction ends at 4096, before the last backup does (a pack or a restore does this)',
    ],
    [
      { kind: 'not-compared' },
      'the Data.fs is not a continuation: it was not compared with the last backup',
    ],
    [
      { kind: 'no-continuation', by: OTHER },
      'the Data.fs is not a continuation: the bytes from 5 to 6 are others (a pack or a restore does this)',
    ],
    [
      { kind: 'no-continuation', by: { kind: 'unreadable', state: 'it is damaged' } },
      'the Data.fs is not a continuation: it is damaged',
    ],
  ])('tells a pack from a backup that can not be used: %o', (reason, because) => {
    const plan = { kind: 'full', end: END, reason, restoredAt: undefined } as const;
    expect(describePlan(plan)).toMatch(/^Full backup of /);
    expect(describePlan(plan).endsWith(`: ${because}`)).toBe(true);
  });

  it('names the restore that made the Data.fs another', () => {
    const plan = {
      kind: 'full',
      end: END,
      reason: { kind: 'no-continuation', by: OTHER },
      restoredAt: '2026-03-01T04:05:06.789Z',
    } as const;
    expect(describePlan(plan)).toContain(
      'are others (it was restored at 2026-03-01 04:05:06, UTC)',
    );
  });

  it('counts what was committed', () => {
    expect(describePlan({ kind: 'nothing', end: END })).toBe(
      'Nothing to do: nothing was committed since the last backup',
    );
  });
});
