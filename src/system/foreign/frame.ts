/*
 * What goes through the pipes of a process that calls a library. A request is content, an answer is what the library made
 * of it, in the order of the requests. Before each stands its length: 4 bytes, little-endian. The length 0 is an answer,
 * too: the library failed.
 */
export const LENGTH_BYTES = 4;

export function encodeLength(length: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt32LE(length);
  return bytes;
}

export function decodeLength(bytes: Buffer): number {
  return bytes.readUInt32LE();
}
