import { randomBytes } from 'node:crypto';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import {
  type ObjectStoreSettings,
  openObjectStore,
} from '../../stores/objects/open-object-store.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { collect } from '../../system/streams/pipeline.ts';
import {
  type Ability,
  type PlaceReport,
  protectionOf,
  type Trial,
  writersOf,
} from './place-report.ts';

/** Bytes of the object that is read: more than a server sends at once. */
const READ_BYTES = 300_000;

/** Names whose order is not that of folders: `a-b` and `a.b` come before `a/b`. */
const NAMES = ['b', 'aa', 'a/c/d', 'a/b', 'a.b', 'a-b'];

/**
 * Finds out what a place of objects can do, by doing it: below a prefix of its own, from which everything is removed
 * again. Failures: those of a place that can't be reached, or isn't there.
 *
 * @param place - a path or a URL
 */
export async function examinePlace(
  place: string,
  { signal, ...settings }: ObjectStoreSettings & { readonly signal: AbortSignal },
): Promise<PlaceReport> {
  await using store = await openObjectStore(place, settings);
  const examination = new Examination(store, signal);
  try {
    await examination.run();
  } finally {
    await examination.cleanUp();
  }
  const { trials } = examination;
  return {
    place: store.name,
    trials,
    clockAheadMs: await clockAheadOf(store),
    writers: writersOf(trials, store.conditions),
    protection: protectionOf(trials),
  };
}

class Examination {
  readonly trials: Trial[] = [];
  readonly #store: ObjectStore;
  readonly #signal: AbortSignal;
  readonly #prefix = `zodbvault-doctor-${randomBytes(6).toString('hex')}/`;
  readonly #written = new Set<string>();
  #keepsVersions = false;

  constructor(store: ObjectStore, signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const store = this.#store;
    // What can't be reached is no place to try more; what isn't allowed is a result.
    if (!(await this.#try('list', async () => (await this.#list()).length === 0, 'refused')))
      return;
    const content = randomBytes(READ_BYTES);
    const read = this.#key('read');
    if (!(await this.#try('write', () => this.#isPut(read, content)))) return;
    await this.#try('read', async () => (await collect(store.read(read))).equals(content));
    await this.#try('ranges', async () => {
      const range = { start: 100_000, end: 100_100 };
      return (await collect(store.read(read, range))).equals(content.subarray(100_000, 100_100));
    });
    await this.#try('order', () => this.#isSorted());
    await this.#try('create-once', () => this.#isCreatedOnce(this.#key('once')));
    if (store.conditions === 'both')
      await this.#try('replace-unchanged', () => this.#isReplacedUnchanged(this.#key('unchanged')));
    await this.#try('sync', async () => store.isUnsynced !== true);
    await this.#try('remove', async () => {
      await store.remove([read]);
      return (await store.look(read)) === undefined;
    });
    await this.#tryProtection();
  }

  /** Whether what was written stays, whatever is done with the key that wrote it. */
  async #tryProtection(): Promise<void> {
    const { lock, lockTrials } = this.#store;
    if (lock === undefined || lockTrials === undefined) return;
    const key = (name: string) => this.#key(`lock/${name}`);
    this.#keepsVersions = await this.#try('versions', () => lockTrials.versions(key('versions')));
    if (!this.#keepsVersions) return;
    await this.#try('versions-stay', () => lockTrials.removal(key('removal')));
    const isLocked = await this.#try('lock', async () => {
      await lock.require();
      return await lockTrials.compliance(key('compliance'));
    });
    if (isLocked) await this.#try('governance', () => lockTrials.governance(key('governance')));
  }

  /** Removes what was written, as far as that is allowed: the trial has told. */
  async cleanUp(): Promise<void> {
    const unlessFailed = (error: unknown) => {
      if (!(error instanceof Failure)) throw error;
    };
    await this.#store.remove([...this.#written]).catch(unlessFailed);
    if (this.#keepsVersions)
      await this.#store.lockTrials?.cleanUp(this.#prefix).catch(unlessFailed);
  }

  /** @param only - the failures that are results; else all but an interruption */
  async #try(ability: Ability, work: () => Promise<boolean>, only?: 'refused'): Promise<boolean> {
    this.#signal.throwIfAborted();
    try {
      const isGood = await work();
      this.trials.push({ ability, isGood });
      return isGood;
    } catch (error) {
      const isResult = only === undefined ? error instanceof Failure : isFailure(error, only);
      if (!isResult || !(error instanceof Failure)) throw error;
      const hint = ability === 'list' || ability === 'write' ? error.hint : undefined;
      this.trials.push({ ability, isGood: false, reason: error.message, hint });
      return false;
    }
  }

  #key(name: string): string {
    const key = `${this.#prefix}${name}`;
    this.#written.add(key);
    return key;
  }

  async #list(): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const page of this.#store.pages(this.#prefix))
      keys.push(...page.map(({ key }) => key));
    return keys;
  }

  async #isPut(key: string, content: Uint8Array): Promise<boolean> {
    return (await this.#store.put(key, content)).kind === 'put';
  }

  /** What was just written is listed at once, in the order of the keys. */
  async #isSorted(): Promise<boolean> {
    const keys = NAMES.map((name) => this.#key(`order/${name}`));
    for (const key of keys) await this.#store.put(key, Buffer.from(key));
    const listed = (await this.#list()).filter((key) => key.includes('/order/'));
    return listed.join(' ') === [...keys].reverse().join(' ');
  }

  async #isCreatedOnce(key: string): Promise<boolean> {
    if (this.#store.conditions === 'none') return false;
    const absent = { kind: 'absent' } as const;
    const first = await this.#store.put(key, Buffer.from('first'), absent);
    const second = await this.#store.put(key, Buffer.from('second'), absent);
    return first.kind === 'put' && second.kind === 'refused' && (await this.#says(key, 'first'));
  }

  async #isReplacedUnchanged(key: string): Promise<boolean> {
    await this.#store.put(key, Buffer.from('first'));
    const version = (await this.#store.look(key))?.version;
    if (version === undefined) return false;
    const unchanged = { kind: 'unchanged', version } as const;
    const second = await this.#store.put(key, Buffer.from('second'), unchanged);
    const third = await this.#store.put(key, Buffer.from('third'), unchanged);
    return second.kind === 'put' && third.kind === 'refused' && (await this.#says(key, 'second'));
  }

  async #says(key: string, text: string): Promise<boolean> {
    return (await collect(this.#store.read(key))).toString() === text;
  }
}

/** Undefined where the store doesn't tell: some have to write for it. */
async function clockAheadOf(store: ObjectStore): Promise<number | undefined> {
  const beganMs = Date.now();
  try {
    const storeMs = await store.now();
    return storeMs - (beganMs + Date.now()) / 2;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
