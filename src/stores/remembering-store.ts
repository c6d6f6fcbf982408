import type { ByteRange } from '../system/files/byte-source.ts';
import { collectSmall } from '../system/streams/pipeline.ts';
import type { StagedFile, Store, StoredFile } from './store.ts';

/** What is remembered of a store, and who wants to know when that changes. */
export interface Memory {
  /** Whether a file of this name is small, and is to be read once. */
  readonly isRemembered: (name: string) => boolean;
  /** Called when something was written or removed through it, and when all is forgotten. */
  readonly onChange: () => void;
}

/** What others have done to a store: names of files that are new, or have another size, and of those that are gone. */
export interface ListingChange {
  readonly came: readonly string[];
  readonly went: readonly string[];
}

/**
 * A store that is listed once, and of which each small file is read once, until {@link reread}. What is written or
 * removed through it is seen at once. Taking its lock forgets all: others may have been there meanwhile.
 */
export class RememberingStore implements Store {
  readonly #store: Store;
  readonly #memory: Memory;
  #files: Promise<Map<string, StoredFile>> | undefined;
  readonly #contents = new Map<string, Promise<Uint8Array>>();

  constructor(store: Store, memory: Memory) {
    this.#store = store;
    this.#memory = memory;
  }

  get name(): string {
    return this.#store.name;
  }

  /** Forgets all that was read. */
  reread(): void {
    this.#files = undefined;
    this.#contents.clear();
    this.#memory.onChange();
  }

  async list(): Promise<readonly StoredFile[]> {
    this.#files ??= this.#listed();
    return [...(await this.#files).values()];
  }

  /**
   * Lists it once more, and tells what others have changed since. Small files that are as they were, by their size,
   * are not read again.
   */
  async listAgain(): Promise<ListingChange> {
    const before = new Map((await this.list()).map((file) => [file.name, file]));
    this.#files = undefined;
    const now = await this.list();
    const isAsBefore = ({ name, sizeBytes }: StoredFile) =>
      before.get(name)?.sizeBytes === sizeBytes;
    const came = now.filter((file) => !isAsBefore(file)).map(({ name }) => name);
    const names = new Set(now.map(({ name }) => name));
    const went = [...before.keys()].filter((name) => !names.has(name));
    for (const name of [...came, ...went]) this.#contents.delete(name);
    if (came.length + went.length > 0) this.#memory.onChange();
    return { came, went };
  }

  async *read(name: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    if (range === undefined && this.#memory.isRemembered(name)) yield await this.#contentOf(name);
    else yield* this.#store.read(name, range);
  }

  async stage(...[name, content]: Parameters<Store['stage']>): Promise<StagedFile> {
    const file = await this.#store.stage(name, content);
    const { sizeBytes } = file;
    return {
      name,
      sizeBytes,
      confirm: (sha256, watch) => file.confirm(sha256, watch),
      publish: async () => {
        await file.publish();
        await this.#changed(name, (files) => files.set(name, { name, sizeBytes }));
      },
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  }

  async append(...[name, addition]: Parameters<Store['append']>): Promise<readonly StoredFile[]> {
    const changed = await this.#store.append(name, addition);
    for (const file of changed)
      await this.#changed(file.name, (files) => files.set(file.name, file));
    return changed;
  }

  async remove(name: string): Promise<void> {
    await this.#store.remove(name);
    await this.#changed(name, (files) => files.delete(name));
  }

  async lock(...[request]: Parameters<Store['lock']>): Promise<AsyncDisposable> {
    const lock = await this.#store.lock(request);
    this.reread();
    return lock;
  }

  /** Forgets what a file held, which others write without the lock, too. */
  forget(name: string): void {
    this.#contents.delete(name);
  }

  /** A folder that can't be listed, as it isn't there yet, is asked again. */
  #listed(): Promise<Map<string, StoredFile>> {
    const listed = this.#store
      .list()
      .then((files) => new Map(files.map((file) => [file.name, file])));
    listed.catch(() => {
      if (this.#files === listed) this.#files = undefined;
    });
    return listed;
  }

  #contentOf(name: string): Promise<Uint8Array> {
    const known = this.#contents.get(name);
    if (known !== undefined) return known;
    const content = collectSmall(this.#store.read(name));
    this.#contents.set(name, content);
    return content;
  }

  async #changed(name: string, change: (files: Map<string, StoredFile>) => void): Promise<void> {
    this.#contents.delete(name);
    const files = await this.#files?.catch(() => undefined);
    if (files !== undefined) change(files);
    this.#memory.onChange();
  }
}
