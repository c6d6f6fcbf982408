import { type ListingChange, RememberingStore } from '../../stores/remembering-store.ts';
import type { Renaming, Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import {
  type BlobCatalogue,
  type BlobEntry,
  catalogueOf,
  type EntryReader,
  type FoundEntry,
  readEntries,
} from './catalogue.ts';
import { type EntryName, parseEntryName } from './entry-name.ts';
import { type HeadAndTailHash, headAndTailHashIn } from './head-and-tail-hash.ts';
import { type BlobRecord, readRecord, recordNameOf } from './record.ts';

/**
 * A folder with backups of blobs, as a run sees it: it is listed once, and each record, and the ends of each archive,
 * are read once, until {@link reread}. What the run itself writes, renames or removes, through its {@link store}, is
 * seen at once.
 */
export class OpenBlobFolder implements EntryReader {
  readonly store: RememberingStore;
  readonly #unremembered: Store;
  #entries: Promise<readonly BlobEntry[]> | undefined;
  /** By the names of the records. */
  readonly #records = new Map<string, Promise<BlobRecord | undefined>>();
  readonly #edges = new Map<string, Promise<HeadAndTailHash>>();

  constructor(store: Store) {
    this.#unremembered = store;
    this.store = new RememberingStore(store, {
      isRemembered: () => false,
      onChange: (names) => this.#forget(names),
    });
  }

  /** How messages call it. */
  get name(): string {
    return this.store.name;
  }

  /** Forgets all that was read. */
  reread(): void {
    this.store.reread();
  }

  /**
   * What is in it. `base` is the name of the blob directory: entries of that name count. Where there are none, and all
   * others have one other name, those count: the directory was renamed, or the folder came from another machine.
   *
   * A folder that isn't there is an empty one.
   */
  async catalogue(base: string): Promise<BlobCatalogue> {
    this.#entries ??= this.#read();
    return catalogueOf(await this.#entries, { store: this.store, base });
  }

  /** The record beside an entry, or in it, of whichever file it speaks. */
  readonly recordOf = (entry: Pick<EntryName, 'name' | 'form'>) => {
    const name = recordNameOf(entry);
    const known = this.#records.get(name) ?? readRecord(this.store, entry);
    this.#records.set(name, known);
    return known;
  };

  /** The ends of an archive. */
  readonly headAndTailHashOf = (name: string) => {
    const known = this.#edges.get(name) ?? headAndTailHashIn(this.store, name);
    this.#edges.set(name, known);
    return known;
  };

  /** Gives entries other names; what is known of the inside of copies moves along. */
  async rename(renamings: readonly Renaming[]): Promise<void> {
    const recordIn = (name: string) => recordNameOf({ name, form: 'directory' });
    const moved = renamings.map(({ from, to }) => [to, this.#records.get(recordIn(from))] as const);
    await this.store.rename(renamings);
    for (const [name, record] of moved) {
      if (record !== undefined) this.#records.set(recordIn(name), record);
    }
  }

  /** Which entries others have made or removed since it was listed; lists it once more. */
  async changesByOthers(): Promise<ListingChange> {
    const before = await foundIn(this.store);
    const now = await foundIn(this.#unremembered);
    return { came: namesOnlyIn(now, before), went: namesOnlyIn(before, now) };
  }

  #forget(names: readonly string[] | undefined): void {
    this.#entries = undefined;
    if (names === undefined) {
      this.#records.clear();
      this.#edges.clear();
    }
    for (const name of names ?? []) {
      this.#edges.delete(name);
      this.#records.delete(name);
      this.#records.delete(recordNameOf({ name, form: 'directory' }));
    }
  }

  #read(): Promise<readonly BlobEntry[]> {
    const read = foundIn(this.store).then((found) => readEntries(found, this));
    read.catch(() => {
      if (this.#entries === read) this.reread();
    });
    return read;
  }
}

/** What may be an entry of it, by its name. */
async function foundIn(store: Store): Promise<readonly FoundEntry[]> {
  const entries = await store.entries().catch(notThere);
  return (entries ?? []).flatMap(({ name, kind, modifiedMs }) => {
    const parsed = parseEntryName(name, kind === 'tree' ? 'directory' : 'file');
    return parsed === undefined ? [] : [{ parsed, modifiedMs }];
  });
}

function notThere(error: unknown): undefined {
  if (!isFailure(error, 'not-found')) throw error;
}

function namesOnlyIn(
  some: readonly FoundEntry[],
  others: readonly FoundEntry[],
): readonly string[] {
  const known = new Set(others.map(({ parsed }) => parsed.name));
  return some.map(({ parsed }) => parsed.name).filter((name) => !known.has(name));
}
