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
    this.#files ??= this.#store
      .list()
      .then((files) => new Map(files.map((file) => [file.name, file])));
    return [...(await this.#files).values()];
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

  async remove(name: string): Promise<void> {
    await this.#store.remove(name);
    await this.#changed(name, (files) => files.delete(name));
  }

  async lock(...[request]: Parameters<Store['lock']>): Promise<AsyncDisposable> {
    const lock = await this.#store.lock(request);
    this.reread();
    return lock;
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
    const files = await this.#files;
    if (files !== undefined) change(files);
    this.#memory.onChange();
  }
}
