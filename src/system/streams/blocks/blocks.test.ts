import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksOf } from '../../../../test/support/chunks.ts';
import { memorySource } from '../../files/byte-source.ts';
import { BLOCK_BYTES, BlockRing, KEPT_BLOCKS, ringOf, type Slot } from './block-ring.ts';
import { gatherBlocks, readBlocks } from './blocks.ts';

const BYTES = randomBytes(40 * BLOCK_BYTES);

/** Sizes around whole blocks, and any others. */
const SIZES = fc.oneof(
  fc
    .tuple(fc.nat(40), fc.constantFrom(-1, 0, 1))
    .map(([blocks, more]) => Math.min(Math.max(0, blocks * BLOCK_BYTES + more), BYTES.length)),
  fc.nat(BYTES.length),
);

function ringOfBlock(block: Uint8Array): BlockRing {
  const ring = ringOf(block);
  if (ring === undefined) throw new TypeError('it lies in no ring');
  return ring;
}

/** Someone who holds blocks for longer than the consumer does, as a thread that lags behind. */
class Holder {
  readonly #held: { readonly slot: Slot; readonly expected: Uint8Array }[] = [];

  hold(block: Uint8Array): void {
    this.#held.push({ slot: ringOfBlock(block).hold(block), expected: Buffer.from(block) });
  }

  /** Whether the oldest ones have not been changed; lets them go. */
  letGo(count: number): boolean {
    const gone = this.#held.splice(0, count);
    const isUnchanged = gone.every(
      ({ slot, expected }) => Buffer.compare(slot.bytes, expected) === 0,
    );
    for (const { slot } of gone) slot.release();
    return isUnchanged;
  }
}

/** Consumes up to `stopAfter` blocks and checks all that is promised of each. */
async function consume(
  blocks: AsyncIterable<Uint8Array>,
  { lags, stopAfter }: { readonly lags: readonly number[]; readonly stopAfter: number },
): Promise<Buffer> {
  const holder = new Holder();
  const kept: { readonly block: Uint8Array; readonly copy: Buffer }[] = [];
  const found: Buffer[] = [];
  let ring: BlockRing | undefined;
  for await (const block of blocks) {
    ring = ringOfBlock(block);
    const copy = Buffer.from(block);
    found.push(copy);
    holder.hold(block);
    const lag = lags[found.length % lags.length] ?? 0;
    // At random times, or a thread would never be behind; not in this turn, or it would never be late.
    setImmediate(() => expect(holder.letGo(1 + lag)).toBe(true));
    for (let turns = lag; turns > 0; turns--) await turn();
    kept.push({ block, copy });
    if (kept.length > KEPT_BLOCKS) kept.shift();
    for (const { block, copy } of kept) expect(Buffer.compare(block, copy)).toBe(0);
    if (found.length === stopAfter) break;
  }
  expect(holder.letGo(Number.POSITIVE_INFINITY)).toBe(true);
  expect(ring?.heldCount ?? 0).toBe(0);
  return Buffer.concat(found);
}

const LAGS = fc.array(fc.nat(4), { minLength: 1, maxLength: 5 });
const STOPS = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 40 }));

function expectBeginning(found: Buffer, all: Uint8Array, stopAfter: number): void {
  const length = Math.min(all.length, stopAfter * BLOCK_BYTES);
  expect(found.length).toBe(length);
  expect(Buffer.compare(found, all.subarray(0, length))).toBe(0);
}

describe('blocks of a source', () => {
  it('are its bytes, unchanged as long as somebody holds them, and all released in the end', async () => {
    await fc.assert(
      fc.asyncProperty(SIZES, SIZES, LAGS, STOPS, async (one, other, lags, stopAfter) => {
        const range = { start: Math.min(one, other), end: Math.max(one, other) };
        const found = await consume(readBlocks(memorySource(BYTES), range), { lags, stopAfter });
        expectBeginning(found, BYTES.subarray(range.start, range.end), stopAfter);
      }),
      { numRuns: 15 },
    );
  });

  it('of several ranges, one after the other, lie in one ring', async () => {
    const ring = new BlockRing();
    const [first, second] = [BYTES.subarray(0, 20 * BLOCK_BYTES), BYTES.subarray(20 * BLOCK_BYTES)];
    for (const half of [first, second, first]) {
      const blocks = readBlocks(memorySource(half), { start: 0, end: half.length }, ring);
      const found = await consume(blocks, { lags: [0, 3, 1], stopAfter: 15 });
      expectBeginning(found, half, 15);
    }
    expect(ring.heldCount).toBe(0);
  });

  it('end with the failure of the source, and all are released', async () => {
    let ring: BlockRing | undefined;
    const tooFar = { start: 0, end: BYTES.length + 1 };
    const read = async () => {
      for await (const block of readBlocks(memorySource(BYTES), tooFar)) ring = ringOfBlock(block);
    };
    await expect(read()).rejects.toMatchObject({ code: 'damaged' });
    expect(ring?.heldCount).toBe(0);
  });
});

describe('gathered blocks', () => {
  it('are the same bytes in whole blocks, whatever they come in', async () => {
    const pieces = fc.oneof(
      fc.integer({ min: 1000, max: 5 * BLOCK_BYTES }),
      fc.constant(BLOCK_BYTES),
    );
    await fc.assert(
      fc.asyncProperty(SIZES, pieces, LAGS, STOPS, async (size, piece, lags, stopAfter) => {
        const all = BYTES.subarray(0, size);
        const found = await consume(gatherBlocks(chunksOf(all, piece)), { lags, stopAfter });
        expectBeginning(found, all, stopAfter);
      }),
      { numRuns: 15 },
    );
  });

  it('are passed on where they lie in a ring before', async () => {
    const seen: Uint8Array[] = [];
    async function* source() {
      for await (const block of readBlocks(memorySource(BYTES), { start: 0, end: BYTES.length })) {
        seen.push(block);
        yield block;
      }
    }
    let count = 0;
    for await (const block of gatherBlocks(source())) {
      expect(block.byteOffset).toBe(seen.at(-1)?.byteOffset);
      expect(block.buffer).toBe(seen.at(-1)?.buffer);
      count += 1;
    }
    expect(count).toBe(40);
  });
});
