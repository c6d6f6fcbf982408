import { availableParallelism } from 'node:os';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { adoptSystemError, Failure, type FailureCode } from '../failure.ts';
import type { Hint } from '../remedy.ts';
import type { WorkProgress } from '../streams/progress.ts';
import { PACKAGING } from './packaging.ts';

/*
 * Both ends of work in threads. The main thread gives each worker one request at a time; the worker
 * does it, with synchronous calls, and answers.
 */

/** What a worker is for. */
export interface WorkerJob<Settings = unknown> {
  /** The name by which a module serves such work: every worker loads all of these modules. */
  readonly work: string;
  readonly settings: Settings;
}

/** What a worker is told when it is started. */
interface Job<Settings> extends WorkerJob<Settings> {
  readonly kind: 'zodbvault-job';
}

type Answer<Result> =
  /** Of work that goes on. */
  | { readonly kind: 'progress'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'done'; readonly result: Result }
  /** A {@link Failure}, which as an error wouldn't come through as what it is. */
  | {
      readonly kind: 'failed';
      readonly code: FailureCode;
      readonly message: string;
      readonly hint: Hint;
      readonly cause: unknown;
    };

/** More would wait for the disk, and each takes some 20 MB of memory. */
const MAXIMUM_WORKERS = 4;

/** What a worker makes is soon done with: this much of it is not worth being kept for longer. */
const YOUNG = { maxYoungGenerationSizeMb: 4 };

/**
 * How many threads there may be: none where there is one processor, which the main thread has, and
 * none for a program that runs from its source: Node can't start a worker of TypeScript.
 */
export function workerCount(): number {
  const count = Math.min(availableParallelism(), MAXIMUM_WORKERS);
  return count === 1 || PACKAGING.kind === 'source' ? 0 : count;
}

/**
 * Lets workers do requests, by the module that calls {@link serveRequests} with that name. When it ends, however it ends,
 * none of them runs any more. Failures: those of the work; the reason of the signal.
 */
export async function askWorkers<Request, Result>(
  job: WorkerJob,
  {
    requests,
    onResult,
    signal,
    progress,
    wait = 'processor',
  }: {
    readonly requests: Iterator<Request>;
    /** What a worker waits for most of the time: of those that wait for the disk, there may be more. */
    readonly wait?: 'processor' | 'disk';
    readonly onResult: (result: Result) => void;
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
  },
): Promise<void> {
  const count = wait === 'disk' ? MAXIMUM_WORKERS : workerCount();
  const workers = Array.from({ length: count }, () => startWorker(job));
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let next = requests.next(); !next.done; next = requests.next()) {
          onResult(await ask<Request, Result>(worker, { request: next.value, signal, progress }));
        }
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Starts a thread for a job. Its errors are told to whoever waits for an answer. */
export function startWorker({ work, settings }: WorkerJob): Worker {
  if (PACKAGING.kind === 'source') throw new Error('Node starts no worker of TypeScript');
  const job: Job<unknown> = { kind: 'zodbvault-job', work, settings };
  const options = { workerData: job, resourceLimits: YOUNG };
  const worker =
    PACKAGING.kind === 'executable'
      ? new Worker(PACKAGING.source(), { ...options, eval: true })
      : new Worker(PACKAGING.worker, options);
  return worker.on('error', () => {}); // Whoever waits for an answer hears of it.
}

function ask<Request, Result>(
  worker: Worker,
  {
    request,
    signal,
    progress,
  }: {
    readonly request: Request;
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
  },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = () => settle(() => reject(signal.reason));
    const answered = (answer: Answer<Result>) => {
      switch (answer.kind) {
        case 'progress':
          if (answer.path !== '') progress.onFile(answer.path);
          progress.onBytes(answer.bytes);
          return;
        case 'done':
          settle(() => resolve(answer.result));
          return;
        case 'failed':
          settle(() => reject(new Failure(answer.code, answer.message, answer)));
          return;
        default:
          answer satisfies never;
      }
    };
    const failed = (error: unknown) => settle(() => reject(error));
    const ended = () => settle(() => reject(new Error('a worker ended before its work')));
    const settle = (end: () => void) => {
      signal.removeEventListener('abort', stop);
      worker.off('message', answered).off('error', failed).off('exit', ended);
      end();
    };
    signal.throwIfAborted();
    signal.addEventListener('abort', stop);
    worker.on('message', answered).on('error', failed).on('exit', ended);
    worker.postMessage(request);
  });
}

/**
 * Makes a module one that workers can be started of; does nothing in any other thread.
 *
 * @param prepare - makes what does one request after the other and tells how far it is; whoever wants it
 *   to stop ends the thread
 * @param describe - what it does, for messages about errors of the system
 */
export function serveRequests<Settings, Request, Result>(
  work: string,
  {
    prepare,
    describe,
  }: {
    readonly prepare: (settings: Settings, progress: WorkProgress) => (request: Request) => Result;
    readonly describe: (settings: Settings) => string;
  },
): void {
  const port = parentPort;
  const job = jobOf<Settings>(work);
  if (port === null || job === undefined) return;
  const { settings } = job;
  const telling = new Telling((answer) => port.postMessage(answer));
  const respond = prepare(settings, telling.progress);
  const answerTo = (request: Request): Answer<Result> => {
    try {
      const result = respond(request);
      telling.flush();
      return { kind: 'done', result };
    } catch (error) {
      const failure = adoptSystemError(error, describe(settings));
      if (!(failure instanceof Failure)) throw error;
      const { code, message, hint, cause } = failure;
      return { kind: 'failed', code, message, hint, cause };
    }
  };
  port.on('message', (request: Request) => port.postMessage(answerTo(request)));
}

/** Time between two messages about progress, in milliseconds. */
const TELL_EVERY_MS = 100;

/** Gathers what a worker tells of its progress: a message for each small file would cost more than the file. */
class Telling {
  readonly #post: (answer: Answer<never>) => void;
  #path = '';
  #bytes = 0;
  #toldAt = 0;

  constructor(post: (answer: Answer<never>) => void) {
    this.#post = post;
  }

  readonly progress: WorkProgress = {
    onFile: (path) => {
      this.#path = path;
    },
    onBytes: (count) => {
      this.#bytes += count;
      if (performance.now() - this.#toldAt >= TELL_EVERY_MS) this.flush();
    },
  };

  flush(): void {
    if (this.#bytes > 0) this.#post({ kind: 'progress', path: this.#path, bytes: this.#bytes });
    this.#bytes = 0;
    this.#toldAt = performance.now();
  }
}

/** The job of this thread; undefined where it has none, or another one. */
export function jobOf<Settings>(work: string): WorkerJob<Settings> | undefined {
  const job: unknown = workerData;
  return isJob<Settings>(job, work) ? job : undefined;
}

function isJob<Settings>(value: unknown, work: string): value is Job<Settings> {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return value.kind === 'zodbvault-job' && 'work' in value && value.work === work;
}
