import { describe, expect, it } from 'vitest';
import { cooperatively, eachInTurn, giveWay } from './cooperative.ts';

/** Something that waits for its turn. */
function waiting(): { hadItsTurn: boolean } {
  const other = { hadItsTurn: false };
  setTimeout(() => {
    other.hadItsTurn = true;
  }, 0);
  return other;
}

// What goes on until something else had its turn never ends if nothing else gets one.
describe('work without anything to wait for', () => {
  it('gives way to what waits for its turn', async () => {
    const other = waiting();
    while (!other.hadItsTurn) await giveWay();
  });

  it('does so in steps, and gives its result', async () => {
    const other = waiting();
    const work = function* () {
      while (!other.hadItsTurn) yield;
      return 'result';
    };
    expect(await cooperatively(work())).toBe('result');
  });

  it('does so between the items of a list, each of which it takes once, in order', async () => {
    const other = waiting();
    const items = function* () {
      for (let item = 0; !other.hadItsTurn; item++) yield item;
    };
    const taken: number[] = [];
    await eachInTurn(items(), (item) => taken.push(item));
    expect(taken).toEqual(taken.map((_, place) => place));
    await eachInTurn([], () => expect.unreachable());
  });

  it('ends with the reason of a signal, and closes what it has open', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('stopped')), 0);
    let isOpen = true;
    const work = function* () {
      try {
        for (;;) yield;
      } finally {
        isOpen = false;
      }
    };
    await expect(cooperatively(work(), controller.signal)).rejects.toThrow('stopped');
    expect(isOpen).toBe(false);
    await expect(giveWay(controller.signal)).rejects.toThrow('stopped');
  });
});
