import { describe, expect, it } from 'vitest';
import { type Patience, Retries, tryAgain } from './retries.ts';

const QUICK: Patience = { giveUpAfterMs: 50, firstPauseMs: 1, longestPauseMs: 4 };

describe('retries', () => {
  it('go on until it succeeds', async () => {
    const attempts: number[] = [];
    const work = async (attempt: number) => {
      attempts.push(attempt);
      if (attempt < 4) throw new Error('not yet');
      return 'done';
    };
    expect(await tryAgain(work, { patience: QUICK, pauseAfter: () => 0 })).toBe('done');
    expect(attempts).toEqual([1, 2, 3, 4]);
  });

  it('end at once where they do not help', async () => {
    let attempts = 0;
    const work = async () => {
      attempts += 1;
      throw new Error('never');
    };
    const done = tryAgain(work, { patience: QUICK, pauseAfter: () => undefined });
    await expect(done).rejects.toThrow('never');
    expect(attempts).toBe(1);
  });

  it('end with the last error when their time is over, which begins again with each progress', async () => {
    const settings = { patience: { ...QUICK, giveUpAfterMs: 0 }, pauseAfter: () => 0 };
    await expect(new Retries(settings).waitAfter(new Error('first'))).rejects.toThrow('first');
    const retries = new Retries({ patience: QUICK, pauseAfter: () => 0, random: () => 1 });
    const failUntilItEnds = async () => {
      for (let count = 0; ; count++) {
        try {
          await retries.waitAfter(new Error('again'));
        } catch {
          return count;
        }
      }
    };
    expect(await failUntilItEnds()).toBeGreaterThan(2);
    expect(await failUntilItEnds()).toBe(0);
    retries.progress();
    expect(await failUntilItEnds()).toBeGreaterThan(2);
  });

  it('stop with the reason of the signal, also while they wait', async () => {
    const stopping = new AbortController();
    const patience = { giveUpAfterMs: 1e9, firstPauseMs: 1e9, longestPauseMs: 1e9 };
    const settings = { patience, pauseAfter: () => 0, signal: stopping.signal, random: () => 0.5 };
    const waiting = new Retries(settings).waitAfter(new Error('again'));
    stopping.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(new Retries(settings).waitAfter(new Error('again'))).rejects.toThrow('enough');
  });

  it('wait as long as the server asks for, if that is not too long', async () => {
    const began = performance.now();
    const settings = { patience: QUICK, pauseAfter: () => 1e9, random: () => 0 };
    await new Retries(settings).waitAfter(new Error('again'));
    expect(performance.now() - began).toBeGreaterThanOrEqual(3);
  });
});
