import type { CommittedEnd } from '../filestorage/committed-end.ts';
import type { LineageEntry, LogBeginning } from '../filestorage/lineage.ts';
import type { ByteSource } from '../system/files/byte-source.ts';

/**
 * What is backed up: the transactions of one database, as they were when it was opened. An operation looks at it
 * once ({@link observe}), decides by what was seen, then copies.
 */
export interface Source extends AsyncDisposable {
  /** As it was named: how messages call it. */
  readonly path: string;
  /** Where that really is: how backups of it are told from those of others. */
  readonly place: string;
  /** Its bytes, in the layout of a Data.fs; what was committed since it was opened isn't in them. */
  readonly log: ByteSource;
  /** Its first transactions: they tell whose log it is. */
  readonly beginning: LogBeginning;

  /**
   * Looks at all that a decision about it takes. Failure `damaged`.
   *
   * @param from - where a transaction is known to end; undefined: the source looks for such a place itself
   */
  observe(from?: number): Promise<ObservedSource>;

  /** What a pack has left of the log as it was before, opened once; undefined: nothing, or it can't be read. */
  old(): Promise<ByteSource | undefined>;

  /** Whether something else has its name by now, as after a pack. It tells that, too, when it is closed. */
  wasReplaced(): Promise<boolean>;

  /** Failure `damaged` where what was read up to `end` is no longer there: something has written over it. */
  refuseOverwritten(end: number): Promise<void>;
}

/** A source, and what was seen of it in one look. */
export interface ObservedSource {
  readonly source: Source;
  readonly end: CommittedEnd;
  /** Its first transaction; undefined where there is none, or it can't be read. */
  readonly first: LineageEntry | undefined;
  /** Bytes behind its end that no transaction has begun with, and that nobody is writing. */
  readonly uncommittedBytes: number;
}
