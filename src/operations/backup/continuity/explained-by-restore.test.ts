import { describe, expect, it } from 'vitest';
import { madeChain } from '../../../../test/support/made-chain.ts';
import { isExplained } from './explained-by-restore.ts';
import type { PastRestore } from './restore-history.ts';
import { momentOf } from './swap-moment.ts';

/** Each backup has one transaction more than the one before. */
const chain = madeChain(
  ...[1, 2, 3].map((day) => {
    const tid = `${'0'.repeat(15)}${day}`;
    const madeAt = `2026-03-0${day}T00:00:00.000Z`;
    return [`2026-03-0${day}-00-00-00`, { lastTid: tid, madeAt }] as const;
  }),
);
const day = (number: number) => new Date(`2026-03-0${number}T00:00:00Z`);
const on = (number: number) => momentOf(day(number), day(9));
const restoreOf = (stamp: string | undefined, at: number) =>
  ({ kind: 'restore', moment: on(at), stamp }) as const;
const undo = (since: number, at: number): PastRestore => {
  return { kind: 'undo', moment: on(at), undone: restoreOf(undefined, since) };
};

describe('the missing end of a backup', () => {
  it.each<[string, readonly PastRestore[], boolean]>([
    ['nothing was ever restored', [], false],
    ['an earlier point was restored since', [restoreOf('2026-03-01-00-00-00', 4)], true],
    ['an earlier point was restored before', [restoreOf('2026-03-01-00-00-00', 1)], false],
    ['that very point was restored since', [restoreOf('2026-03-02-00-00-00', 4)], false],
    ['a later point was restored since', [restoreOf('2026-03-03-00-00-00', 4)], false],
    ['nothing tells which point was restored', [restoreOf(undefined, 4)], true],
    [
      'a restore was undone that came after it',
      [restoreOf('2026-03-01-00-00-00', 4), undo(5, 6)],
      true,
    ],
    ['a restore was undone that came before it', [undo(1, 6)], true],
    ['a restore was undone that came after it, and none before', [undo(5, 6)], false],
  ])('is explained or not where %s', (_, past, expected) => {
    const second = chain.links[1];
    expect(second && isExplained(second, { past, chains: [chain] })).toBe(expected);
  });

  it('is not explained by a restore, or an undo, of which the log tells that they came before it', () => {
    const [, second] = chain.links;
    const moment = { ...on(4), behind: new Set([String(second?.file.stamp)]) };
    for (const one of [restoreOf('2026-03-01-00-00-00', 4), undo(1, 4)]) {
      expect(second && isExplained(second, { past: [{ ...one, moment }], chains: [chain] })).toBe(
        false,
      );
    }
  });

  it('is explained by a restore behind it in the log, whatever its clock said', () => {
    const [, second] = chain.links;
    const ahead = new Set([String(second?.file.stamp)]);
    for (const at of [undefined, day(1)]) {
      const moment = { at, ahead, behind: new Set<string>() };
      const past = [{ ...restoreOf('2026-03-01-00-00-00', 4), moment }];
      expect(second && isExplained(second, { past, chains: [chain] })).toBe(true);
    }
  });

  it.each<[string, readonly PastRestore[], boolean]>([
    ['a backup that lacks it was restored', [restoreOf('2026-03-04-00-00-00', 5)], false],
    ['an earlier point was restored', [restoreOf('2026-03-01-00-00-00', 5)], false],
    ['a restore from before was undone', [undo(1, 5)], false],
    [
      'it was restored, and then an earlier point',
      [restoreOf('2026-03-03-00-00-00', 5), restoreOf('2026-03-01-00-00-00', 6)],
      true,
    ],
  ])('that was lost before is explained or not where %s', (_, past, expected) => {
    const record = { lostEnd: true, lastTid: 'f'.repeat(16), madeAt: day(4).toISOString() };
    const lacking = madeChain(['2026-03-04-00-00-00', record]);
    const third = chain.links[2];
    expect(third && isExplained(third, { past, chains: [chain, lacking] })).toBe(expected);
  });

  it('is explained by a restore from a chain that lacked its own end', () => {
    const lost = madeChain(['2026-03-01-00-00-00', { lostEnd: true, lastTid: 'f'.repeat(16) }]);
    const past = [restoreOf('2026-03-01-00-00-00', 4)];
    const [, second] = chain.links;
    expect(second && isExplained(second, { past, chains: [lost] })).toBe(true);
  });
});
