/*
 * What goes through the pipes of a process that calls ISA-L. A request is content, an answer is the gzip file of it, in the
 * order of the requests. Before each stands its length: 4 bytes, little-endian. The length 0 is an answer, too: the
 * library failed.
 */
export const LENGTH_BYTES = 4;

/** Content of one request. */
export const MOST_CONTENT_BYTES = 1 << 20;

/** One answer: deflate makes a little more of what it can't make smaller, and a member adds a little to it. */
export const MOST_GZIPPED_BYTES = MOST_CONTENT_BYTES + 4000;

export function encodeLength(length: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt32LE(length);
  return bytes;
}

export function decodeLength(bytes: Buffer): number {
  return bytes.readUInt32LE();
}
