/** S3 takes no more parts of one object. */
const MOST_PARTS = 10_000;
const MEBIBYTE = 1 << 20;
const PART_BYTES = 8 * MEBIBYTE;
/** Where nobody knows how many bytes will come: enough for 156 GiB. */
const PART_BYTES_OF_UNKNOWN = 16 * MEBIBYTE;

/** A part of an object, from 1 on; all but the last have the same size. */
export interface Part {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/** How large the parts of an object are, of so many bytes. */
export function partBytesOf(sizeBytes: number | undefined): number {
  if (sizeBytes === undefined) return PART_BYTES_OF_UNKNOWN;
  if (sizeBytes <= PART_BYTES) return sizeBytes;
  return Math.max(PART_BYTES, Math.ceil(sizeBytes / MOST_PARTS / MEBIBYTE) * MEBIBYTE);
}

/**
 * The content in parts, which hold bytes of their own. At least one comes, and the last one only when the content has
 * ended without a failure.
 */
export async function* inParts(
  content: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Part> {
  let number = 1;
  let bytes = Buffer.allocUnsafe(partBytes);
  let filled = 0;
  for await (const chunk of content) {
    for (let start = 0; start < chunk.length; ) {
      if (filled === partBytes) {
        yield { number, bytes, isLast: false };
        number += 1;
        bytes = Buffer.allocUnsafe(partBytes);
        filled = 0;
      }
      const piece = chunk.subarray(start, start + partBytes - filled);
      bytes.set(piece, filled);
      filled += piece.length;
      start += piece.length;
    }
  }
  yield { number, bytes: bytes.subarray(0, filled), isLast: true };
}
