import { describe, expect, it } from 'vitest';
import { LINK_BYTES, madeChain } from '../../test/support/made-chain.ts';
import { type BackupPlan, planBackup } from './backup-plan.ts';
import type { Comparison } from './lineage/comparison.ts';

const chain = madeChain(['2026-03-01-00-00-00']);
const POSSIBLE = { kind: 'possible', chain, end: LINK_BYTES } as const;
const SAME: Comparison = { kind: 'same' };
const OTHER = { kind: 'other-bytes', start: 5, end: 6 } as const;
const SHORTER = { kind: 'shorter', sizeBytes: 5, backedUpBytes: 9 } as const;

describe('the plan of a backup', () => {
  it.each<[number, BackupPlan['kind']]>([
    [LINK_BYTES - 1, 'full'],
    [LINK_BYTES, 'nothing'],
    [LINK_BYTES + 1, 'increment'],
  ])('for the same log that ends at %d', (committedEnd, kind) => {
    const plan = planBackup(POSSIBLE, { comparison: SAME, committedEnd, restoredAt: undefined });
    expect([plan.kind, plan.end]).toEqual([kind, committedEnd]);
    if (plan.kind === 'increment') expect(plan.start).toBe(LINK_BYTES);
  });

  it.each<
    [
      string,
      Parameters<typeof planBackup>[0],
      Comparison | undefined,
      Extract<BackupPlan, { kind: 'full' }>['reason'],
    ]
  >([
    [
      'there is none to continue',
      { kind: 'impossible', reason: { kind: 'first' } },
      undefined,
      { kind: 'first' },
    ],
    ['it has become shorter', { kind: 'impossible', reason: SHORTER }, undefined, SHORTER],
    ['nobody has compared it', POSSIBLE, undefined, { kind: 'not-compared' }],
    [
      'its bytes are others',
      POSSIBLE,
      { kind: 'differs', by: OTHER },
      { kind: 'no-continuation', by: OTHER },
    ],
  ])('is a full backup, and says why, where %s', (_, continuation, comparison, reason) => {
    const restoredAt = '2026-03-01T00:00:00.000Z';
    const plan = planBackup(continuation, { comparison, committedEnd: 500, restoredAt });
    expect(plan).toEqual({ kind: 'full', end: 500, reason, restoredAt });
  });
});
