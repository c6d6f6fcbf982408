import { describe, expect, it } from 'vitest';
import { LINK_BYTES, madeChain } from '../../test/support/made-chain.ts';
import { type BackupPlan, planBackup } from './backup-plan.ts';
import type { Comparison } from './lineage/comparison.ts';

const chain = madeChain(['2026-03-01-00-00-00']);
const POSSIBLE = { kind: 'possible', chain, end: LINK_BYTES } as const;
const SAME: Comparison = { kind: 'same' };

describe('the plan of a backup', () => {
  it.each<[number, BackupPlan['kind']]>([
    [LINK_BYTES - 1, 'full'],
    [LINK_BYTES, 'nothing'],
    [LINK_BYTES + 1, 'increment'],
  ])('for the same log that ends at %d', (committedEnd, kind) => {
    const plan = planBackup(POSSIBLE, { comparison: SAME, committedEnd, otherBy: 'a pack' });
    expect([plan.kind, plan.end]).toEqual([kind, committedEnd]);
    if (plan.kind === 'increment') expect(plan.start).toBe(LINK_BYTES);
  });

  it.each<[string, Parameters<typeof planBackup>[0], Comparison | undefined, string]>([
    [
      'there is none to continue',
      { kind: 'impossible', reason: 'there is none' },
      undefined,
      'there is none',
    ],
    [
      'it has become shorter',
      { kind: 'impossible', reason: 'it is shorter', isOther: true },
      undefined,
      'it is shorter (a pack)',
    ],
    ['nobody has compared it', POSSIBLE, undefined, 'not compared'],
    [
      'its bytes are others',
      POSSIBLE,
      { kind: 'differs', reason: 'byte 5', isOther: true },
      'byte 5 (a pack)',
    ],
  ])('is a full backup, and says why, where %s', (_, continuation, comparison, reason) => {
    const plan = planBackup(continuation, { comparison, committedEnd: 500, otherBy: 'a pack' });
    expect([plan.kind, plan.end]).toEqual(['full', 500]);
    expect(plan.reason).toContain(reason);
  });
});
