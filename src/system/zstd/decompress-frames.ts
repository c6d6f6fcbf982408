import { Failure } from '../failure.ts';
import { PieceReader } from '../streams/piece-reader.ts';
import { inParallel } from '../streams/pipeline.ts';
import type { FrameReader } from './frame-maker.ts';
import { decodeLengthFrame, encodeTable, type FrameSizes, LENGTH_FRAME_BYTES } from './frames.ts';

/**
 * The content of a file of frames, in parallel. Failure `damaged`, with `name` in it, where it isn't what was compressed:
 * a file without its end is one, too.
 */
export async function* decompressFrames(
  source: AsyncIterable<Uint8Array>,
  { reader, name }: { readonly reader: FrameReader; readonly name: string },
): AsyncGenerator<Uint8Array> {
  const pieces = new PieceReader(source, {
    headerBytes: LENGTH_FRAME_BYTES,
    lengthOf: (header) => {
      const frameBytes = decodeLengthFrame(header);
      return frameBytes === undefined ? undefined : LENGTH_FRAME_BYTES + frameBytes;
    },
  });
  const frames: FrameSizes[] = [];
  const work = async (piece: Uint8Array) => {
    const frame = piece.subarray(LENGTH_FRAME_BYTES);
    const content = await readFrame(frame, { reader, name });
    return { content, frameBytes: frame.length };
  };
  try {
    for await (const { content, frameBytes } of inParallel(pieces.pieces(), {
      limit: reader.atATime,
      work,
    })) {
      frames.push({ frameBytes, contentBytes: content.length });
      yield content;
    }
    if (!(await isEqual(pieces.rest(), encodeTable(frames)))) {
      throw notZstd(name, 'its end is not what was written');
    }
  } finally {
    await pieces.close();
  }
}

/** The content of one frame. Failure `damaged`. */
export async function readFrame(
  frame: Uint8Array,
  { reader, name }: { readonly reader: FrameReader; readonly name: string },
): Promise<Uint8Array> {
  const content = await reader.read(frame);
  if (content === undefined) throw notZstd(name, 'a part of it is no zstd');
  return content;
}

/** The failure for a file that is not what was compressed. */
export function notZstd(name: string, state: string): Failure {
  return new Failure('damaged', `Cannot decompress "${name}": ${state}`, {
    hint: 'The file is damaged; bring it back from a copy.',
  });
}

async function isEqual(bytes: AsyncIterable<Uint8Array>, expected: Buffer): Promise<boolean> {
  let offset = 0;
  for await (const chunk of bytes) {
    if (!expected.subarray(offset, offset + chunk.length).equals(chunk)) return false;
    offset += chunk.length;
  }
  return offset === expected.length;
}
