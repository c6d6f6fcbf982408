import { Failure } from '../../system/failure.ts';
import { namesOfFile } from '../../system/files/real-path.ts';
import { lockHolder } from '../../system/locks/file-lock.ts';
import { identityAt, openFilesOf } from '../../system/processes/open-files.ts';
import { findServer } from './server-lock.ts';

/** A server that holds a Data.fs, and of which nobody can see here what it writes into. */
export interface HiddenServer {
  /** Path of its lock. */
  readonly lock: string;
  /** Undefined: it runs where no process is seen from here, as in another container. */
  readonly pid: number | undefined;
}

/** Looks for one; undefined: none holds the Data.fs, or it can be looked into. */
export async function findHiddenServer(dataFs: string): Promise<HiddenServer | undefined> {
  for (const name of await namesOfFile(dataFs)) {
    const lock = `${name}.lock`;
    const identity = await identityAt(lock);
    const pid = identity && (await lockHolder(identity));
    if (pid === undefined) continue;
    return openFilesOf(pid) === undefined ? { lock, pid } : undefined;
  }
  const held = await findServer(dataFs).catch(ofFailure);
  return held && { lock: held.path, pid: undefined };
}

/** A lock that can't be tried tells nothing. */
function ofFailure(error: unknown): undefined {
  if (!(error instanceof Failure)) throw error;
}
