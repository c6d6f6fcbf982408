import { availableParallelism } from 'node:os';
import { failureOfEnd, findProgram, type ProgramEnd, runProgram } from '../processes/programs.ts';
import type { FrameMaker, FrameReader } from './frame-maker.ts';
import { FRAME_CONTENT_BYTES } from './frames.ts';
import { ZSTD_LEVEL } from './parameters.ts';

/** A program that is started for each frame uses one core. */
const AT_A_TIME = Math.min(availableParallelism(), 4);

/** The program `zstd`, once for each frame; undefined where it isn't installed. */
export async function programMaker(): Promise<FrameMaker | undefined> {
  const path = await findProgram('zstd');
  if (path === undefined) return undefined;
  return {
    atATime: AT_A_TIME,
    make: async (content) => {
      const size = `--stream-size=${content.length}`;
      const words = [
        '-q',
        '-c',
        `-${ZSTD_LEVEL}`,
        '--check',
        ...(content.length > 0 ? [size] : []),
      ];
      const { end, output } = await run(path, { words, input: content });
      if (end.status === 0) return output;
      throw failureOfEnd(end, { what: `Cannot run "${path}"`, hint: RUN_BY_HAND });
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** The same for reading. */
export async function programReader(): Promise<FrameReader | undefined> {
  const path = await findProgram('zstd');
  if (path === undefined) return undefined;
  return {
    atATime: AT_A_TIME,
    read: async (frame) => {
      const { end, output } = await run(path, { words: ['-q', '-d', '-c'], input: frame });
      if (end.signal !== null) {
        throw failureOfEnd(end, { what: `Cannot run "${path}"`, hint: RUN_BY_HAND });
      }
      return end.status === 0 && output.length <= FRAME_CONTENT_BYTES ? output : undefined;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

const RUN_BY_HAND = 'Run it by hand to see what is wrong.';

/** What a program prints of the input; not more than a frame may hold, and a little. */
async function run(
  path: string,
  { words, input }: { readonly words: readonly string[]; readonly input: Uint8Array },
): Promise<{ readonly end: ProgramEnd; readonly output: Buffer }> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const onOutput = (chunk: Uint8Array) => {
    if (sizeBytes <= FRAME_CONTENT_BYTES) chunks.push(chunk);
    sizeBytes += chunk.length;
  };
  const { signal } = new AbortController();
  const end = await runProgram({ path, arguments: words }, { input, onOutput, signal });
  return { end, output: Buffer.concat(chunks) };
}
