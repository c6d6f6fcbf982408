import { Failure } from '../failure.ts';

/** A step of a pipeline of bytes. It cleans up after itself when its consumer stops early. */
export type Stage = (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** Shows each chunk to `look` and passes it on unchanged. */
export async function* tap(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  look: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    look(chunk);
    yield chunk;
  }
}

/** The same bytes in chunks of exactly `sizeBytes`; only the last one may be shorter. */
export async function* inChunksOf(
  source: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  for await (const chunk of source) {
    let offset = 0;
    while (keptBytes + chunk.length - offset >= sizeBytes) {
      const end = offset + sizeBytes - keptBytes;
      const part = chunk.subarray(offset, end);
      yield keptBytes === 0 ? part : Buffer.concat([...kept, part]);
      kept = [];
      keptBytes = 0;
      offset = end;
    }
    if (offset < chunk.length) {
      kept.push(chunk.subarray(offset));
      keptBytes += chunk.length - offset;
    }
  }
  if (keptBytes > 0) yield Buffer.concat(kept);
}

/**
 * Applies `work` to each item, up to `limit` at a time, and gives the results in the items' order.
 * A failure comes out when its turn comes; what else is under way is waited for.
 */
export async function* inParallel<Item, Result>(
  items: AsyncIterable<Item>,
  { limit, work }: { readonly limit: number; readonly work: (item: Item) => Promise<Result> },
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const promise = work(item);
      promise.catch(() => {}); // It is awaited below, in its turn.
      running.push(promise);
      const first = running.length >= limit ? running.shift() : undefined;
      if (first !== undefined) yield await first;
    }
    for (let first = running.shift(); first !== undefined; first = running.shift()) {
      yield await first;
    }
  } finally {
    await Promise.allSettled(running);
  }
}

/** The items of a list, for who takes them one after the other. */
export async function* each<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}

/** All bytes in one piece: for what is known to be small. */
export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** All bytes into memory of the caller, which has room for them. */
export async function collectInto(
  target: Uint8Array,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  let filled = 0;
  for await (const chunk of source) {
    target.set(chunk, filled);
    filled += chunk.length;
  }
}

/** Most bytes that {@link collectSmall} takes: a `.dat` of 300 000 lines. */
const SMALL_BYTES = 32 << 20;

/** The same for files that should be small. Failure `damaged` for one that isn't. */
export async function collectSmall(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of source) {
    sizeBytes += chunk.length;
    if (sizeBytes > SMALL_BYTES) {
      throw new Failure('damaged', `Cannot read a record: it has more than ${SMALL_BYTES} bytes`, {
        hint: 'There is a large file where a small one belongs: look for the largest .dat or .json.',
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Runs a pipeline for what its taps see. */
export async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of source);
}
