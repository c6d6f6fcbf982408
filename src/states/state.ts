import type { Oid } from '../filestorage/oid.ts';
import type { Tid } from '../filestorage/tid.ts';

/**
 * One storage as it was right after one of its transactions, read at random. It never changes, and lasts until it is
 * disposed of: every file behind it is held open. Failures of each call: `damaged` where a record isn't what the log
 * says of it; `system`.
 */
export interface State extends AsyncDisposable {
  /** How messages call it. */
  readonly name: string;
  /** Its last transaction. */
  readonly tid: Tid;
  /** Bytes of the log up to the end of that transaction. */
  readonly sizeBytes: number;
  /** Objects that have a record in it, those included whose creation was undone. */
  readonly objectCount: number;

  /** As it was right before one of its transactions; undefined for the first one. It is closed with this one. */
  before(tid: Tid): State | undefined;
  /** What an object is in it; undefined where there is no such object, or no more. */
  load(oid: Oid): Promise<ObjectData | undefined>;
  /** What an object was before `before`, as ZODB's `loadBefore` gives it. */
  loadBefore(oid: Oid, before: Tid): Promise<EarlierData>;
  /** The data that a transaction gave to an object; undefined where it gave it none. */
  loadSerial(oid: Oid, tid: Tid): Promise<Uint8Array | undefined>;
  /** The transactions that wrote an object, the newest first, at most `most`; those that undid its creation included. */
  history(oid: Oid, most: number): Promise<readonly ObjectRevision[]>;
  /** The transactions of the log up to {@link tid}; those that old versions of ZODB have marked as undone don't count. */
  transactions(order?: TransactionOrder): AsyncIterable<StateTransaction>;
  /** The records of one of these, as a copy of the storage takes them: what a back pointer means is looked up. */
  recordsOf(transaction: StateTransaction): AsyncIterable<ObjectRecord>;
  /** The objects that have a current record, the lowest oid first, from `from` on. */
  oids(from?: Oid): Iterable<Oid>;
  /** The blob that belongs to a record; undefined where no source has it. */
  blob(oid: Oid, tid: Tid): Promise<StateBlob | undefined>;
}

/** In which order transactions are wanted. */
export interface TransactionOrder {
  /** By default the oldest comes first. */
  readonly direction?: 'oldest-first' | 'newest-first';
  /** The first that counts, or the next one in this direction. */
  readonly from?: Tid;
}

/** A record's data: the pickles as they are stored, wrappers of the storage included. */
export interface ObjectData {
  readonly tid: Tid;
  readonly data: Uint8Array;
}

/**
 * - `data`: with the tid of the revision that followed; undefined: it is the current one
 * - `younger`: the object had no record yet
 * - `none`: no such object, or its creation was undone by then
 */
export type EarlierData =
  | (ObjectData & { readonly kind: 'data'; readonly endTid: Tid | undefined })
  | { readonly kind: 'younger' | 'none' };

/** One transaction that wrote an object. */
export interface ObjectRevision {
  readonly transaction: StateTransaction;
  /** Bytes of its data; 0 where its creation was undone. */
  readonly dataBytes: number;
}

/** One transaction of the log, without its records. */
export interface StateTransaction {
  readonly tid: Tid;
  /** `p`: it was there before the last pack; ` `: any other. */
  readonly status: string;
  readonly user: Uint8Array;
  readonly description: Uint8Array;
  /** A pickled dict, or empty. */
  readonly extension: Uint8Array;
  /** Where it stands in the log, and where its last byte ends. */
  readonly position: number;
  readonly end: number;
}

/** One record of a transaction. */
export interface ObjectRecord {
  readonly oid: Oid;
  /** Undefined: the object's creation was undone. */
  readonly data: Uint8Array | undefined;
  /** The transaction of the record that it points back to, where it has no data of its own. */
  readonly dataTid: Tid | undefined;
}

/** The bytes of a blob. */
export interface StateBlob {
  readonly sizeBytes: number;
  read(): AsyncIterable<Uint8Array>;
}
