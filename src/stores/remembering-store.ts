import type { ByteRange } from '../system/files/byte-source.ts';
import { collectSmall } from '../system/streams/pipeline.ts';
import type { LocalFolder, StagedPath } from './local-folder.ts';
import type { Renaming, StagedFile, Store, StoredEntry, StoredFile } from './store.ts';

/** What is remembered of a store, and who wants to know when that changes. */
export interface Memory {
  /** Whether a file of this name is small, and is to be read once. */
  readonly isRemembered: (name: string) => boolean;
  /** Called when something of these names was written, renamed or removed; undefined: when all is forgotten. */
  readonly onChange: (names: readonly string[] | undefined) => void;
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
  readonly #files: Listing<StoredFile>;
  readonly #entries: Listing<StoredEntry>;
  readonly #contents = new Map<string, Promise<Uint8Array>>();

  constructor(store: Store, memory: Memory) {
    this.#store = store;
    this.#memory = memory;
    this.#files = new Listing(() => store.list());
    this.#entries = new Listing(() => store.entries());
  }

  get name(): string {
    return this.#store.name;
  }

  get localFolder(): LocalFolder | undefined {
    const folder = this.#store.localFolder;
    if (folder === undefined) return undefined;
    return {
      path: folder.path,
      stageFile: async (name, content) => this.#watched(await folder.stageFile(name, content)),
      stageTree: async (name) => {
        const tree = await folder.stageTree(name);
        return { ...this.#watched(tree), put: tree.put };
      },
    };
  }

  nameOf(name: string): string {
    return this.#store.nameOf(name);
  }

  location(): Promise<string> {
    return this.#store.location();
  }

  isAt(location: string): Promise<boolean> {
    return this.#store.isAt(location);
  }

  requireThere(): Promise<void> {
    return this.#store.requireThere();
  }

  /** Forgets all that was read. */
  reread(): void {
    this.#files.forget();
    this.#entries.forget();
    this.#contents.clear();
    this.#memory.onChange(undefined);
  }

  list(): Promise<readonly StoredFile[]> {
    return this.#files.all();
  }

  entries(): Promise<readonly StoredEntry[]> {
    return this.#entries.all();
  }

  /**
   * Lists its files once more, and tells what others have changed since. Small files that are as they were, by their
   * size, are not read again.
   */
  async listAgain(): Promise<ListingChange> {
    const before = new Map((await this.list()).map((file) => [file.name, file]));
    this.#files.forget();
    const now = await this.list();
    const isAsBefore = ({ name, sizeBytes }: StoredFile) =>
      before.get(name)?.sizeBytes === sizeBytes;
    const came = now.filter((file) => !isAsBefore(file)).map(({ name }) => name);
    const names = new Set(now.map(({ name }) => name));
    const went = [...before.keys()].filter((name) => !names.has(name));
    for (const name of [...came, ...went]) this.#contents.delete(name);
    if (came.length + went.length > 0) this.#memory.onChange([...came, ...went]);
    return { came, went };
  }

  look(name: string): Promise<StoredEntry | undefined> {
    return this.#store.look(name);
  }

  useOf(...[name]: Parameters<Store['useOf']>): ReturnType<Store['useOf']> {
    return this.#store.useOf(name);
  }

  async *read(name: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    if (range === undefined && this.#memory.isRemembered(name)) yield await this.#contentOf(name);
    else yield* this.#store.read(name, range);
  }

  open(...[name]: Parameters<Store['open']>): ReturnType<Store['open']> {
    return this.#store.open(name);
  }

  tree(...[name]: Parameters<Store['tree']>): ReturnType<Store['tree']> {
    return this.#store.tree(name);
  }

  async stage(...[name, content, options]: Parameters<Store['stage']>): Promise<StagedFile> {
    const file = await this.#store.stage(name, content, options);
    const { sizeBytes } = file;
    return {
      name,
      sizeBytes,
      confirm: (watch) => file.confirm(watch),
      publish: async () => {
        await file.publish();
        await this.#changed({ name, sizeBytes });
      },
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  }

  async append(...[name, addition]: Parameters<Store['append']>): Promise<readonly StoredFile[]> {
    const changed = await this.#store.append(name, addition);
    for (const file of changed) await this.#changed(file);
    return changed;
  }

  async rename(renamings: readonly Renaming[]): Promise<void> {
    try {
      await this.#store.rename(renamings);
    } catch (error) {
      this.reread(); // Some may have other names now.
      throw error;
    }
    for (const renaming of renamings) {
      await this.#files.rename(renaming);
      await this.#entries.rename(renaming);
    }
    this.#forget(renamings.flatMap(({ from, to }) => [from, to]));
  }

  async remove(...names: readonly string[]): Promise<void> {
    await this.#store.remove(...names);
    await this.#gone(names);
  }

  async removeTree(name: string): Promise<void> {
    await this.#store.removeTree(name);
    await this.#gone([name]);
  }

  async link(...[name, to]: Parameters<Store['link']>): ReturnType<Store['link']> {
    return await this.#store.link(name, to);
  }

  linkedTo(name: string): Promise<string | undefined> {
    return this.#store.linkedTo(name);
  }

  async lock(...[request]: Parameters<Store['lock']>): Promise<AsyncDisposable> {
    const lock = await this.#store.lock(request);
    this.reread();
    return lock;
  }

  async hold(...[request]: Parameters<Store['hold']>): ReturnType<Store['hold']> {
    const lock = await this.#store.hold(request);
    this.reread();
    return lock;
  }

  holder(): ReturnType<Store['holder']> {
    return this.#store.holder();
  }

  wasLocked(): Promise<boolean> {
    return this.#store.wasLocked();
  }

  async recoverTrees(): Promise<void> {
    await this.#store.recoverTrees();
    this.reread();
  }

  isWritable(): Promise<boolean> {
    return this.#store.isWritable();
  }

  /** Forgets what a file held, which others write without the lock, too. */
  forget(name: string): void {
    this.#contents.delete(name);
  }

  #contentOf(name: string): Promise<Uint8Array> {
    const known = this.#contents.get(name);
    if (known !== undefined) return known;
    const content = collectSmall(this.#store.read(name));
    this.#contents.set(name, content);
    return content;
  }

  /** The same, of what is published without a stream. */
  #watched(staged: StagedPath): StagedPath {
    const { name } = staged;
    return {
      ...staged,
      publish: async () => {
        await staged.publish();
        const entry = await this.#store.look(name);
        if (entry?.kind === 'file') await this.#changed(entry);
        else await this.#gone([name]);
      },
    };
  }

  /** A file was written. */
  async #changed({ name, sizeBytes }: StoredFile): Promise<void> {
    (await this.#files.known())?.set(name, { name, sizeBytes });
    await this.#lookAgain([name]);
  }

  /** No file has these names any more. */
  async #gone(names: readonly string[]): Promise<void> {
    const files = await this.#files.known();
    for (const name of names) files?.delete(name);
    await this.#lookAgain(names);
  }

  async #lookAgain(names: readonly string[]): Promise<void> {
    const entries = await this.#entries.known();
    for (const name of entries === undefined ? [] : names) {
      const entry = await this.#store.look(name);
      if (entry === undefined) entries?.delete(name);
      else entries?.set(name, entry);
    }
    this.#forget(names);
  }

  #forget(names: readonly string[]): void {
    for (const name of names) this.#contents.delete(name);
    this.#memory.onChange(names);
  }
}

/** What a store has listed, once it was asked to. */
class Listing<Item extends { readonly name: string }> {
  readonly #read: () => Promise<readonly Item[]>;
  #items: Promise<Map<string, Item>> | undefined;

  constructor(read: () => Promise<readonly Item[]>) {
    this.#read = read;
  }

  async all(): Promise<readonly Item[]> {
    this.#items ??= this.#listed();
    return [...(await this.#items).values()];
  }

  /** To be brought up to date; undefined where nobody has asked for it. */
  async known(): Promise<Map<string, Item> | undefined> {
    return await this.#items?.catch(() => undefined);
  }

  forget(): void {
    this.#items = undefined;
  }

  async rename({ from, to }: Renaming): Promise<void> {
    const items = await this.known();
    const item = items?.get(from);
    items?.delete(from);
    if (item !== undefined) items?.set(to, { ...item, name: to });
  }

  /** What can't be listed, as it isn't there yet, is asked again. */
  #listed(): Promise<Map<string, Item>> {
    const listed = this.#read().then((items) => new Map(items.map((item) => [item.name, item])));
    listed.catch(() => {
      if (this.#items === listed) this.#items = undefined;
    });
    return listed;
  }
}
