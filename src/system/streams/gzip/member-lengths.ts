import type { ByteSource } from '../../files/byte-source.ts';
import { decodeMemberLength, MEMBER_HEADER_BYTES } from './member.ts';

const BYTES_PER_LENGTH = 4;

/**
 * How long the members of a gzip file are, read from one header to the next: where the file is far away, each step is a
 * request. Undefined where it isn't made of members that say it.
 */
export async function readMemberLengths(file: ByteSource): Promise<readonly number[] | undefined> {
  const lengths: number[] = [];
  let start = 0;
  while (start < file.sizeBytes) {
    const end = Math.min(start + MEMBER_HEADER_BYTES, file.sizeBytes);
    const length = decodeMemberLength(Buffer.from(await file.read({ start, end })));
    if (length === undefined) return undefined;
    lengths.push(length);
    start += length;
  }
  return start === file.sizeBytes && lengths.length > 0 ? lengths : undefined;
}

/** Lengths as bytes: 4 for each, little-endian. */
export function encodeMemberLengths(lengths: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(lengths.length * BYTES_PER_LENGTH);
  for (const [index, length] of lengths.entries()) {
    bytes.writeUInt32LE(length, index * BYTES_PER_LENGTH);
  }
  return bytes;
}

/** Undefined where they aren't those of a file of so many bytes. */
export function decodeMemberLengths(
  bytes: Uint8Array,
  sizeBytes: number,
): readonly number[] | undefined {
  if (bytes.length % BYTES_PER_LENGTH !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lengths: number[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length; at += BYTES_PER_LENGTH) {
    const length = view.getUint32(at, true);
    if (length <= MEMBER_HEADER_BYTES) return undefined;
    lengths.push(length);
    total += length;
  }
  return total === sizeBytes ? lengths : undefined;
}
