import { inChunksOf, inParallel, type Stage } from '../streams/pipeline.ts';
import type { FrameMaker } from './frame-maker.ts';
import { encodeLengthFrame, encodeTable, FRAME_CONTENT_BYTES, type FrameSizes } from './frames.ts';

/** Frames of 1 MiB of content each, and their table: see `frames.ts`. */
export function compressToFrames(maker: FrameMaker): Stage {
  return async function* (source) {
    const frames: FrameSizes[] = [];
    const contents = inChunksOf(source, FRAME_CONTENT_BYTES);
    const work = async (content: Uint8Array) => ({
      frame: await maker.make(content),
      contentBytes: content.length,
    });
    for await (const { frame, contentBytes } of inParallel(contents, {
      limit: maker.atATime,
      work,
    })) {
      frames.push({ frameBytes: frame.length, contentBytes });
      yield encodeLengthFrame(frame.length);
      yield frame;
    }
    yield encodeTable(frames);
  };
}
