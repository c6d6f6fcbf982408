import { setTimeout as pause } from 'node:timers/promises';

/** What all transfers of a store share, so that others get their part of a line. */
export interface Bandwidth {
  /** Waits until so many bytes may go. */
  take(bytes: number): Promise<void>;
}

/** Bytes that go at once: on a slow line, the next ones shall not wait long. */
const PIECE_BYTES = 64 << 10;

/** @param bytesPerSecond - more than 0; undefined: as fast as it goes */
export function bandwidthOf(bytesPerSecond: number | undefined): Bandwidth | undefined {
  if (bytesPerSecond === undefined) return undefined;
  let freeAtMs = 0;
  return {
    take: async (bytes) => {
      const nowMs = performance.now();
      const beginMs = Math.max(nowMs, freeAtMs);
      freeAtMs = beginMs + (bytes / bytesPerSecond) * 1000;
      if (beginMs > nowMs) await pause(beginMs - nowMs);
    },
  };
}

/** The same bytes, no faster than that. */
export async function* throttled(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  bandwidth: Bandwidth | undefined,
): AsyncGenerator<Uint8Array> {
  if (bandwidth === undefined) {
    yield* content;
    return;
  }
  for await (const chunk of content) {
    for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
      const piece = chunk.subarray(start, start + PIECE_BYTES);
      await bandwidth.take(piece.length);
      yield piece;
    }
  }
}
