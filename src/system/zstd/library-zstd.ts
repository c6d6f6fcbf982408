import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { Failure } from '../failure.ts';
import { LibraryPool } from '../foreign/pool.ts';
import { PACKAGING } from '../processes/packaging.ts';
import type { Program } from '../processes/programs.ts';
import type { FrameMaker, FrameReader } from './frame-maker.ts';
import { FRAME_CONTENT_BYTES, isFrame, MOST_FRAME_BYTES } from './frames.ts';
import { CRC_BYTES, READ, STATE_BYTES } from './library.ts';

/** A frame that the program zstd 1.5.4 has made, and what it holds. */
const KNOWN_FRAME = Buffer.from('KLUv/QRYSQAAem9kYnZhdWx0huM6PA==', 'base64');
const KNOWN_CONTENT = Buffer.from('zodbvault');

/**
 * The program that calls the library; undefined where this packaging has none, and for a Node before 20.15, which has no
 * CRC-32 to check its results with.
 */
export function zstdProgram(doing: 'make' | 'read'): Program | undefined {
  if (PACKAGING.kind !== 'package' || !('crc32' in zlib)) return undefined;
  return { path: process.execPath, arguments: [fileURLToPath(PACKAGING.zstd), doing] };
}

/** The library, in processes of its own; undefined where it can't be called. */
export async function libraryMaker(
  program: Program | undefined = zstdProgram('make'),
): Promise<FrameMaker | undefined> {
  const pool =
    program &&
    (await LibraryPool.start(program, {
      mostAnswerBytes: CRC_BYTES + MOST_FRAME_BYTES,
      proof: {
        content: KNOWN_CONTENT,
        isRight: (answer) => frameIn(answer, KNOWN_CONTENT) !== undefined,
      },
    }));
  if (pool === undefined) return undefined;
  return {
    atATime: pool.requestsAtATime,
    make: async (content) => {
      const answer = await pool.ask(content, { headroom: 0 });
      return frameIn(answer, content) ?? (await failed(pool));
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** The same for reading. */
export async function libraryReader(
  program: Program | undefined = zstdProgram('read'),
): Promise<FrameReader | undefined> {
  const pool =
    program &&
    (await LibraryPool.start(program, {
      mostAnswerBytes: STATE_BYTES + FRAME_CONTENT_BYTES,
      proof: {
        content: KNOWN_FRAME,
        isRight: (answer) => contentIn(answer)?.equals(KNOWN_CONTENT) === true,
      },
    }));
  if (pool === undefined) return undefined;
  return {
    atATime: pool.requestsAtATime,
    read: async (frame) => {
      if (frame.length > MOST_FRAME_BYTES) return undefined;
      const answer = await pool.ask(frame, { headroom: 0 });
      return answer === undefined ? failed(pool) : contentIn(answer);
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** The frame of an answer; undefined where that doesn't say that it holds this content. */
function frameIn(answer: Buffer | undefined, content: Uint8Array): Buffer | undefined {
  if (answer === undefined || answer.length < CRC_BYTES) return undefined;
  const frame = answer.subarray(CRC_BYTES);
  return answer.readUInt32LE() === zlib.crc32(content) && isFrame(frame) ? frame : undefined;
}

function contentIn(answer: Buffer): Buffer | undefined {
  return answer[0] === READ ? answer.subarray(STATE_BYTES) : undefined;
}

/** What says something wrong once is not asked again. */
async function failed(pool: LibraryPool): Promise<never> {
  await pool[Symbol.asyncDispose]();
  throw new Failure('program', 'Cannot use zstd: a process that calls its library has failed', {
    hint: 'Try again. If it fails again, run zodbvault with Node 22.15 or later, which has a zstd of its own.',
  });
}
