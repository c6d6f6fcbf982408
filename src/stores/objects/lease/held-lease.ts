import { Failure } from '../../../system/failure.ts';
import type { ObjectStore } from '../object-store.ts';
import type { LeaseRecord } from './lease-record.ts';
import { findLease, isSame, type StandingLease, writeOver } from './standing-lease.ts';

/** The lock of a copy, while it is held. Its disposal gives it back; if that fails, time does, or who ends it. */
export interface Lease extends AsyncDisposable {
  /**
   * To be called before each write that makes something valid: the lock is looked at, and, where locks run out, it is
   * good for its whole time again. One request. Failure `locked` where it was lost, be it only that its time is over:
   * this process may have stood still meanwhile.
   */
  confirm(): Promise<void>;
  /** Without a request: failure `locked` where its time is over, or it is known to be lost. */
  requireTime(): void;
}

/** Renewals in the time for which a lease is good. */
const RENEWALS = 3;

export interface LeaseTerms {
  readonly key: string;
  readonly standing: StandingLease;
  /** What the clock of the store says: milliseconds since 1970. */
  readonly clock: () => number;
  readonly lastsMs: number;
}

export class HeldLease implements Lease {
  readonly #store: ObjectStore;
  readonly #terms: LeaseTerms;
  readonly #timer: NodeJS.Timeout | undefined;
  #standing: StandingLease;
  #isLost = false;
  /** One request after the other: each needs to know what the one before has written. */
  #last: Promise<void> = Promise.resolve();

  constructor(store: ObjectStore, terms: LeaseTerms) {
    this.#store = store;
    this.#terms = terms;
    this.#standing = terms.standing;
    if (terms.standing.record.expires === undefined) return;
    // One that fails is no reason to end the run: the next may succeed, and what counts is confirmed.
    const renew = () => void this.confirm().catch(() => {});
    this.#timer = setInterval(renew, terms.lastsMs / RENEWALS).unref();
  }

  confirm(): Promise<void> {
    return this.#inTurn(() => this.#confirm());
  }

  requireTime(): void {
    const { expires } = this.#standing.record;
    if (this.#isLost || (expires !== undefined && this.#terms.clock() > Date.parse(expires)))
      throw this.#lost();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#inTurn(() => this.#release()).catch((error) => {
      if (!(error instanceof Failure)) throw error;
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #confirm(): Promise<void> {
    this.requireTime();
    if (this.#standing.record.expires === undefined) return this.#look();
    const { clock, lastsMs } = this.#terms;
    await this.#replace({ expires: new Date(clock() + lastsMs).toISOString() });
    // The answer may have taken long.
    this.requireTime();
  }

  async #release(): Promise<void> {
    if (this.#isLost) return;
    if (this.#standing.record.expires !== undefined) return this.#replace({ state: 'free' });
    await this.#look();
    await this.#store.remove([this.#terms.key]);
  }

  async #look(): Promise<void> {
    const found = await findLease(this.#store, this.#terms.key);
    if (!isSame(found, this.#standing)) throw this.#lost();
  }

  async #replace(change: Partial<LeaseRecord>): Promise<void> {
    const { record } = this.#standing;
    const next = { ...record, ...change, counter: record.counter + 1 };
    const { key } = this.#terms;
    const standing = await writeOver(this.#standing, next, { store: this.#store, key });
    if (standing === undefined) throw this.#lost();
    this.#standing = standing;
  }

  #lost(): Failure {
    this.#isLost = true;
    const what = `Cannot go on in ${this.#store.name}: this run has lost its lock`;
    return new Failure('locked', what, {
      hint: 'It stood still for too long, or somebody ended its lock. Nothing that counts was written since. Run the command again.',
    });
  }
}

/** A clock that goes on from what the store's own clock says now. */
export async function clockOf(store: ObjectStore): Promise<() => number> {
  const askedAt = performance.now();
  const storeMs = await store.now();
  return () => storeMs + performance.now() - askedAt;
}
