import type { OpenedSource } from '../files/byte-source.ts';
import type { MemberCache } from '../streams/gzip/member-cache.ts';
import { piecedSource } from '../streams/pieced-source.ts';
import { notZstd, readFrame } from './decompress-frames.ts';
import type { FrameReader } from './frame-maker.ts';
import {
  decodeTable,
  decodeTableEnd,
  FRAME_CONTENT_BYTES,
  type FrameSizes,
  LENGTH_FRAME_BYTES,
  MOST_FRAME_BYTES,
  TABLE_END_BYTES,
} from './frames.ts';

/** What is read first, from the end: the table of some gigabytes of content. */
const LAST_BYTES = 1 << 16;

/**
 * The content of a file of frames, read at random: each read decompresses the frames that it needs. It closes the file.
 * Failure `damaged`, now or while it is read, where it isn't what was compressed.
 */
export async function frameSource(
  file: OpenedSource,
  { reader, cache }: { readonly reader: FrameReader; readonly cache: MemberCache },
): Promise<OpenedSource> {
  const frames = await readTable(file);
  const starts: number[] = [];
  let start = 0;
  for (const { frameBytes } of frames) {
    starts.push(start + LENGTH_FRAME_BYTES);
    start += LENGTH_FRAME_BYTES + frameBytes;
  }
  const readPiece = async (number: number) => {
    const frame = frames[number];
    const from = starts[number];
    if (frame === undefined || from === undefined) throw new RangeError(`no frame ${number}`);
    const bytes = await file.read({ start: from, end: from + frame.frameBytes });
    const content = await readFrame(bytes, { reader, name: file.name });
    if (content.length === frame.contentBytes) return content;
    throw notZstd(file.name, `its part at ${from} has another length than its table says`);
  };
  return piecedSource({
    file,
    sizeBytes: frames.reduce((sum, { contentBytes }) => sum + contentBytes, 0),
    pieceBytes: FRAME_CONTENT_BYTES,
    readPiece,
    cache,
    atATime: reader.atATime,
  });
}

/** The frames of which the table tells. */
async function readTable(file: OpenedSource): Promise<readonly FrameSizes[]> {
  const { name, sizeBytes } = file;
  const readLast = async (count: number) =>
    Buffer.from(await file.read({ start: Math.max(0, sizeBytes - count), end: sizeBytes }));
  let last = await readLast(LAST_BYTES);
  const tableBytes = decodeTableEnd(last.subarray(-TABLE_END_BYTES));
  if (tableBytes === undefined || tableBytes > sizeBytes) {
    throw notZstd(name, 'its end is missing');
  }
  if (tableBytes > last.length) last = await readLast(tableBytes);
  const frames = decodeTable(last.subarray(-tableBytes));
  if (frames !== undefined && isOf(frames, sizeBytes - tableBytes)) return frames;
  throw notZstd(name, 'its table does not tell of what is in it');
}

/** Whether so many bytes are these frames, all full but the last. */
function isOf(frames: readonly FrameSizes[], bytes: number): boolean {
  const isFrame = ({ frameBytes, contentBytes }: FrameSizes, number: number) =>
    frameBytes <= MOST_FRAME_BYTES &&
    (number === frames.length - 1
      ? contentBytes > 0 && contentBytes <= FRAME_CONTENT_BYTES
      : contentBytes === FRAME_CONTENT_BYTES);
  const sum = frames.reduce((all, { frameBytes }) => all + LENGTH_FRAME_BYTES + frameBytes, 0);
  return sum === bytes && frames.every(isFrame);
}
