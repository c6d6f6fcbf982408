import { basename, dirname, join } from 'node:path';
import { identify } from '../../../system/files/replacement.ts';
import type { LockRequest } from '../../../system/locks/lock-request.ts';
import { acquireRunLock, readHolder, seemsAtWork } from '../../../system/locks/run-lock.ts';

/** Keeps other restores of the same target out. Failure `locked`. */
export async function lockRestore(
  anchor: string,
  request: LockRequest,
): Promise<AsyncDisposable | undefined> {
  if ((await identify(dirname(anchor))) === undefined) return undefined; // Nobody can be there.
  return await acquireRunLock(restoreLockPath(anchor), { target: `"${anchor}"`, request });
}

/** Whether a restore seems to be at work: see {@link seemsAtWork}. */
export async function isRestoring(anchor: string, now: Date): Promise<boolean> {
  return seemsAtWork(await readHolder(restoreLockPath(anchor)), now);
}

/** The file of the lock. It stays when nobody holds it. */
export function restoreLockPath(anchor: string): string {
  return join(dirname(anchor), `.${basename(anchor)}.zodbvault-restore.lock`);
}
