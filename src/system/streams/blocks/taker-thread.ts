import type { Worker } from 'node:worker_threads';
import { Failure } from '../../failure.ts';
import { startWorker, type WorkerJob } from '../../processes/workers.ts';
import { ringOf } from './block-ring.ts';
import type { TakerKind, Taking } from './taker.ts';

/**
 * A block takes a thread some milliseconds. So many looks without an answer are two minutes, which is more than a
 * machine needs that swaps. Looks are counted, not time: while a process is stopped, it doesn't look.
 */
const LOOKS = 12;
const LOOK_EVERY_MS = 10_000;

export interface ThreadSettings {
  /** Starts the thread. Tests have threads that misbehave. */
  readonly start?: (job: WorkerJob) => Worker;
  readonly lookEveryMs?: number;
}

/** What a thread is in the middle of. */
interface Given {
  readonly sizeBytes: number;
  readonly release: () => void;
}

/** Who waits for the result. */
interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (failure: Failure) => void;
}

/**
 * A taker in a thread of its own. The thread answers each block with its size when it is done with it, and `null`, which
 * comes behind the last one, with its result. Whatever else it does is a failure, and it is ended.
 */
export class TakerThread<Result> implements Taking<Result> {
  readonly #worker: Worker;
  readonly #isResult: (answer: unknown) => answer is Result;
  readonly #looking: NodeJS.Timeout;
  readonly #given: Given[] = [];
  #waiting: Waiting<Result> | undefined;
  #failure: Failure | undefined;
  #looksLeft = LOOKS;

  private constructor(
    worker: Worker,
    {
      isResult,
      lookEveryMs,
    }: {
      readonly isResult: (answer: unknown) => answer is Result;
      readonly lookEveryMs: number;
    },
  ) {
    this.#isResult = isResult;
    this.#worker = worker
      .on('message', (answer: unknown) => this.#answered(answer))
      .on('error', (error) => this.#fail('it died', error))
      .on('exit', () => this.#fail('it ended before its work'));
    this.#looking = setInterval(() => this.#look(), lookEveryMs);
  }

  static start<Settings, Result>(
    { kind, settings }: { readonly kind: TakerKind<Settings, Result>; readonly settings: Settings },
    { start = startWorker, lookEveryMs = LOOK_EVERY_MS }: ThreadSettings = {},
  ): TakerThread<Result> {
    const isResult = (answer: unknown): answer is Result => kind.isResult(answer, settings);
    return new TakerThread(start({ work: kind.name, settings }), { isResult, lookEveryMs });
  }

  take(block: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    const ring = ringOf(block);
    if (ring === undefined) throw new TypeError('a thread can only be given blocks of a ring');
    const { release } = ring.hold(block);
    this.#given.push({ sizeBytes: block.length, release });
    this.#worker.postMessage(block);
  }

  result(): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(null);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail('it was ended');
    await this.#worker.terminate();
  }

  #answered(answer: unknown): void {
    this.#looksLeft = LOOKS;
    const given = this.#given.shift();
    if (given !== undefined) {
      given.release();
      if (answer !== given.sizeBytes) this.#fail('it answered what nobody can believe');
    } else if (this.#waiting !== undefined && this.#isResult(answer)) {
      this.#waiting.resolve(answer);
      this.#waiting = undefined;
    } else {
      this.#fail('it answered what nobody can believe');
    }
  }

  #look(): void {
    const isIdle = this.#given.length === 0 && this.#waiting === undefined;
    this.#looksLeft = isIdle ? LOOKS : this.#looksLeft - 1;
    if (this.#looksLeft === 0) this.#fail('it did not answer for a long time');
  }

  /** The first failure stays. Nothing waits for the thread any more, so that whoever fills the ring can go on. */
  #fail(state: string, cause?: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = threadFailure(state, cause);
    clearInterval(this.#looking);
    for (const { release } of this.#given.splice(0)) release();
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
    void this.#worker.terminate();
  }
}

function threadFailure(state: string, cause: unknown): Failure {
  return new Failure('system', `Cannot take checksums: a thread of this program failed, ${state}`, {
    hint: 'Check whether the machine ran out of memory (dmesg), then run the command again.',
    cause,
  });
}
