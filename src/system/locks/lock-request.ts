import { setTimeout as sleep } from 'node:timers/promises';

/** How a run asks for its locks. One request may be used for several: they share its patience. */
export interface LockRequest {
  /** What the run does, for whoever finds the lock held. */
  readonly command: string;
  /** When to wait no longer, in milliseconds of `performance.now()`; what is past: not to wait. */
  readonly giveUpAt: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Called once for each lock that is waited for. */
  readonly onWait: (waiting: LockWaiting) => void;
}

/**
 * - `held`, `server`: it waits until another run, or the server of a Data.fs, has ended.
 * - `watched`: it looks whether the holder still lives.
 */
export interface LockWaiting {
  readonly kind: 'held' | 'server' | 'watched';
  readonly path: string;
  /** Who it is. */
  readonly holder: string;
}

/** A run that nobody has named, and that doesn't wait. */
export const IMPATIENT: LockRequest = {
  command: 'a run',
  giveUpAt: 0,
  signal: new AbortController().signal,
  onWait: () => {},
};

/** Milliseconds between two attempts. */
const PAUSE = 500;

/**
 * Repeats an attempt until it succeeds or the request's patience is at its end; returns the last
 * one's result. `onHeld` is called with the first that fails, if it waits.
 */
export async function attemptPatiently<Result extends { readonly kind: 'acquired' | 'held' }>(
  attempt: () => Promise<Result>,
  { request, onHeld }: { readonly request: LockRequest; readonly onHeld: (result: Result) => void },
): Promise<Result> {
  for (let attempts = 1; ; attempts += 1) {
    const result = await attempt();
    const left = request.giveUpAt - performance.now();
    if (result.kind === 'acquired' || left <= 0) return result;
    if (attempts === 1) onHeld(result);
    await pause(Math.min(PAUSE, left), request.signal);
  }
}

/** Waits; throws the signal's reason when that is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {}); // Only the signal ends it early.
  signal.throwIfAborted();
}
