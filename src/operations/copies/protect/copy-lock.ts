import type { CopySettings } from '../../../config/model/copy-settings.ts';
import { isWrittenOnce } from '../../../copies/layout/keys.ts';
import type { SiteHead } from '../../../copies/layout/site-head.ts';
import type { ObjectLock, ObjectStore } from '../../../stores/objects/object-store.ts';
import { Failure } from '../../../system/failure.ts';
import { each, inParallel } from '../../../system/streams/pipeline.ts';
import type { CopiedPoints } from '../push/push-run.ts';
import { keysOfNewestChains } from './newest-chains.ts';

const DAY_MS = 86_400_000;

/** Requests under way at once. */
const AT_ONCE = 32;

/** For how long a copy is locked, and until when it is: times in milliseconds since 1970, by the clock of the store. */
export interface LockTimes {
  readonly days: number;
  /** Until when all is locked that the newest chains need; undefined: nobody knows. */
  readonly lockedUntilMs: number | undefined;
}

/** As the settings say, and the head of the site. */
export function lockTimes({ lockDays: days }: CopySettings, head: SiteHead | undefined): LockTimes {
  const text = head?.lockedUntil;
  return { days, lockedUntilMs: text === undefined ? undefined : Date.parse(text) };
}

/** Whether a copy that is to be locked has less than half of its days left. */
export async function isLockDue(store: ObjectStore, times: LockTimes): Promise<boolean> {
  return times.days > 0 && isShort(times, await store.now());
}

/**
 * The times by which one locks what it writes that brings nothing: as long as the settings say, or, where none are
 * known, as long as what the copy holds; undefined: it isn't locked. For the note of what went must not go before that.
 */
export async function lockTimesOfOther(
  store: ObjectStore,
  { days, lockedUntilMs }: LockTimes,
): Promise<LockTimes | undefined> {
  if (days > 0) return { days, lockedUntilMs };
  if (lockedUntilMs === undefined || store.lock === undefined) return undefined;
  const leftMs = lockedUntilMs - (await store.now());
  return leftMs > 0 ? { days: leftMs / DAY_MS, lockedUntilMs } : undefined;
}

function isShort({ days, lockedUntilMs }: LockTimes, nowMs: number): boolean {
  return lockedUntilMs === undefined || lockedUntilMs < nowMs + (days * DAY_MS) / 2;
}

/** Locks what a run writes to a copy, and longer what was locked before and is still needed. */
export class CopyLock {
  /** The copy, in which everything that is written once is locked as soon as it is there. */
  readonly site: ObjectStore;
  readonly #lock: ObjectLock;
  readonly #times: LockTimes;
  readonly #nowMs: number;
  readonly #written = new Set<string>();
  readonly #found = new Set<string>();
  #proof: Promise<void> | undefined;

  private constructor(
    site: ObjectStore,
    more: { readonly lock: ObjectLock; readonly times: LockTimes; readonly nowMs: number },
  ) {
    this.#lock = more.lock;
    this.#times = more.times;
    this.#nowMs = more.nowMs;
    const writer = this.#lock.writeUntil(this.#untilMs);
    this.site = {
      ...site,
      put: async (key, content, condition) => {
        if (!isWrittenOnce(key)) return await site.put(key, content, condition);
        const outcome = await writer.put(key, content, condition);
        if (outcome.kind === 'put') await this.#note(key);
        return outcome;
      },
      upload: async (key, content, options) => {
        if (!isWrittenOnce(key)) return await site.upload(key, content, options);
        await writer.upload(key, content, options);
        await this.#note(key);
      },
    };
  }

  /** Failures: `usage` where the store can't lock; `refused` where this user may not ask. */
  static async begin(site: ObjectStore, times: LockTimes): Promise<CopyLock> {
    const { lock } = site;
    if (lock === undefined) throw cannotLock(site.name, 'only a bucket can');
    await lock.require();
    return new CopyLock(site, { lock, times, nowMs: await site.now() });
  }

  /** Writes what is beside the copy of the site, and as hard to destroy. */
  writerOf(store: ObjectStore): Pick<ObjectStore, 'put'> {
    return store.lock?.writeUntil(this.#untilMs) ?? store;
  }

  /** An object that a killed run has brought: under whatever lock. */
  found(key: string): void {
    this.#found.add(key);
  }

  /**
   * Locks all that the newest chains need for all days, where less than half of them is left. Returns until when it is
   * locked: milliseconds since 1970.
   *
   * @param storages - names of those that the site has: the others are given up
   */
  async extend(
    points: CopiedPoints,
    { storages, signal }: { readonly storages: readonly string[]; readonly signal: AbortSignal },
  ): Promise<number> {
    const untilMs = this.#untilMs;
    const isDue = isShort(this.#times, this.#nowMs);
    const keys = isDue ? await keysOfNewestChains(this.site, { points, storages }) : this.#found;
    const work = async (key: string) => {
      signal.throwIfAborted();
      if (!this.#written.has(key)) await this.#lock.extend(key, untilMs);
    };
    for await (const _ of inParallel(each(keys), { limit: AT_ONCE, work }));
    return isDue ? untilMs : Math.min(untilMs, this.#times.lockedUntilMs ?? untilMs);
  }

  get #untilMs(): number {
    return Math.round(this.#nowMs + this.#times.days * DAY_MS);
  }

  async #note(key: string): Promise<void> {
    this.#written.add(key);
    this.#proof ??= this.#prove(key);
    await this.#proof;
  }

  /** Some servers take a lock, and ignore it. */
  async #prove(key: string): Promise<void> {
    const untilMs = await this.#lock.look(key);
    if (untilMs !== undefined && untilMs >= this.#untilMs) return;
    throw cannotLock(this.site.nameOf(key), 'the server ignores the lock, or does not show it');
  }
}

function cannotLock(name: string, state: string): Failure {
  return new Failure('usage', `Cannot lock "${name}": ${state}`, {
    hint: { kind: 'leave-out-lock' },
  });
}
