import { OpenRepository } from '../repository/open-repository.ts';
import { folderStore } from '../stores/folder-store.ts';
import type { Store } from '../stores/store.ts';
import { keyOfPlace } from '../system/files/place.ts';
import { isThere } from '../system/files/presence.ts';
import { OpenBlobFolder } from './layout/open-blob-folder.ts';

/** Makes the store of a folder. @param originalOf - see `folderStore` */
export type StoreMaker = (
  path: string,
  how: { readonly originalOf: () => string | undefined },
) => Store;

/**
 * The folders with backups that a run has opened: each is listed once, and what is small in it is read once, however
 * many steps ask for it, until {@link reread}. One folder is opened once, by whichever of its names.
 */
export class OpenBackups {
  readonly #makeStore: StoreMaker;
  readonly #repositories = new Map<string, OpenRepository>();
  readonly #blobFolders = new Map<string, OpenBlobFolder>();
  readonly #originals = new Map<string, string>();
  readonly #originalsOfBlobs = new Map<string, string>();

  constructor(makeStore: StoreMaker = folderStore) {
    this.#makeStore = makeStore;
  }

  /** Whether there is such a folder. */
  isThere(path: string): Promise<boolean> {
    return isThere(path);
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
    const key = await keyOfPlace(path);
    if (original !== undefined) this.#originals.set(key, original);
    const known = this.#repositories.get(key);
    if (known !== undefined) return known;
    const store = this.#makeStore(path, { originalOf: () => this.#originals.get(key) });
    const opened = new OpenRepository(store);
    this.#repositories.set(key, opened);
    return opened;
  }

  /** The folder with backups of blobs, whether it is there or not. @param original - the same, of blobs */
  async blobFolder(
    path: string,
    { original }: { readonly original?: string } = {},
  ): Promise<OpenBlobFolder> {
    const key = await keyOfPlace(path);
    if (original !== undefined) this.#originalsOfBlobs.set(key, original);
    const known = this.#blobFolders.get(key);
    if (known !== undefined) return known;
    const opened = new OpenBlobFolder(
      this.#makeStore(path, { originalOf: () => this.#originalsOfBlobs.get(key) }),
    );
    this.#blobFolders.set(key, opened);
    return opened;
  }

  /** Forgets all that was read: for whoever has waited, for a lock or for an answer. */
  reread(): void {
    for (const one of this.#repositories.values()) one.reread();
    for (const one of this.#blobFolders.values()) one.reread();
  }
}
