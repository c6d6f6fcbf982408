import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksOf, streamOf } from '../../../test/support/chunks.ts';
import { collect, drain, inChunksOf, inParallel, tap } from './pipeline.ts';

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function drainItems(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

async function* numbers(count: number) {
  for (let number = 0; number < count; number++) yield number;
}

describe('chunks of one size', () => {
  it('are the same bytes; only the last may be shorter', async () => {
    const sizes = fc.tuple(
      fc.nat(300),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
    );
    await fc.assert(
      fc.asyncProperty(sizes, async ([length, from, to]) => {
        const bytes = Buffer.from(Array.from({ length }, (_, place) => place % 256));
        const chunks = await all(inChunksOf(streamOf(bytes, from), to));
        expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
        for (const chunk of chunks.slice(0, -1)) expect(chunk.length).toBe(to);
        for (const chunk of chunks.slice(-1)) expect(chunk.length).toBeGreaterThan(0);
      }),
    );
  });
});

/** Numbers without end, and whether their consumer has closed them. */
function endless() {
  const state = { given: 0, isClosed: false };
  async function* items() {
    try {
      for (;;) yield state.given++;
    } finally {
      state.isClosed = true;
    }
  }
  return { items: items(), state };
}

describe('chunks of one size, at the edges', () => {
  it.each([
    [0, []],
    [1, [1]],
    [9, [9]],
    [10, [10]],
    [11, [10, 1]],
    [20, [10, 10]],
    [29, [10, 10, 9]],
  ])('of %d bytes are of sizes %j', async (length, sizes) => {
    for (const from of [1, 3, 10, 30]) {
      const chunks = await all(inChunksOf(streamOf(Buffer.alloc(length), from), 10));
      expect(chunks.map((chunk) => chunk.length)).toEqual(sizes);
    }
  });

  it('do not show that there were empty ones', async () => {
    const parts = ['', 'ab', '', 'c', ''].map((text) => Buffer.from(text));
    async function* source() {
      yield* parts;
    }
    const chunks = await all(inChunksOf(source(), 2));
    expect(chunks.map((chunk) => Buffer.from(chunk).toString())).toEqual(['ab', 'c']);
  });
});

describe('work in parallel', () => {
  it('gives results in order, whichever is ready first', async () => {
    const order = fc.uniqueArray(fc.nat(5), { minLength: 6, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(order, async (order) => {
        const finish = new Map<number, () => void>();
        const work = async (number: number) => {
          const done = new Promise<void>((resolve) => finish.set(number, resolve));
          if (finish.size === order.length) {
            for (const one of order) {
              if (one === number) queueMicrotask(() => finish.get(one)?.());
              else finish.get(one)?.();
            }
          }
          await done;
          return number;
        };
        const results = await all(inParallel(numbers(6), { limit: 6, work }));
        expect(results).toEqual([0, 1, 2, 3, 4, 5]);
      }),
    );
  });

  it.each([1, 2, 7])('begins no more than %d at a time', async (limit) => {
    const state = { running: 0, most: 0 };
    const work = async (number: number) => {
      state.running += 1;
      state.most = Math.max(state.most, state.running);
      await new Promise((resolve) => setImmediate(resolve));
      state.running -= 1;
      return number;
    };
    expect((await all(inParallel(numbers(30), { limit, work }))).length).toBe(30);
    expect(state).toEqual({ running: 0, most: limit });
  });

  it('has ended all that it began before a failure comes out', async () => {
    const { items, state } = endless();
    const release: (() => void)[] = [];
    let [begun, ended] = [0, 0];
    const work = async (number: number) => {
      begun += 1;
      if (number === 0) {
        // Only when the others run; they are let go once this failure is on its way.
        setImmediate(() => {
          for (const go of release) go();
        });
        throw new RangeError('zero');
      }
      await new Promise<void>((resolve) => release.push(resolve));
      ended += 1;
      return number;
    };
    await expect(all(inParallel(items, { limit: 4, work }))).rejects.toThrow('zero');
    expect([begun, ended, state]).toEqual([4, 3, { given: 4, isClosed: true }]);
  });

  it('has ended all that it began, and closed its source, when nobody wants the rest', async () => {
    const { items, state } = endless();
    let [begun, ended] = [0, 0];
    const work = async (number: number) => {
      begun += 1;
      await new Promise((resolve) => setImmediate(resolve));
      ended += 1;
      return number;
    };
    for await (const result of inParallel(items, { limit: 4, work })) {
      expect(result).toBe(0);
      break;
    }
    expect(state.isClosed).toBe(true);
    expect(begun).toBe(4);
    expect(ended).toBe(begun);
  });

  it('passes on the error of its source when it has ended what it began', async () => {
    let ended = 0;
    async function* failing() {
      yield* numbers(2);
      throw new RangeError('source');
    }
    const work = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      ended += 1;
    };
    await expect(drainItems(inParallel(failing(), { limit: 4, work }))).rejects.toThrow('source');
    expect(ended).toBe(2);
  });

  it('gives nothing for nothing', async () => {
    const work = async (number: number) => number;
    expect(await all(inParallel(numbers(0), { limit: 4, work }))).toEqual([]);
  });

  it('gives results in order, with no more than the limit at a time', async () => {
    let running = 0;
    let most = 0;
    const work = async (number: number) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, (number * 7) % 5));
      running -= 1;
      return number * 2;
    };
    const results = await all(inParallel(numbers(50), { limit: 4, work }));
    expect(results).toEqual(Array.from({ length: 50 }, (_, number) => number * 2));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('lets a failure out in its turn, and waits for what is under way', async () => {
    const ended: number[] = [];
    const work = async (number: number) => {
      if (number === 3) throw new RangeError('three');
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended.push(number);
      return number;
    };
    const results: number[] = [];
    const run = async () => {
      for await (const result of inParallel(numbers(50), { limit: 3, work })) results.push(result);
    };
    await expect(run()).rejects.toThrow('three');
    expect(results).toEqual([0, 1, 2]);
    const count = ended.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended.length).toBe(count);
  });
});

describe('tap', () => {
  it('sees every chunk and changes nothing', async () => {
    const bytes = Buffer.from('all of these bytes');
    const seen: Uint8Array[] = [];
    const passed = await collect(tap(streamOf(bytes, 5), (chunk) => seen.push(chunk)));
    expect(passed.equals(bytes)).toBe(true);
    expect(seen).toEqual([...chunksOf(bytes, 5)]);
  });
});

describe('end of a pipeline', () => {
  it('has all bytes in one piece, also when there are none', async () => {
    expect((await collect(streamOf(Buffer.from('bytes'), 2))).toString()).toBe('bytes');
    expect((await collect(streamOf(Buffer.alloc(0)))).length).toBe(0);
  });

  it('lets the taps see everything', async () => {
    let seen = 0;
    await drain(
      tap(streamOf(Buffer.alloc(1000), 7), (chunk) => {
        seen += chunk.length;
      }),
    );
    expect(seen).toBe(1000);
  });
});
