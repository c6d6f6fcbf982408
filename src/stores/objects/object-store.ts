import type { ByteRange, OpenedSource } from '../../system/files/byte-source.ts';

/** An object that is complete. */
export interface StoredObject {
  /** Its whole name, with slashes, below the prefix of the store: see `object-key`. */
  readonly key: string;
  readonly sizeBytes: number;
  /** When it was written: milliseconds since 1970, by the store's own clock. */
  readonly modifiedMs: number;
  /** Another one as soon as other bytes are written; undefined: the store has none. */
  readonly version: string | undefined;
}

/** What has to be so when an object is put: nothing has its key, or what has it is still that version. */
export type PutCondition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unchanged'; readonly version: string };

/** `refused`: the condition was not met, and nothing was written. */
export type PutOutcome =
  | { readonly kind: 'put'; readonly version: string | undefined }
  | { readonly kind: 'refused' };

/** What is known of a large object before it is uploaded. */
export interface UploadOptions {
  /** Undefined: it is known when its last byte is there. */
  readonly sizeBytes?: number;
  /** Of all its bytes, in hex: names an unfinished upload of the same bytes, which is gone on with. */
  readonly sha256?: string;
  readonly signal?: AbortSignal;
  /** Is told of bytes that the store has confirmed. */
  readonly onBytes?: (count: number) => void;
}

/**
 * A place of objects: a bucket, a server that speaks SFTP, or a folder. Each object is written whole: nobody finds half
 * of it, and what a store says it took survives a crash of either machine. There are no folders: a prefix is the
 * beginning of a key. What fails for a while is tried again; failures of each call: `system` where it doesn't help,
 * `refused` where the store says that this user may not, `interrupted`.
 */
export interface ObjectStore extends AsyncDisposable {
  /** How messages call it: `s3://bucket/prefix`. */
  readonly name: string;
  /** How messages call what has a key in it. */
  nameOf(key: string): string;
  /** Which conditions it keeps to. A store that keeps to none may have one writer only. */
  readonly conditions: 'both' | 'absent' | 'none';
  /** Where a server can't have its disk write what it took: a crash of it may lose that. */
  readonly isUnsynced?: true;

  /** All whose key begins so, in the order of their keys, in pages: each page is one request. */
  pages(prefix: string): AsyncIterable<readonly StoredObject[]>;
  /** Undefined where there is none. */
  look(key: string): Promise<StoredObject | undefined>;
  /** The bytes of an object, or of a range of it, all of them. Failures: `not-found`; `damaged` where it is shorter. */
  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** The same for several ranges of one object, whose version may not change meanwhile. Failure `not-found`. */
  open(key: string): Promise<OpenedSource>;

  /**
   * Writes an object of at most {@link SMALL_OBJECT_BYTES} in one request, in place of what has its key. A condition
   * that the store doesn't keep to is failure `usage`.
   */
  put(key: string, content: Uint8Array, condition?: PutCondition): Promise<PutOutcome>;
  /**
   * Writes an object of any size, in place of what has its key. The store compares what came with the checksums of
   * what was sent. Memory: a few parts of some MiB, whatever the size. A chunk may become another one when two more were
   * asked for.
   */
  upload(key: string, content: AsyncIterable<Uint8Array>, options?: UploadOptions): Promise<void>;
  /** Removes objects; one that isn't there is no failure. */
  remove(keys: readonly string[]): Promise<void>;
  /**
   * Takes away what killed runs left unfinished under a prefix that ends in a slash, and began before a time: nobody
   * sees it, but it takes room. The caller holds the lock of what is there.
   */
  removeUnfinished(prefix: string, beganBeforeMs: number): Promise<void>;
  /** What the store's own clock says: milliseconds since 1970. */
  now(): Promise<number>;

  /**
   * What was there before a time, whoever overwrote or removed it since. Undefined: such a store keeps no versions.
   * Failure `usage` where this place keeps none.
   *
   * @param timeMs - milliseconds since 1970, by the store's own clock
   */
  versionsBefore?(timeMs: number): Promise<ObjectReader>;
  /** Undefined: such a store locks nothing. */
  readonly lock?: ObjectLock;
  /** Undefined: such a store keeps nothing from whoever may write there. */
  readonly lockTrials?: LockTrials;
}

/** What writes to a place of objects. */
export type ObjectWriter = Pick<ObjectStore, 'put' | 'upload'>;

/**
 * Keeps objects from everybody, whatever key he has, until a time that nobody can bring forward. Who overwrites or
 * removes one only hides it: see `versionsBefore`. Times are milliseconds since 1970, by the store's own clock.
 */
export interface ObjectLock {
  /** Requires that this place can lock. Failures: `usage` where it can't, `refused` where this user may not ask. */
  require(): Promise<void>;
  /** Writes objects that are locked as soon as they are there. */
  writeUntil(untilMs: number): ObjectWriter;
  /** Locks what is there until a time, unless it is locked for longer. Failures: `not-found`, `refused`. */
  extend(key: string, untilMs: number): Promise<void>;
  /** Until when an object is locked; undefined: it isn't, or isn't there. */
  look(key: string): Promise<number | undefined>;
}

/**
 * What this user can destroy, found by trying: each trial returns whether what it writes stays, and gets a key of its
 * own.
 */
export interface LockTrials {
  /** Whether what is overwritten stays behind it. */
  versions(key: string): Promise<boolean>;
  /** Whether this user can't remove what is behind an object. */
  removal(key: string): Promise<boolean>;
  /** Whether nobody can remove what is locked. */
  compliance(key: string): Promise<boolean>;
  /** Whether this user can't remove what is locked in a way that some users may get round. */
  governance(key: string): Promise<boolean>;
  /** Waits until no trial is locked any more, some seconds, and removes all below a prefix, as far as that is allowed. */
  cleanUp(prefix: string): Promise<void>;
}

/** What can be read of a place of objects. */
export type ObjectReader = Pick<
  ObjectStore,
  'name' | 'nameOf' | 'pages' | 'look' | 'read' | 'open'
>;

/** What is put at once, at most: records and manifests, and what is written once with a condition. */
export const SMALL_OBJECT_BYTES = 8 << 20;
