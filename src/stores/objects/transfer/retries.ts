import { setTimeout as pause } from 'node:timers/promises';

/** How long something that fails is tried again. */
export interface Patience {
  /** From the first failure on, while nothing at all gets through. */
  readonly giveUpAfterMs: number;
  /** At most before the second attempt; twice as long before each next one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** A server that starts again, or a line that breaks for a moment, costs a run no more than time. */
export const PATIENT: Patience = {
  giveUpAfterMs: 60_000,
  firstPauseMs: 200,
  longestPauseMs: 10_000,
};

export interface RetrySettings {
  readonly patience: Patience;
  /** Undefined: to try again doesn't help. Else the ms that the server wants to be left alone, mostly 0. */
  readonly pauseAfter: (error: unknown) => number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** At least 0, below 1: several runs that failed together shall not come back together. */
  readonly random?: () => number;
}

/** The attempts at one thing: waits between them, longer each time, until it is time to give up. */
export class Retries {
  readonly #settings: RetrySettings;
  #failures = 0;
  #failingSinceMs = 0;

  constructor(settings: RetrySettings) {
    this.#settings = settings;
  }

  /** Something got through: what fails from now on is another matter. */
  progress(): void {
    this.#failures = 0;
  }

  /** Waits before the next attempt. The error itself is thrown where there is none, or the reason of the signal. */
  async waitAfter(error: unknown): Promise<void> {
    const { patience, pauseAfter, signal, random = Math.random } = this.#settings;
    signal?.throwIfAborted();
    const wanted = pauseAfter(error);
    if (wanted === undefined) throw error;
    const nowMs = performance.now();
    if (this.#failures === 0) this.#failingSinceMs = nowMs;
    if (nowMs - this.#failingSinceMs >= patience.giveUpAfterMs) throw error;
    const longest = Math.min(patience.longestPauseMs, patience.firstPauseMs * 2 ** this.#failures);
    this.#failures += 1;
    const pauseMs = Math.max(longest * random(), Math.min(wanted, patience.longestPauseMs));
    await pause(pauseMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

/** Does something until it succeeds, or to try again doesn't help. @param work - gets the number of its attempt, from 1 */
export async function tryAgain<T>(
  work: (attempt: number) => Promise<T>,
  settings: RetrySettings,
): Promise<T> {
  const retries = new Retries(settings);
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      await retries.waitAfter(error);
    }
  }
}
