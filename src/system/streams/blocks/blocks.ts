import type { ByteRange, ByteSource } from '../../files/byte-source.ts';
import { BLOCK_BYTES, BlockRing, KEPT_BLOCKS, ringOf, type Slot } from './block-ring.ts';

/** Blocks that are read while those in front of them are in work. */
const AHEAD = 3;

/**
 * The bytes of a range in blocks that threads share. A block stays as it is until {@link KEPT_BLOCKS} more were pulled,
 * and as long as somebody holds it.
 *
 * @param ring - where they lie; the blocks of another range may lie there before and afterwards, but not meanwhile
 */
export function readBlocks(
  source: ByteSource,
  range: ByteRange,
  ring = new BlockRing(),
): AsyncGenerator<Uint8Array> {
  return keeping(readAhead(source, { range, ring }));
}

async function* readAhead(
  source: ByteSource,
  { range, ring }: { readonly range: ByteRange; readonly ring: BlockRing },
): AsyncGenerator<Slot> {
  const ahead: Promise<Slot>[] = [];
  try {
    for (const part of partsOf(range)) {
      const filling = fill(await ring.free(), { source, part });
      filling.catch(() => {}); // It is awaited when its turn comes.
      ahead.push(filling);
      const first = ahead.length > AHEAD ? ahead.shift() : undefined;
      if (first !== undefined) yield await first;
    }
    for (let first = ahead.shift(); first !== undefined; first = ahead.shift()) yield await first;
  } finally {
    for (const filling of ahead) (await filling.catch(() => undefined))?.release();
  }
}

async function fill(
  { bytes, release }: Slot,
  { source, part }: { readonly source: ByteSource; readonly part: ByteRange },
): Promise<Slot> {
  const block = bytes.subarray(0, part.end - part.start);
  try {
    await source.readInto(block, part.start);
    return { bytes: block, release };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * The same bytes in blocks that threads share. What comes as such a block is passed on as it is.
 *
 * @param ring - where they lie, as for {@link readBlocks}
 */
export function gatherBlocks(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ring = new BlockRing(),
): AsyncGenerator<Uint8Array> {
  return keeping(gathered(chunks, ring));
}

async function* gathered(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ring: BlockRing,
): AsyncGenerator<Slot> {
  let begun: Slot | undefined;
  let filled = 0;
  try {
    for await (const chunk of chunks) {
      const own = begun === undefined ? ringOf(chunk) : undefined;
      if (own !== undefined) {
        yield own.hold(chunk);
        continue;
      }
      for (let taken = 0; taken < chunk.length; ) {
        begun ??= await ring.free();
        const part = chunk.subarray(taken, taken + BLOCK_BYTES - filled);
        begun.bytes.set(part, filled);
        taken += part.length;
        filled += part.length;
        if (filled < BLOCK_BYTES) continue;
        const full = begun;
        begun = undefined;
        filled = 0;
        yield full;
      }
    }
    if (begun === undefined) return;
    const last = begun;
    begun = undefined;
    yield { bytes: last.bytes.subarray(0, filled), release: last.release };
  } finally {
    begun?.release();
  }
}

function* partsOf({ start, end }: ByteRange): Generator<ByteRange> {
  for (let position = start; position < end; position += BLOCK_BYTES) {
    yield { start: position, end: Math.min(position + BLOCK_BYTES, end) };
  }
}

/** Gives the blocks, and releases each when enough others were pulled behind it. */
async function* keeping(slots: AsyncIterable<Slot>): AsyncGenerator<Uint8Array> {
  const kept: Slot[] = [];
  try {
    for await (const slot of slots) {
      kept.push(slot);
      yield slot.bytes;
      if (kept.length > KEPT_BLOCKS) kept.shift()?.release();
    }
  } finally {
    for (const slot of kept) slot.release();
  }
}
