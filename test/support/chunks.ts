/** The ways in which a decoder is fed: whole, in odd chunks, byte by byte. */
export const CHUNK_SIZES: readonly number[] = [Number.POSITIVE_INFINITY, 7, 1];

/** The bytes in pieces of this size. */
export function* chunksOf(bytes: Uint8Array, sizeBytes: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += sizeBytes) {
    yield bytes.subarray(start, Math.min(start + sizeBytes, bytes.length));
    if (sizeBytes === Number.POSITIVE_INFINITY) return;
  }
}

/** The same as a stream. */
export async function* streamOf(
  bytes: Uint8Array,
  sizeBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  yield* chunksOf(bytes, sizeBytes);
}
