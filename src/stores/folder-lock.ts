import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure, systemCodeOf } from '../system/failure.ts';
import { removeUnfinished } from '../system/files/new-file.ts';
import type { LockRequest } from '../system/locks/lock-request.ts';
import { acquireRunLock } from '../system/locks/run-lock.ts';

/** Name of the lock file in a folder; no pattern of repozo matches it. */
export const LOCK_FILE = '.zodbvault.lock';

/** `Store.lock` of a folder. */
export async function lockFolder(
  directory: string,
  request: LockRequest,
): Promise<AsyncDisposable> {
  const held = await acquireLock(directory, request);
  try {
    await removeUnfinished(directory);
    return held;
  } catch (error) {
    await held[Symbol.asyncDispose]();
    throw error;
  }
}

/** `Store.hold` of a folder. */
export async function holdFolder(
  directory: string,
  request: LockRequest,
): Promise<AsyncDisposable | undefined> {
  try {
    await access(join(directory, LOCK_FILE), constants.R_OK | constants.W_OK);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
  try {
    return await acquireLock(directory, request);
  } catch (error) {
    // The file system knows no flock(2).
    if (isFailure(error, 'program')) return undefined;
    throw error;
  }
}

function acquireLock(directory: string, request: LockRequest): Promise<AsyncDisposable> {
  return acquireRunLock(join(directory, LOCK_FILE), {
    target: `the repository "${directory}"`,
    request,
  });
}
