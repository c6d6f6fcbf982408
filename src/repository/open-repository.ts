import { RememberingStore } from '../stores/remembering-store.ts';
import type { Store } from '../stores/store.ts';
import { type Catalogue, type ChainFiles, catalogueOf } from './layout/catalogue.ts';
import { type Chain, type ChainReader, readChain } from './layout/chain.ts';

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

  constructor(store: Store) {
    this.store = new RememberingStore(store, {
      isRemembered: (name) => SMALL_FILE.test(name),
      onChange: () => {
        this.#catalogue = undefined;
        this.#chains.clear();
      },
    });
  }

  /** How messages call it; what a `.dat` names. */
  get name(): string {
    return this.store.name;
  }

  /** Forgets all that was read. */
  reread(): void {
    this.store.reread();
  }

  /** What is in it, by names. Failure `not-found` where it isn't there. */
  catalogue(): Promise<Catalogue> {
    this.#catalogue ??= this.#sorted();
    return this.#catalogue;
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
