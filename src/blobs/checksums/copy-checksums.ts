import { BlobSums, encodeSums, SumDraft } from './checksums.ts';

/** Pieces of {@link SumDraft}: of files that a new copy shares with the one before, and of the others. */
export interface DraftedSums {
  readonly shared: readonly Uint8Array[];
  readonly fresh: readonly Uint8Array[];
}

/** The sums of a new copy. */
export interface CopiedSums {
  readonly all: BlobSums;
  /** Those of files that were copied, not shared. */
  readonly fresh: BlobSums;
}

/** Sorts them; those of a first copy once. */
export function collectSums({ shared, fresh }: DraftedSums): CopiedSums {
  const copied = new BlobSums(encodeSums(fresh));
  return {
    all: shared.length === 0 ? copied : new BlobSums(encodeSums([...shared, ...fresh])),
    fresh: copied,
  };
}

/** The same with other sums for some paths, of files that have been exchanged. */
export function correctSums(
  sums: CopiedSums,
  corrections: ReadonlyMap<string, string>,
): CopiedSums {
  if (corrections.size === 0) return sums;
  const corrected = (old: BlobSums) => {
    const draft = new SumDraft();
    for (const { path, sha256 } of old)
      draft.add({ path, sha256: corrections.get(path) ?? sha256 });
    return new BlobSums(encodeSums(draft.pieces));
  };
  return { all: corrected(sums.all), fresh: corrected(sums.fresh) };
}

/** A file that had another sum before, or isn't there any more. */
export interface SumChange {
  readonly path: string;
  readonly before: string;
  readonly now: string | undefined;
}

/** Goes through both at once, as both are in the order of their paths. */
export function* changesOf(before: BlobSums, now: BlobSums): Generator<SumChange, undefined> {
  const others = now[Symbol.iterator]();
  let other = others.next().value;
  for (const { path, sha256 } of before) {
    while (other !== undefined && other.path < path) other = others.next().value;
    const found = other?.path === path ? other.sha256 : undefined;
    if (found !== sha256) yield { path, before: sha256, now: found };
  }
}
