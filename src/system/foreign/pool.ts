import { availableParallelism } from 'node:os';
import type { Program } from '../processes/programs.ts';
import { LibraryProcess, type ProcessLimits } from './process.ts';

/** One for each core, but each takes some 50 MB of memory. */
const MOST_PROCESSES = 4;
/** Requests for each process, so that it has the next one when it has answered one. */
const REQUESTS_AT_A_TIME = 2;
/** How long an answer may take: it takes milliseconds, but the machine may be busy. */
const PATIENCE_MS = 30_000;

/** What a pool must know of the library that its processes call. */
export interface PoolOptions extends Pick<ProcessLimits, 'mostAnswerBytes'> {
  /** What each process is asked first, and whether its answer is right. */
  readonly proof: {
    readonly content: Uint8Array;
    readonly isRight: (answer: Buffer) => boolean;
  };
  readonly patienceMs?: number;
}

/** Processes that call a library, one for each core. When one of them fails, none is asked again. */
export class LibraryPool implements AsyncDisposable {
  readonly #processes: readonly LibraryProcess[];

  private constructor(processes: readonly LibraryProcess[]) {
    this.#processes = processes;
  }

  /** Undefined where it can't be called: koffi or the library is not installed, or makes something wrong. */
  static async start(
    program: Program,
    { proof, patienceMs = PATIENCE_MS, mostAnswerBytes }: PoolOptions,
  ): Promise<LibraryPool | undefined> {
    const count = Math.min(availableParallelism(), MOST_PROCESSES);
    const limits = { patienceMs, mostAnswerBytes };
    const processes = Array.from({ length: count }, () => new LibraryProcess(program, limits));
    const pool = new LibraryPool(processes);
    const proofs = await Promise.all(
      processes.map(async (process) => {
        const answer = await process.ask(proof.content, { headroom: 0 });
        return answer !== undefined && proof.isRight(answer);
      }),
    );
    if (proofs.every((isProven) => isProven)) return pool;
    await pool[Symbol.asyncDispose]();
    return undefined;
  }

  /** Requests that keep all processes at work. */
  get requestsAtATime(): number {
    return this.#processes.length * REQUESTS_AT_A_TIME;
  }

  /** As {@link LibraryProcess.ask}; undefined also after any process failed. */
  async ask(...request: Parameters<LibraryProcess['ask']>): Promise<Buffer | undefined> {
    if (!this.#processes.every(({ isUsable }) => isUsable)) {
      await this[Symbol.asyncDispose]();
      return undefined;
    }
    const idlest = this.#processes.reduce((least, one) => (one.load < least.load ? one : least));
    return idlest.ask(...request);
  }

  /** Ends all processes, and waits until they are gone; open requests get no answer. May be called again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end()));
  }
}
