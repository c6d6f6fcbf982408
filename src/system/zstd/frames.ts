/**
 * A file of zstd frames (RFC 8878) that can be read in parallel and at random. In front of each frame of content stands a
 * frame to skip that says how long it is, as `pzstd` writes it:
 *
 * | bytes | |
 * | --- | --- |
 * | 0 to 3 | 0x184D2A50, little-endian as all that follows |
 * | 4 to 7 | length of what follows: 4 |
 * | 8 to 11 | length of the frame that comes next |
 *
 * Behind all frames stands another one to skip, the table of zstd's own seekable format
 * (contrib/seekable_format/zstd_seekable_compression_format.md): whoever reads it knows where each frame is.
 *
 * | bytes | |
 * | --- | --- |
 * | 0 to 3 | 0x184D2A5E |
 * | 4 to 7 | length of what follows |
 * | 8 to end-9 | for each frame, those to skip, too: its length, and that of its content |
 * | end-9 to end-6 | number of frames |
 * | end-5 | 0: no checksums, as the frames have their own |
 * | end-4 to end | 0x8F92EAB1 |
 */
const SKIP_MAGIC = 0x184d2a50;
const TABLE_MAGIC = 0x184d2a5e;
const TABLE_END_MAGIC = 0x8f92eab1;
const FRAME_MAGIC = 0xfd2fb528;

const SKIP_HEADER_BYTES = 8;
const ROW_BYTES = 8;

/** What stands in front of a frame of content. */
export const LENGTH_FRAME_BYTES = 12;
/** What a table ends with. */
export const TABLE_END_BYTES = 9;

/** Content of one frame; only the last of a file may hold less. */
export const FRAME_CONTENT_BYTES = 1 << 20;

/** More than zstd can make of {@link FRAME_CONTENT_BYTES}. */
export const MOST_FRAME_BYTES = FRAME_CONTENT_BYTES + (1 << 13);

/** A frame of content. */
export interface FrameSizes {
  readonly frameBytes: number;
  readonly contentBytes: number;
}

/** Whether bytes begin as a frame of content. */
export function isFrame(bytes: Buffer): boolean {
  return bytes.length > 4 && bytes.readUInt32LE() === FRAME_MAGIC;
}

/** What stands in front of a frame of so many bytes. */
export function encodeLengthFrame(frameBytes: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_FRAME_BYTES);
  bytes.writeUInt32LE(SKIP_MAGIC, 0);
  bytes.writeUInt32LE(LENGTH_FRAME_BYTES - SKIP_HEADER_BYTES, 4);
  bytes.writeUInt32LE(frameBytes, SKIP_HEADER_BYTES);
  return bytes;
}

/** Length of the frame that these {@link LENGTH_FRAME_BYTES} announce; undefined where they announce none. */
export function decodeLengthFrame(bytes: Buffer): number | undefined {
  if (bytes.length < LENGTH_FRAME_BYTES || bytes.readUInt32LE(0) !== SKIP_MAGIC) return undefined;
  if (bytes.readUInt32LE(4) !== LENGTH_FRAME_BYTES - SKIP_HEADER_BYTES) return undefined;
  const frameBytes = bytes.readUInt32LE(SKIP_HEADER_BYTES);
  return frameBytes > 0 && frameBytes <= MOST_FRAME_BYTES ? frameBytes : undefined;
}

export function encodeTable(frames: readonly FrameSizes[]): Buffer {
  const bytes = Buffer.alloc(tableBytes(2 * frames.length));
  bytes.writeUInt32LE(TABLE_MAGIC, 0);
  bytes.writeUInt32LE(bytes.length - SKIP_HEADER_BYTES, 4);
  let offset = SKIP_HEADER_BYTES;
  for (const { frameBytes, contentBytes } of frames) {
    for (const value of [LENGTH_FRAME_BYTES, 0, frameBytes, contentBytes]) {
      offset = bytes.writeUInt32LE(value, offset);
    }
  }
  offset = bytes.writeUInt32LE(2 * frames.length, offset);
  bytes.writeUInt32LE(TABLE_END_MAGIC, offset + 1);
  return bytes;
}

/** Bytes of the table that ends with these {@link TABLE_END_BYTES}; undefined where none ends so. */
export function decodeTableEnd(bytes: Buffer): number | undefined {
  const isEnd = bytes.length === TABLE_END_BYTES && bytes.readUInt32LE(5) === TABLE_END_MAGIC;
  return isEnd && bytes[4] === 0 ? tableBytes(bytes.readUInt32LE(0)) : undefined;
}

/** The frames of content that a whole table tells of; undefined where it is none that {@link encodeTable} makes. */
export function decodeTable(bytes: Buffer): readonly FrameSizes[] | undefined {
  const frames: FrameSizes[] = [];
  const rowsEnd = bytes.length - TABLE_END_BYTES;
  for (let offset = SKIP_HEADER_BYTES; offset + 2 * ROW_BYTES <= rowsEnd; offset += 2 * ROW_BYTES) {
    const row = offset + ROW_BYTES;
    frames.push({ frameBytes: bytes.readUInt32LE(row), contentBytes: bytes.readUInt32LE(row + 4) });
  }
  return encodeTable(frames).equals(bytes) ? frames : undefined;
}

function tableBytes(rows: number): number {
  return SKIP_HEADER_BYTES + rows * ROW_BYTES + TABLE_END_BYTES;
}
