/**
 * A gzip member (RFC 1952) that says how long it is, so that a file of many can be read in parallel.
 *
 * | bytes | |
 * | --- | --- |
 * | 0 to 9 | gzip header, with the flag for an extra field |
 * | 10, 11 | length of the extra field, little-endian: 8 |
 * | 12, 13 | `ZV` |
 * | 14, 15 | length of what follows, little-endian: 4 |
 * | 16 to 19 | length of the whole member in bytes, little-endian |
 * | 20 to end-8 | deflate stream |
 * | end-8 | CRC-32 and length of the content, little-endian |
 */
export const MEMBER_HEADER_BYTES = 20;

/** Content of one member; only the last of a file may hold less. */
export const MEMBER_CONTENT_BYTES = 1 << 20;

/** More than deflate can make of {@link MEMBER_CONTENT_BYTES}. */
export const MAXIMUM_MEMBER_BYTES = MEMBER_CONTENT_BYTES + (1 << 12);

/** The header of a gzip file that has no more than it must have, as zlib and ISA-L make it. */
const PLAIN_HEADER_BYTES = 10;
/** By how much the header of a member is longer than that. */
export const MEMBER_HEADER_ADDS_BYTES = MEMBER_HEADER_BYTES - PLAIN_HEADER_BYTES;
const FLAG_EXTRA = 4;
const EXTRA = Buffer.from([8, 0, 0x5a, 0x56, 4, 0]);

/** Makes a member out of a gzip file as zlib makes it: with a header of 10 bytes. */
export function encodeMember(gzipped: Uint8Array): Uint8Array {
  const member = Buffer.allocUnsafe(MEMBER_HEADER_ADDS_BYTES + gzipped.length);
  member.set(gzipped, MEMBER_HEADER_ADDS_BYTES);
  return encodeMemberInPlace(member);
}

/** The same for a gzip file that has {@link MEMBER_HEADER_ADDS_BYTES} free before it. */
export function encodeMemberInPlace(member: Buffer): Buffer {
  member.copyWithin(0, MEMBER_HEADER_ADDS_BYTES, MEMBER_HEADER_BYTES);
  member.writeUInt8(FLAG_EXTRA, 3);
  member.set(EXTRA, PLAIN_HEADER_BYTES);
  member.writeUInt32LE(member.length, PLAIN_HEADER_BYTES + EXTRA.length);
  return member;
}

/**
 * Length in bytes of the member that begins with these {@link MEMBER_HEADER_BYTES}; undefined where
 * it doesn't say, as in a file that another program wrote.
 */
export function decodeMemberLength(header: Buffer): number | undefined {
  if (header.length < MEMBER_HEADER_BYTES) return undefined;
  if (header.readUInt16BE(0) !== 0x1f8b || header[2] !== 8 || header[3] !== FLAG_EXTRA) {
    return undefined;
  }
  if (!header.subarray(PLAIN_HEADER_BYTES, PLAIN_HEADER_BYTES + EXTRA.length).equals(EXTRA)) {
    return undefined;
  }
  const length = header.readUInt32LE(PLAIN_HEADER_BYTES + EXTRA.length);
  return length > MEMBER_HEADER_BYTES && length <= MAXIMUM_MEMBER_BYTES ? length : undefined;
}
