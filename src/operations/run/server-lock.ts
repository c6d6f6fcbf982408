import { findAstrayServers } from '../../sources/astray-server.ts';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import { namesOfFile } from '../../system/files/real-path.ts';
import { type FileLock, type LockAttempt, tryFileLock } from '../../system/locks/file-lock.ts';
import { attemptPatiently } from '../../system/locks/lock-request.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { type JobContext, lockRequest } from './events.ts';

/**
 * Takes the locks that a server may have at a Data.fs that is to be replaced: a server that runs would go on
 * with the file that it has open, and with its own idea of the end. The locks are the server's own: what stands
 * in their files is left as it is. None is taken where nobody ever had one, and where it is ignored. Failure
 * `locked`.
 */
export async function lockTarget(
  { target, heldLock }: { readonly target: string; readonly heldLock: 'refuse' | 'ignore' },
  context: JobContext,
): Promise<AsyncDisposable> {
  await using locks = new DisposableStack();
  for (const path of await lockPaths(target)) {
    locks.use(await lockOne(path, { target, heldLock, context }));
  }
  return locks.move();
}

/** The same for who doesn't replace it yet: waits for the end of a server, takes nothing, and makes no file. */
export async function refuseServer(target: string, context: JobContext): Promise<void> {
  for (const path of await lockPaths(target)) {
    if (!(await isThere(path))) continue;
    await using _lock = await lockOne(path, { target, heldLock: 'refuse', context });
  }
}

async function lockOne(
  path: string,
  {
    target,
    heldLock,
    context,
  }: {
    readonly target: string;
    readonly heldLock: 'refuse' | 'ignore';
    readonly context: JobContext;
  },
): Promise<FileLock | undefined> {
  if (!(await isThere(target)) && !(await isThere(path))) return undefined;
  const request = lockRequest(context, 'restore');
  const attempt = await attemptPatiently(() => tryFileLock(path), {
    request: heldLock === 'refuse' ? request : { ...request, giveUpAt: 0 },
    onHeld: (result) => {
      if (result.kind === 'acquired') return;
      const pid = pidOf(result);
      const holder = pid === undefined ? 'a process' : `pid ${pid}`;
      request.onWait({ kind: 'server', path, holder });
    },
  });
  switch (attempt.kind) {
    case 'acquired':
      return attempt.lock;
    case 'held': {
      const pid = pidOf(attempt);
      if (heldLock === 'refuse') throw await serverRuns({ target, path, pid });
      context.onEvent({ kind: 'warning', code: 'lock-ignored', path, pid });
      return undefined;
    }
    default:
      return attempt satisfies never;
  }
}

/** A server that holds a Data.fs. */
export interface HoldingServer {
  /** Of its lock. */
  readonly path: string;
  /** Undefined where neither Linux nor the lock's file tells. */
  readonly pid: number | undefined;
}

/** The server that holds a Data.fs now, if one does. Makes no file. */
export async function findServer(target: string): Promise<HoldingServer | undefined> {
  for (const path of await lockPaths(target)) {
    if (!(await isThere(path))) continue;
    const attempt = await tryFileLock(path);
    if (attempt.kind === 'held') return { path, pid: pidOf(attempt) };
    await attempt.lock[Symbol.asyncDispose]();
  }
  return undefined;
}

/** A server takes the lock beside the path that it was told, be it a link to the Data.fs or the file itself. */
async function lockPaths(target: string): Promise<readonly string[]> {
  return (await namesOfFile(target)).map((path) => `${path}.lock`);
}

function pidOf({ pid, content }: Extract<LockAttempt, { kind: 'held' }>): number | undefined {
  const written = Number.parseInt(content, 10); // zc.lockfile writes it behind a blank.
  return pid ?? (Number.isNaN(written) ? undefined : written);
}

async function serverRuns(held: HoldingServer & { readonly target: string }): Promise<Failure> {
  const { target } = held;
  const who = held.pid === undefined ? 'a process' : `the process ${held.pid}`;
  const state = `Cannot restore to "${target}": ${who} holds its lock "${held.path}"`;
  const [astray] = await findAstrayServers(target);
  if (astray !== undefined) {
    return new Failure('locked', state, {
      hint: { kind: 'rescue-data-fs', before: 'restore', dataFs: target, ...astray },
    });
  }
  return new Failure('locked', state, {
    hint: { kind: 'stop-server' },
  });
}
