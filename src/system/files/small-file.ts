import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Failure, isFailure, systemCodeOf, withSystemErrors } from '../failure.ts';

/** No record of ours comes near it. */
const SMALL_FILE_BYTES = 8 << 20;

/**
 * The text of a file that is small by its nature; undefined where there is none.
 *
 * Somebody else may have put something in its place: a pipe is not waited for, and no more is read than
 * {@link SMALL_FILE_BYTES}. Failures: `system`; `damaged` for what is no file, or too large.
 */
export async function readSmallFile(path: string): Promise<string | undefined> {
  return withSystemErrors(`read "${path}"`, async () => {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(absent);
    if (handle === undefined) return undefined;
    try {
      const status = await handle.stat();
      if (!status.isFile()) throw unfit(path, 'it is not a regular file');
      if (status.size > SMALL_FILE_BYTES) throw unfit(path, `it has ${status.size} bytes`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  });
}

/** The same; undefined also for what is no file, or too large. */
export async function readSmallFileIfFit(path: string): Promise<string | undefined> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    if (isFailure(error, 'damaged')) return undefined;
    throw error;
  }
}

function unfit(path: string, state: string): Failure {
  return new Failure('damaged', `Cannot read "${path}": ${state}`, {
    hint: 'A small file of text belongs there; look at it, and move it away.',
  });
}

/** Absent is also what can be no file of ours: a socket has that name. */
function absent(error: unknown): undefined {
  if (['ENOENT', 'ENOTDIR', 'ENXIO'].includes(systemCodeOf(error) ?? '')) return undefined;
  throw error;
}
