import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { FrameMaker, FrameReader } from './frame-maker.ts';
import { FRAME_CONTENT_BYTES, MOST_FRAME_BYTES } from './frames.ts';
import { CHECKSUM_FLAG, COMPRESSION_LEVEL, ZSTD_LEVEL } from './parameters.ts';

/** zstd works in Node's four threads, as zlib does. */
const AT_A_TIME = Math.min(availableParallelism() + 2, 4);

/** zstd of Node itself; undefined for a Node before 22.15. */
export function nodeMaker(): FrameMaker | undefined {
  const compress = ownFunction('zstdCompress');
  if (compress === undefined) return undefined;
  const params = { [COMPRESSION_LEVEL]: ZSTD_LEVEL, [CHECKSUM_FLAG]: 1 };
  return {
    atATime: AT_A_TIME,
    make: (content) =>
      compress(content, { params, pledgedSrcSize: content.length, chunkSize: MOST_FRAME_BYTES }),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The same for reading. */
export function nodeReader(): FrameReader | undefined {
  const decompress = ownFunction('zstdDecompress');
  if (decompress === undefined) return undefined;
  const room = { chunkSize: FRAME_CONTENT_BYTES + 64, maxOutputLength: FRAME_CONTENT_BYTES };
  return {
    atATime: AT_A_TIME,
    read: (frame) => decompress(frame, room).catch(() => undefined),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The types of Node 20 don't know these. */
function ownFunction(
  name: 'zstdCompress' | 'zstdDecompress',
): ((bytes: Uint8Array, options: object) => Promise<Uint8Array>) | undefined {
  const functions: Partial<Record<string, unknown>> = { ...zlib };
  const found = functions[name];
  if (typeof found !== 'function') return undefined;
  return promisify<Uint8Array, object, Uint8Array>((bytes, options, done) => {
    found(bytes, options, done);
  });
}
