import { describe, expect, it } from 'vitest';
import type { FullReason } from '../../repository/backup-plan.ts';
import { describePlan } from './backup-plan.ts';

const END = 4096;
const OTHER = { kind: 'other-bytes', start: 5, end: 6 } as const;

describe('the sentence on a plan', () => {
  it.each<[FullReason, string]>([
    [{ kind: 'asked-for' }, 'a full backup was requested'],
    [
      { kind: 'shorter', sizeBytes: 5, backedUpBytes: 9 },
      'the Data.fs has 5 bytes, and the last backup ends at 9 (as after a pack or a restore)',
    ],
    [
      { kind: 'ends-before', end: END },
      'the last complete transaction ends at 4096, before the last backup does (as after a pack or a restore)',
    ],
    [{ kind: 'not-compared' }, 'the Data.fs was not compared with the last backup'],
    [
      { kind: 'no-continuation', by: OTHER },
      'the Data.fs does not continue the last backup: the bytes from 5 to 6 differ (as after a pack or a restore)',
    ],
    [
      { kind: 'no-continuation', by: { kind: 'unreadable', state: 'it is damaged' } },
      'the Data.fs does not continue the last backup: it is damaged',
    ],
  ])('tells a pack from a backup that cannot be used: %o', (reason, because) => {
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
    expect(describePlan(plan)).toContain('differ (it was restored at 2026-03-01 04:05:06 (UTC))');
  });

  it('counts what was committed', () => {
    expect(describePlan({ kind: 'nothing', end: END })).toBe(
      'No new backup of the Data.fs: nothing was committed since the last backup',
    );
  });
});
