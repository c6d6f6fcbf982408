import { describe, expect, it } from 'vitest';
import { madeChain } from '../../../test/support/made-chain.ts';
import { isExplained } from './explained-by-restore.ts';
import type { PastRestore } from './restore-history.ts';

/** Each backup has one transaction more than the one before. */
const chain = madeChain(
  ...[1, 2, 3].map((day) => {
    const tid = `${'0'.repeat(15)}${day}`;
    const madeAt = `2026-03-0${day}T00:00:00.000Z`;
    return [`2026-03-0${day}-00-00-00`, { lastTid: tid, madeAt }] as const;
  }),
);
const day = (number: number) => new Date(`2026-03-0${number}T00:00:00Z`);
const restoreOf = (stamp: string | undefined, on: number) =>
  ({ kind: 'restore', at: day(on), stamp }) as const;
const undo = (since: number, on: number): PastRestore => {
  return { kind: 'undo', at: day(on), since: day(since), undone: restoreOf(undefined, since) };
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

  it('is explained by a restore from a chain that lacked its own end', () => {
    const lost = madeChain(['2026-03-01-00-00-00', { lostEnd: true, lastTid: 'f'.repeat(16) }]);
    const past = [restoreOf('2026-03-01-00-00-00', 4)];
    const [, second] = chain.links;
    expect(second && isExplained(second, { past, chains: [lost] })).toBe(true);
  });
});
