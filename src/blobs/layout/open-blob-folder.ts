import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListingChange } from '../../stores/remembering-store.ts';
import type { Store } from '../../stores/store.ts';
import { absent } from '../../system/absent.ts';
import { adopting } from '../../system/failure.ts';
import { severalAtATime } from '../../system/streams/cooperative.ts';
import {
  type BlobCatalogue,
  type BlobEntry,
  catalogueOf,
  type EntryReader,
  type FoundEntry,
  readEntries,
} from './catalogue.ts';
import { type EntryName, parseEntryName } from './entry-name.ts';
import { type BlobRecord, type Edges, readEdges, readRecord, recordPath } from './record.ts';

/**
 * A folder with backups of blobs, as a run sees it: it is listed once, and each record, and the ends of each archive,
 * are read once, until {@link reread}. Who changes something there says so: {@link changed}, {@link renamed},
 * {@link removed}.
 */
export class OpenBlobFolder implements EntryReader {
  readonly store: Store;
  #found: Promise<Map<string, FoundEntry>> | undefined;
  #entries: Promise<readonly BlobEntry[]> | undefined;
  /** By the path of the record. */
  readonly #records = new Map<string, Promise<BlobRecord | undefined>>();
  readonly #edges = new Map<string, Promise<Edges>>();

  constructor(store: Store) {
    this.store = store;
  }

  /** The folder. */
  get path(): string {
    return this.store.name;
  }

  /** How messages call it. */
  get name(): string {
    return this.store.name;
  }

  /** Forgets all that was read. */
  reread(): void {
    this.#found = undefined;
    this.#entries = undefined;
    this.#records.clear();
    this.#edges.clear();
  }

  /**
   * What is in it. `base` is the name of the blob directory: entries of that name count. Where there are none, and all
   * others have one other name, those count: the directory was renamed, or the folder came from another machine.
   *
   * A folder that isn't there is an empty one.
   */
  async catalogue(base: string): Promise<BlobCatalogue> {
    this.#entries ??= this.#read();
    return catalogueOf(await this.#entries, { folder: this.path, base });
  }

  /** The record beside an entry, or in it, of whichever file it speaks. */
  readonly recordOf = (entry: Pick<EntryName, 'name' | 'form'>) => {
    const path = recordPath(this.path, entry);
    const known = this.#records.get(path) ?? readRecord(path);
    this.#records.set(path, known);
    return known;
  };

  /** The ends of an archive. */
  readonly edgesOf = (name: string) => {
    const known = this.#edges.get(name) ?? readEdges(join(this.path, name));
    this.#edges.set(name, known);
    return known;
  };

  /** An entry was made or replaced, or its record was written. */
  async changed(name: string): Promise<void> {
    this.#forget(name);
    const found = await this.#known();
    const [now] = await this.#look(name);
    if (now === undefined) found?.delete(name);
    else found?.set(name, now);
  }

  /** An entry has another name, with its record. */
  async renamed(from: string, to: string): Promise<void> {
    const inside = recordPath(this.path, { name: from, form: 'directory' });
    const record = this.#records.get(inside);
    await this.changed(from);
    await this.changed(to);
    // What is inside has moved along.
    if (record !== undefined)
      this.#records.set(recordPath(this.path, { name: to, form: 'directory' }), record);
  }

  /** An entry is gone, with its record. */
  async removed(name: string): Promise<void> {
    this.#forget(name);
    (await this.#known())?.delete(name);
  }

  /** Which entries others have made or removed since it was listed; lists it once more. */
  async changesByOthers(): Promise<ListingChange> {
    const before = (await this.#known()) ?? (await this.#list());
    const now = await this.#list();
    return {
      came: [...now.keys()].filter((name) => !before.has(name)),
      went: [...before.keys()].filter((name) => !now.has(name)),
    };
  }

  #forget(name: string): void {
    this.#entries = undefined;
    this.#edges.delete(name);
    for (const form of ['directory', 'archive'] as const) {
      this.#records.delete(recordPath(this.path, { name, form }));
    }
  }

  #known(): Promise<Map<string, FoundEntry> | undefined> {
    return Promise.resolve(this.#found).catch(() => undefined);
  }

  #read(): Promise<readonly BlobEntry[]> {
    this.#found ??= this.#list();
    const read = this.#found.then((found) => readEntries([...found.values()], this));
    read.catch(() => {
      if (this.#entries !== read) return;
      this.#entries = undefined;
      this.#found = undefined;
    });
    return read;
  }

  async #list(): Promise<Map<string, FoundEntry>> {
    const found = await adopting(`list the folder "${this.path}"`, async () => {
      const names = (await readdir(this.path).catch(absent)) ?? [];
      return severalAtATime(names, (name) => this.#look(name));
    });
    return new Map(found.flat().map((one) => [one.parsed.name, one]));
  }

  async #look(name: string): Promise<readonly FoundEntry[]> {
    const status = await stat(join(this.path, name)).catch(() => undefined); // A link to nowhere.
    const type = status?.isDirectory() ? 'directory' : status?.isFile() ? 'file' : undefined;
    const parsed = type === undefined ? undefined : parseEntryName(name, type);
    return parsed === undefined || status === undefined ? [] : [{ parsed, status }];
  }
}
