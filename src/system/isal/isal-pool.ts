import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { LibraryPool } from '../foreign/pool.ts';
import { PACKAGING } from '../processes/packaging.ts';
import type { Program } from '../processes/programs.ts';
import { type IsalLevel, MOST_GZIPPED_BYTES } from './library.ts';

/**
 * The program that calls ISA-L; undefined where this packaging has none, and for a Node before 20.15, which has no CRC-32
 * to check its results with.
 *
 * @param level - 1 (fast) to 3 (small)
 */
export function isalProgram(level: IsalLevel): Program | undefined {
  if (PACKAGING.kind !== 'package' || !('crc32' in zlib)) return undefined;
  return { path: process.execPath, arguments: [fileURLToPath(PACKAGING.isal), `${level}`] };
}

/** Processes that make gzip files; undefined where ISA-L can't be called. */
export function startIsalPool(
  program: Program,
  settings: { readonly patienceMs?: number } = {},
): Promise<LibraryPool | undefined> {
  const content = knownContent();
  const isRight = (answer: Buffer) => isGzipOf(answer, content);
  return LibraryPool.start(program, {
    ...settings,
    mostAnswerBytes: MOST_GZIPPED_BYTES,
    proof: { content, isRight },
  });
}

/** Lines of numbers, which deflate makes much smaller. */
function knownContent(): Buffer {
  return Buffer.from(Array.from({ length: 4000 }, (_, n) => `${n} ${n * n}\n`).join(''));
}

/** Whether zlib reads the content in it. */
function isGzipOf(gzipped: Buffer, content: Buffer): boolean {
  try {
    return zlib.gunzipSync(gzipped).equals(content);
  } catch {
    return false; // It is no gzip.
  }
}
