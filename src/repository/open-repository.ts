import { type ListingChange, RememberingStore } from '../stores/remembering-store.ts';
import type { Store } from '../stores/store.ts';
import { isFailure } from '../system/failure.ts';
import { type Catalogue, type ChainFiles, catalogueOf } from './layout/catalogue.ts';
import { type Chain, type ChainReader, readChain } from './layout/chain.ts';
import { stampOfFileName } from './layout/file-names.ts';
import { type Run, readRunsOfSite } from './records/run-history.ts';

/** Records and `.dat` files; a run log has any length, and grows. */
const SMALL_FILE = /\.(?:json|dat)$/;

/**
 * The repository of one Data.fs, as a run sees it: it is listed once, and each of its small files is read once, until
 * {@link reread}. What the run itself writes or removes, through its {@link store}, is seen at once. Whoever has waited,
 * for a lock or for an answer, calls {@link reread}: others may have been there meanwhile.
 */
export class OpenRepository {
  readonly store: RememberingStore;
  #catalogue: Promise<Catalogue> | undefined;
  readonly #chains = new Map<string, Promise<Chain>>();
  readonly #came = new Set<string>();
  readonly #went = new Set<string>();
  /** Where its site logs. */
  #logs: readonly Store[];

  constructor(store: Store) {
    this.store = new RememberingStore(store, {
      isRemembered: (name) => SMALL_FILE.test(name),
      onChange: () => {
        this.#catalogue = undefined;
        this.#chains.clear();
      },
    });
    this.#logs = [this.store];
  }

  /** How messages call it; what a `.dat` names. */
  get name(): string {
    return this.store.name;
  }

  /** Runs of its site are looked for in the logs of these, which are all repositories of the site. */
  joinSite(repositories: readonly OpenRepository[]): void {
    this.#logs = repositories.map(({ store }) => store);
  }

  /** The runs of its site, as far as they are logged, the oldest first. */
  runs(): Promise<readonly Run[]> {
    return readRunsOfSite(this.#logs);
  }

  /** Forgets all that was read. */
  reread(): void {
    this.#came.clear();
    this.#went.clear();
    this.store.reread();
  }

  /** Lists it once more: others may have made or removed something while this run was at work. */
  async listAgain(): Promise<void> {
    const { came, went } = await this.store.listAgain();
    for (const name of came) if (stampOfFileName(name) !== undefined) this.#came.add(name);
    for (const name of went) if (stampOfFileName(name) !== undefined) this.#went.add(name);
  }

  /** Which files of backups others have made, rewritten or removed since {@link reread}; lists it once more. */
  async changesByOthers(): Promise<ListingChange> {
    await this.listAgain();
    return { came: [...this.#came], went: [...this.#went] };
  }

  /** What is in it, by names. Failure `not-found` where it isn't there. */
  catalogue(): Promise<Catalogue> {
    this.#catalogue ??= this.#sorted();
    return this.#catalogue;
  }

  /** The same; undefined where its folder isn't there. */
  async catalogueIfThere(): Promise<Catalogue | undefined> {
    try {
      return await this.catalogue();
    } catch (error) {
      if (isFailure(error, 'not-found')) return undefined;
      throw error;
    }
  }

  #sorted(): Promise<Catalogue> {
    const sorted = this.store.list().then(catalogueOf);
    sorted.catch(() => {
      if (this.#catalogue === sorted) this.#catalogue = undefined;
    });
    return sorted;
  }

  /** A chain of its catalogue. */
  readonly chainOf: ChainReader = (files: ChainFiles) => {
    const { name } = files.full;
    const known = this.#chains.get(name);
    if (known !== undefined) return known;
    const chain = readChain(this.store, files);
    this.#chains.set(name, chain);
    return chain;
  };

  /** All chains that are there, in their order. */
  async chains(): Promise<readonly Chain[]> {
    const read: Chain[] = [];
    for (const files of (await this.catalogue()).chains) read.push(await this.chainOf(files));
    return read;
  }
}
