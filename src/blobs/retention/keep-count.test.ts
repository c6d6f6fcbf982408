import { describe, expect, it } from 'vitest';
import { planKeepFulls } from './keep-count.ts';

describe('rule of keep', () => {
  it.each([
    [0, 'abcd'],
    [1, 'd'],
    [2, 'cd'],
    [4, 'abcd'],
    [5, 'abcd'],
  ])('with %d keeps %s of abcd', (keep, kept) => {
    const verdicts = planKeepFulls(['a', 'b', 'c', 'd'], keep);
    const stay = verdicts.filter(({ kind }) => kind === 'keep').map(({ item }) => item);
    expect(stay.join('')).toBe(kept);
    for (const { reason } of verdicts) expect(reason).not.toBe('');
  });

  it('keeps nothing of nothing', () => {
    expect(planKeepFulls([], 3)).toEqual([]);
  });
});
