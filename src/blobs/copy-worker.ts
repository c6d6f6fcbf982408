import { availableParallelism } from 'node:os';
import { type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import { adoptSystemError, Failure, type FailureCode } from '../system/failure.ts';
import { type Branch, type TreeContent, TreeWalk, type WalkSettings } from './tree-walk.ts';

/*
 * Both ends of the copy in worker threads. The main thread gives each worker one branch at a time;
 * the worker copies it and answers.
 */

/** What a worker is told when it is started. */
interface Job {
  readonly kind: 'zodbvault-copy';
  readonly settings: WalkSettings;
}

/** What a worker answers to a branch. */
type Answer =
  | { readonly kind: 'copied'; readonly content: TreeContent }
  /** A {@link Failure}, which as an error wouldn't come through as what it is. */
  | {
      readonly kind: 'failed';
      readonly code: FailureCode;
      readonly message: string;
      readonly hint: string;
      readonly cause: unknown;
    };

/** More would wait for the disk, and each takes some 20 MB of memory. */
const MAXIMUM_WORKERS = 4;
/** Messages for each worker: enough that all end at about the same time. */
const SHARES = 32;
const MAXIMUM_NAMES = 256;

/**
 * How many threads a copy may use: none where there is one processor, which the main thread has, and
 * none when this is run from its source: Node can't start a worker of TypeScript.
 */
export function workersForCopy(): number {
  const count = Math.min(availableParallelism(), MAXIMUM_WORKERS);
  return count === 1 || import.meta.url.endsWith('.ts') ? 0 : count;
}

/**
 * Copies branches of a tree in worker threads. When it ends, however it ends, none of them runs any
 * more. Failures: those of {@link TreeWalk}; the reason of the signal.
 */
export async function copyInWorkers(
  settings: WalkSettings,
  { branches, signal }: { readonly branches: readonly Branch[]; readonly signal: AbortSignal },
): Promise<TreeContent> {
  const content = { files: 0, bytes: 0 };
  if (branches.length === 0) return content;
  const waiting = shareOut(branches);
  const job: Job = { kind: 'zodbvault-copy', settings };
  const workers = Array.from({ length: workersForCopy() }, () => startWorker(job));
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let next = waiting.next(); !next.done; next = waiting.next()) {
          const answer = await ask(worker, { branch: next.value, signal });
          content.files += answer.files;
          content.bytes += answer.bytes;
        }
      }),
    );
    return content;
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function* shareOut(branches: readonly Branch[]): Generator<Branch, undefined> {
  const total = branches.reduce((sum, { names }) => sum + names.length, 0);
  const share = Math.ceil(total / (workersForCopy() * SHARES));
  const length = Math.max(1, Math.min(MAXIMUM_NAMES, share));
  for (const branch of branches) {
    for (let start = 0; start < branch.names.length; start += length) {
      yield { ...branch, names: branch.names.slice(start, start + length) };
    }
  }
}

function startWorker(job: Job): Worker {
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  return worker.on('error', () => {}); // Whoever waits for an answer hears of it.
}

function ask(
  worker: Worker,
  { branch, signal }: { readonly branch: Branch; readonly signal: AbortSignal },
): Promise<TreeContent> {
  return new Promise((resolve, reject) => {
    const stop = () => settle(() => reject(signal.reason));
    const answered = (answer: Answer) =>
      settle(() =>
        answer.kind === 'copied'
          ? resolve(answer.content)
          : reject(new Failure(answer.code, answer.message, answer)),
      );
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
    worker.postMessage(branch);
  });
}

function serve(port: MessagePort, { settings }: Job): void {
  port.on('message', (branch: Branch) => port.postMessage(answerTo(branch, settings)));
}

function answerTo(branch: Branch, settings: WalkSettings): Answer {
  const walk = new TreeWalk(settings);
  try {
    for (const _ of walk.copy(branch)); // Whoever wants it to stop ends the thread.
    return { kind: 'copied', content: walk.content };
  } catch (error) {
    const failure = adoptSystemError(error, describeCopy(settings));
    if (!(failure instanceof Failure)) throw error;
    const { code, message, hint, cause } = failure;
    return { kind: 'failed', code, message, hint, cause };
  }
}

/** What a copy does, for messages. */
export function describeCopy({ source, target }: WalkSettings): string {
  return `copy "${source}" to "${target}"`;
}

function isJob(value: unknown): value is Job {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'zodbvault-copy'
  );
}

const data: unknown = workerData;
if (parentPort !== null && isJob(data)) serve(parentPort, data);
