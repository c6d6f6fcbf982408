/** A time of the server is used for so long before it is asked again. */
const FRESH_MS = 5000;

/** How far two clocks of this machine may run apart while it doesn't sleep. */
const APART_MS = 500;

/** The clock of a server, by the header `Date` of its answers, in whole seconds. */
export class ServerClock {
  #seen:
    | { readonly serverMs: number; readonly steadyMs: number; readonly wallMs: number }
    | undefined;

  /** Whether an answer ever came. */
  get hasAnswered(): boolean {
    return this.#seen !== undefined;
  }

  /** To be told of each answer. */
  see(date: string | undefined): void {
    const serverMs = Date.parse(date ?? '');
    if (Number.isNaN(serverMs)) return;
    this.#seen = { serverMs, steadyMs: performance.now(), wallMs: Date.now() };
  }

  /**
   * Milliseconds since 1970; undefined where the last answer came too long ago, or this machine may have slept since
   * then: its steady clock stands still meanwhile.
   */
  now(): number | undefined {
    if (this.#seen === undefined) return undefined;
    const { serverMs, steadyMs, wallMs } = this.#seen;
    const passedMs = performance.now() - steadyMs;
    const isAwake = Math.abs(Date.now() - wallMs - passedMs) < APART_MS;
    return isAwake && passedMs < FRESH_MS ? serverMs + passedMs : undefined;
  }
}
