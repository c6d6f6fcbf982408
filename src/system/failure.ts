import { constants } from 'node:os';
import type { Hint } from './remedy.ts';

/**
 * What a failure means for the process that meets it. The code alone decides the exit status.
 *
 * - `usage`: the command line or a setting is wrong; nothing was begun.
 * - `not-found`: something that the user named isn't there.
 * - `locked`: another process holds what this one needs.
 * - `damaged`: bytes are not what their format or their checksum says.
 * - `system`: the operating system refused (disk full, permission, I/O error).
 * - `program`: another program (gzip, flock) failed or is missing.
 * - `refused`: the program could go on, but somebody might lose data by it.
 * - `interrupted`: somebody pressed Ctrl-C or sent SIGTERM.
 */
export type FailureCode =
  | 'usage'
  | 'not-found'
  | 'locked'
  | 'damaged'
  | 'system'
  | 'program'
  | 'refused'
  | 'interrupted';

/** The one error class of this project: every failure that a user can meet is one of these. */
export class Failure extends Error {
  readonly code: FailureCode;
  /** What to do next. */
  readonly hint: Hint;

  constructor(
    code: FailureCode,
    message: string,
    more: { readonly hint: Hint; readonly cause?: unknown },
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.name = 'Failure';
    this.code = code;
    this.hint = more.hint;
  }
}

/** Whether an error is a failure of one of these codes. */
export function isFailure<Code extends FailureCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is Failure & { readonly code: Code } {
  return error instanceof Failure && codes.some((code) => code === error.code);
}

/** Exit status of the process: 0 done, 1 failed, 2 wrong usage, 4 locked, 130 interrupted. */
export function exitStatusOf(code: FailureCode): number {
  switch (code) {
    case 'usage':
      return 2;
    case 'locked':
      return 4;
    case 'interrupted':
      return 130;
    case 'not-found':
    case 'damaged':
    case 'system':
    case 'program':
    case 'refused':
      return 1;
    default:
      return code satisfies never;
  }
}

const SYSTEM_STATES: ReadonlyMap<string, readonly [state: string, hint: string]> = new Map([
  ['ENOENT', ['it does not exist', 'Check the path.']],
  ['EACCES', ['permission denied', 'Run as the user that owns it, or change its permissions.']],
  [
    'EPERM',
    ['operation not permitted', 'Run as the user that owns it, or change its permissions.'],
  ],
  ['ENOSPC', ['no space left on the disk', 'Free some space and run the command again.']],
  [
    'EDQUOT',
    [
      'the disk quota is used up',
      'Free some space or raise the quota, then run the command again.',
    ],
  ],
  [
    'EFBIG',
    [
      'the file would be larger than is allowed',
      'Raise the limit on the size of files (ulimit -f), or choose another file system.',
    ],
  ],
  ['EROFS', ['the file system is read-only', 'Choose another folder or mount it for writing.']],
  ['EISDIR', ['it is a folder, not a file', 'Name a file.']],
  ['ENOTDIR', ['a part of the path is not a folder', 'Check the path.']],
  ['EEXIST', ['it exists already', 'Choose another name or move it out of the way.']],
  [
    'EIO',
    ['the disk reported an I/O error', 'Check the disk and the kernel log before anything else.'],
  ],
  ['ELOOP', ['it is a link, or links lead in a circle', 'Look at it, and move it away.']],
  ['EMFILE', ['too many files are open', 'Raise the limit on open files (ulimit -n).']],
  ['ENFILE', ['the system has too many open files', 'Close other programs or raise the limit.']],
]);

/**
 * Adopts an error of the operating system: `Cannot <doing>: <state>`, with the original as cause.
 * A {@link Failure} passes unchanged; so does what is no system error, since that is a defect.
 */
export function adoptSystemError(error: unknown, doing: string): unknown {
  if (error instanceof Failure) return error;
  const code = systemCodeOf(error);
  if (code === undefined) return error;
  const [state, hint] = SYSTEM_STATES.get(code) ?? [code, 'See the operating system’s manual.'];
  const kind = code === 'ENOENT' ? 'not-found' : 'system';
  return new Failure(kind, `Cannot ${doing}: ${state}`, { hint, cause: error });
}

/** The same where nobody on the way has said what was being done: it names the path that the system complains of. */
export function adoptStrayError(error: unknown): unknown {
  const path = pathOf(error);
  return adoptSystemError(error, path === undefined ? 'go on' : `use "${path}"`);
}

/**
 * The symbolic code of an operating system error (`ENOENT`), or undefined for any other value. Node
 * has no name for EDQUOT, the one error of a full disk that it doesn't know.
 */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  if (typeof error.code !== 'string') return undefined;
  const number = 'errno' in error && typeof error.errno === 'number' ? -error.errno : undefined;
  return number === constants.errno.EDQUOT ? 'EDQUOT' : error.code;
}

/** The path that an error of the operating system is about, where it tells. */
export function pathOf(error: unknown): string | undefined {
  if (systemCodeOf(error) === undefined || !(error instanceof Error)) return undefined;
  return 'path' in error && typeof error.path === 'string' ? error.path : undefined;
}

/** Runs `work` and adopts the system errors that come out of it. */
export async function withSystemErrors<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw adoptSystemError(error, doing);
  }
}
