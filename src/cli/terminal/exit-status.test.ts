import { describe, expect, it } from 'vitest';
import { worstStatus } from './exit-status.ts';

describe('the exit status of several things', () => {
  it.each([
    [[0, 3], 3],
    [[3, 4, 0], 4],
    [[4, 2], 2],
    [[2, 1, 4], 1],
    [[1, 130, 2], 130],
    [[0, 0], 0],
    [[], 0],
  ])('of %j is %d', (statuses, worst) => {
    expect(worstStatus(statuses)).toBe(worst);
    expect(worstStatus([...statuses].reverse())).toBe(worst);
  });
});
