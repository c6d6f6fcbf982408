import { readFile, stat } from 'node:fs/promises';
import { Failure, systemCodeOf, withSystemErrors } from '../failure.ts';
import { type FileLock, tryFileLock } from './file-lock.ts';
import {
  decodeLockRecord,
  describeHolder,
  encodeLockRecord,
  isOf,
  type LockRecord,
  thisMachine,
} from './lock-record.ts';
import { attemptPatiently, type LockRequest, pause } from './lock-request.ts';

/** Seconds between two heartbeats of a holder. */
const BEAT_SECONDS = 10;

/** Heartbeats that may fail to come before a holder on another machine is taken for dead. */
const MISSED_BEATS = 3;

/** Milliseconds between two looks at a record, at most. */
const LOOK_PAUSE = 500;

/**
 * Locks for a run: a {@link FileLock}, whose file says who holds it and is written again while the run
 * lives. On one machine, the file lock alone decides: the kernel frees it when its holder dies. Over
 * NFS, two machines may both get it (mounted with `nolock` or `local_lock=flock`): there, the holder
 * of another machine counts for as long as its record is seen to change. Clocks are not compared.
 *
 * @param target - what is locked, for the message
 * Failure `locked`, with who holds it.
 */
export async function acquireRunLock(
  path: string,
  { target, request }: { readonly target: string; readonly request: LockRequest },
): Promise<AsyncDisposable> {
  const attempt = await attemptPatiently(() => tryRunLock(path, request), {
    request,
    onHeld: (result) => {
      if (result.kind === 'held') request.onWait({ path, ...result });
    },
  });
  switch (attempt.kind) {
    case 'acquired':
      return attempt.lock;
    case 'held':
      throw new Failure(
        'locked',
        `Cannot use ${target}: another run holds it (${attempt.holder})`,
        { hint: { kind: 'wait-for-run' } },
      );
    default:
      return attempt satisfies never;
  }
}

type RunLockAttempt =
  | { readonly kind: 'acquired'; readonly lock: AsyncDisposable }
  | { readonly kind: 'held'; readonly holder: string };

async function tryRunLock(path: string, request: LockRequest): Promise<RunLockAttempt> {
  const attempt = await tryFileLock(path);
  if (attempt.kind === 'held') {
    return {
      kind: 'held',
      holder: describeHolder(attempt.content, { now: new Date(), ...attempt }),
    };
  }
  const { lock } = attempt;
  try {
    const holder = await livingHolder(path, { content: await lock.read(), request });
    if (holder === undefined) return { kind: 'acquired', lock: await RunLock.begin(lock, request) };
    await lock[Symbol.asyncDispose]();
    return { kind: 'held', holder };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** The holder on another machine that a lock file speaks of, if its heart is seen to beat. */
async function livingHolder(
  path: string,
  { content, request }: { readonly content: string; readonly request: LockRequest },
): Promise<string | undefined> {
  const record = decodeLockRecord(content);
  if (record === undefined || isOf(record, await thisMachine())) return undefined;
  const holder = describeHolder(content, { now: new Date(), pid: undefined });
  request.onWait({ kind: 'watched', path, holder });
  const until = performance.now() + MISSED_BEATS * record.beatSeconds * 1000;
  while (performance.now() < until) {
    await pause(Math.min(record.beatSeconds * 100, LOOK_PAUSE), request.signal);
    // Opened anew: that is when NFS asks the server for what is new.
    const found = await withSystemErrors(`read "${path}"`, () => readFile(path, 'utf8'));
    if (found === '') return undefined;
    if (firstLineOf(found) !== firstLineOf(content)) return holder;
  }
  return undefined;
}

function firstLineOf(content: string): string | undefined {
  return content.split('\n', 1)[0];
}

/** Who has written into a lock file, and when he last did. */
export interface SeenHolder {
  readonly record: LockRecord;
  readonly beatAt: Date;
}

/** For who only looks; undefined where nobody holds it, or the file can't be read. */
export async function readHolder(path: string): Promise<SeenHolder | undefined> {
  const record = decodeLockRecord(await readFile(path, 'utf8').catch(() => ''));
  const status = record === undefined ? undefined : await stat(path).catch(() => undefined);
  return record && status && { record, beatAt: status.mtime };
}

/** Whether a run seems to be at work: one that was killed seems so for a few heartbeats more. */
export function seemsAtWork(holder: SeenHolder | undefined, now: Date): boolean {
  if (holder === undefined) return false;
  const { record, beatAt } = holder;
  return now.getTime() - beatAt.getTime() < MISSED_BEATS * record.beatSeconds * 1000;
}

class RunLock implements AsyncDisposable {
  readonly #lock: FileLock;
  readonly #timer: NodeJS.Timeout;
  #record: LockRecord;
  /** The beat that is being written. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(lock: FileLock, record: LockRecord) {
    this.#lock = lock;
    this.#record = record;
    this.#timer = setInterval(() => this.#beat(), record.beatSeconds * 1000);
    this.#timer.unref();
  }

  static async begin(lock: FileLock, { command }: LockRequest): Promise<RunLock> {
    const { host, boot } = await thisMachine();
    const record: LockRecord = {
      pid: process.pid,
      host,
      boot,
      since: new Date().toISOString(),
      command,
      beat: 0,
      beatSeconds: BEAT_SECONDS,
    };
    await lock.describe(encodeLockRecord(record)).catch(unlessFull);
    return new RunLock(lock, record);
  }

  #beat(): void {
    this.#record = { ...this.#record, beat: this.#record.beat + 1 };
    const text = encodeLockRecord(this.#record);
    // One that fails is no reason to end the run: it holds the lock, and the next may succeed.
    this.#writing = this.#writing.then(() => this.#lock.describe(text)).catch(() => {});
  }

  /** A record that can't be taken away does no harm: it doesn't change any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#lock.describe('').catch(() => {});
    await this.#lock[Symbol.asyncDispose]();
  }
}

/** A restore may be there to make room: on a full disk, a holder can't say who it is, that is all. */
function unlessFull(error: unknown): void {
  const code = error instanceof Failure ? systemCodeOf(error.cause) : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
}
