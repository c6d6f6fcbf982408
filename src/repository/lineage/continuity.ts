/** What was seen of a Data.fs that is held against a backup of it. */
export interface ContinuityFacts {
  /** Whether the last transaction that was backed up is in it. */
  readonly holdsLast: boolean;
  /** Whether bytes behind its end begin like a transaction that was backed up. */
  readonly hasRemains: boolean;
  /**
   * Whether it was packed from a file that holds the last transaction that was backed up: FileStorage keeps the
   * one before as `Data.fs.old`, and the last transaction of that is in it.
   */
  readonly isPackedFromOld: boolean;
  /** Whether its transactions up to that moment, or else its first one, have the mark of a pack. */
  readonly isMarkedByPack: boolean;
  /** Undefined where nobody looked, or one of the two can't be read. */
  readonly objects: ObjectFacts | undefined;
}

/** The objects of a backup, and what a Data.fs has of them. */
export interface ObjectFacts {
  /** How many the backup has. */
  readonly total: number;
  /** Those with the record that was backed up. */
  readonly left: number;
  /** Those without any record. */
  readonly gone: number;
  /**
   * Whether some object has an older state than the one that was backed up, or one that can't have been there when the
   * backup was made.
   */
  readonly isSetBack: boolean;
  /** Whether it has an object from before the backup that the backup lacks, and that a pack may have taken from there. */
  readonly hasStrangers: boolean;
}

/** Whether a Data.fs goes on from the state that was backed up. */
export type Continuity =
  | {
      readonly kind: 'continued';
      readonly because: 'last-is-there' | 'packed-from-old' | 'nothing-is-missing';
    }
  | { readonly kind: 'lost'; readonly because: 'remains' | 'no-pack' | 'set-back' }
  /** A pack may have left it so, and a loss, too: each object that was changed last was changed again, or is gone. */
  | { readonly kind: 'unknown'; readonly objects: ObjectFacts | undefined };

/**
 * Tells a Data.fs that was packed from one that has lost its end. Commits only add transactions. A pack (ZODB,
 * `FileStorage/fspack.py`) takes away records up to some moment, and keeps the root. It marks each transaction that it
 * keeps up to that moment; of an object it keeps the newest record, and older ones only where a later record points
 * back to them. So where the last transaction was packed away, an object that still has an older state is proof of a
 * loss. An object that the backup lacks is none where the backup itself was packed after the object's transaction:
 * somebody may have put back the file from before that pack, which had all transactions, and packed it anew. No proof
 * of a pack but `Data.fs.old` is known.
 */
export function judgeContinuity(facts: ContinuityFacts): Continuity {
  const { holdsLast, hasRemains, isPackedFromOld, isMarkedByPack, objects } = facts;
  if (holdsLast) return { kind: 'continued', because: 'last-is-there' };
  if (hasRemains) return { kind: 'lost', because: 'remains' };
  if (isPackedFromOld) return { kind: 'continued', because: 'packed-from-old' };
  if (!isMarkedByPack) return { kind: 'lost', because: 'no-pack' };
  if (objects === undefined) return { kind: 'unknown', objects };
  if (objects.isSetBack) return { kind: 'lost', because: 'set-back' };
  if (objects.left === objects.total && !objects.hasStrangers)
    return { kind: 'continued', because: 'nothing-is-missing' };
  return { kind: 'unknown', objects };
}
