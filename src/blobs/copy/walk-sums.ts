import { BlobSums, SumDraft } from '../checksums/checksums.ts';

/** What is done about the sums of files, which are read for the copy anyway. */
export type SumWork =
  | { readonly kind: 'none' }
  /**
   * They are made; what is shared with the other tree has the sum that is `known` of it. What has none
   * there, and all that is in a suspect tree, is shared only if its bytes are those of the source.
   */
  | {
      readonly kind: 'make';
      readonly known: Uint8Array | undefined;
      readonly isSuspect: boolean;
    }
  /** Files are held against these, as far as they have one. */
  | { readonly kind: 'compare'; readonly known: Uint8Array };

/** What a walk has found out about sums; of values only, so that it can be sent from thread to thread. */
export interface SummedFiles {
  /** Pieces of {@link SumDraft}: of files that are shared with the other tree, and of those that were copied. */
  readonly shared: readonly Uint8Array[];
  readonly fresh: readonly Uint8Array[];
  /**
   * Paths below the tree of files that don't have the sum that they should; or, where sums are made, of
   * those that have other bytes in the other tree, with the same size and time.
   */
  readonly differing: readonly string[];
  /** Files that have one that could be compared. */
  readonly compared: number;
}

/** The sums of the files of one walk; its paths begin with a slash. */
export class WalkSums {
  readonly #work: SumWork;
  readonly #known: BlobSums | undefined;
  #found = nothingFound();

  constructor(work: SumWork) {
    this.#work = work;
    const known = work.kind === 'none' ? undefined : work.known;
    this.#known = known === undefined ? undefined : new BlobSums(known);
  }

  /** What was found since it was last asked. */
  take(): SummedFiles {
    const { shared, fresh, ...found } = this.#found;
    this.#found = nothingFound();
    return { shared: shared.pieces, fresh: fresh.pieces, ...found };
  }

  wants(path: string): boolean {
    const { kind } = this.#work;
    return kind === 'make' || (kind === 'compare' && this.#find(path) !== undefined);
  }

  /** The sum of a file of the other tree that need not be read for it. */
  knownOfShared(path: string): string | undefined {
    const isTrusted = this.#work.kind === 'make' && !this.#work.isSuspect;
    return isTrusted ? this.#find(path) : undefined;
  }

  /** A file that has other bytes in the other tree, with the same size and time. */
  noteOtherBytes(path: string): void {
    if (this.#work.kind === 'make') this.#found.differing.push(path.slice(1));
  }

  /** Notes the sum of a file that is there now, or holds it against what it should be. */
  noteSum(
    path: string,
    { sha256, how }: { readonly sha256: string; readonly how: 'shared' | 'fresh' },
  ): void {
    const { kind } = this.#work;
    switch (kind) {
      case 'none':
        return;
      case 'make':
        this.#found[how].add({ path: path.slice(1), sha256 });
        return;
      case 'compare': {
        const expected = this.#find(path);
        if (expected === undefined) return;
        this.#found.compared += 1;
        if (expected !== sha256) this.#found.differing.push(path.slice(1));
        return;
      }
      default:
        kind satisfies never;
    }
  }

  #find(path: string): string | undefined {
    return this.#known?.find(path.slice(1));
  }
}

function nothingFound() {
  return {
    shared: new SumDraft(),
    fresh: new SumDraft(),
    differing: [] as string[],
    compared: 0,
  };
}
