import { OpenRepository } from '../repository/open-repository.ts';
import { folderStore } from '../stores/folder-store.ts';
import type { Store } from '../stores/store.ts';
import { isFailure } from '../system/failure.ts';
import { keyOfPlace } from '../system/files/place.ts';
import { statOf } from '../system/files/presence.ts';
import { DisposableStack } from '../system/streams/disposable-stack.ts';
import { OpenBlobFolder } from './layout/open-blob-folder.ts';

/** Makes the store of a folder. @param originalOf - see `folderStore` */
export type StoreMaker = (
  path: string,
  how: { readonly originalOf: () => string | undefined },
) => Store;

/** Stores that are no folders, each by the name that a site has in place of a path; closed together. */
export interface AttachedStores extends AsyncDisposable {
  readonly stores: ReadonlyMap<string, Store>;
}

/**
 * The folders with backups that a run has opened: each is listed once, and what is small in it is read once, however
 * many steps ask for it, until {@link reread}. One folder is opened once, by whichever of its names.
 */
export class OpenBackups implements AsyncDisposable {
  readonly #makeStore: StoreMaker;
  readonly #attached = new Map<string, Store>();
  readonly #things = new DisposableStack();
  readonly #repositories = new Map<string, OpenRepository>();
  readonly #blobFolders = new Map<string, OpenBlobFolder>();
  readonly #originals = new Map<string, string>();
  readonly #originalsOfBlobs = new Map<string, string>();

  constructor(makeStore: StoreMaker = folderStore) {
    this.#makeStore = makeStore;
  }

  /** From now on, these names lead to these stores, whatever the file system has there. They are closed with this. */
  attach(attached: AttachedStores): void {
    this.#things.use(attached);
    for (const [name, store] of attached.stores) this.#attached.set(name, store);
  }

  /** Whether there is such a folder, or such a place of what was attached. */
  async isThere(path: string): Promise<boolean> {
    const attached = this.#attached.get(path);
    if (attached === undefined) return (await statOf(path)) !== undefined;
    return attached.requireThere().then(
      () => true,
      (error: unknown) => {
        if (isFailure(error, 'not-found')) return false;
        throw error;
      },
    );
  }

  /**
   * The repository in a folder, whether that is there or not.
   *
   * @param original - what is backed up there, whose rights the first backups get; undefined: nobody says
   */
  async repository(
    path: string,
    { original }: { readonly original?: string } = {},
  ): Promise<OpenRepository> {
    const key = await this.#keyOf(path);
    if (original !== undefined) this.#originals.set(key, original);
    const known = this.#repositories.get(key);
    if (known !== undefined) return known;
    const opened = new OpenRepository(this.#storeAt(path, () => this.#originals.get(key)));
    this.#repositories.set(key, opened);
    return opened;
  }

  /** From now on, each of these repositories of one site knows what the others have logged. */
  async joinSite(paths: readonly string[]): Promise<void> {
    const repositories: OpenRepository[] = [];
    for (const path of paths) repositories.push(await this.repository(path));
    for (const one of repositories) one.joinSite(repositories);
  }

  /** The folder with backups of blobs, whether it is there or not. @param original - the same, of blobs */
  async blobFolder(
    path: string,
    { original }: { readonly original?: string } = {},
  ): Promise<OpenBlobFolder> {
    const key = await this.#keyOf(path);
    if (original !== undefined) this.#originalsOfBlobs.set(key, original);
    const known = this.#blobFolders.get(key);
    if (known !== undefined) return known;
    const opened = new OpenBlobFolder(this.#storeAt(path, () => this.#originalsOfBlobs.get(key)));
    this.#blobFolders.set(key, opened);
    return opened;
  }

  /** Forgets all that was read: for whoever has waited, for a lock or for an answer. */
  reread(): void {
    for (const one of this.#repositories.values()) one.reread();
    for (const one of this.#blobFolders.values()) one.reread();
  }

  /** Closes what was attached. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#things[Symbol.asyncDispose]();
  }

  /** What was attached has one name. */
  async #keyOf(path: string): Promise<string> {
    return this.#attached.has(path) ? path : await keyOfPlace(path);
  }

  #storeAt(path: string, originalOf: () => string | undefined): Store {
    return this.#attached.get(path) ?? this.#makeStore(path, { originalOf });
  }
}
