import type { ByteRange, OpenedSource } from '../system/files/byte-source.ts';
import type { LockRequest } from '../system/locks/lock-request.ts';
import type { SeenHolder } from '../system/locks/run-lock.ts';
import type { LocalFolder } from './local-folder.ts';
import type { TreeReader } from './tree-reader.ts';

/** A complete file in a store. */
export interface StoredFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Of a data file of a repository that is stored in another form, and perhaps closed. */
  readonly told?: ToldOfFile | undefined;
}

/** What a list shows of a data file that nobody has to open for it. */
export interface ToldOfFile {
  /** That it takes where it is stored. */
  readonly storedBytes: number;
  readonly transactionCount: number | undefined;
  readonly lastTid: string | undefined;
}

/** What has a name in a store: a file, or a tree of files. */
export type StoredEntry = (
  | (StoredFile & { readonly kind: 'file' })
  | { readonly kind: 'tree'; readonly name: string }
) & {
  /** When it was last written: milliseconds since 1970, with what the store knows behind the point. */
  readonly modifiedMs: number;
};

/** What has a name, links not followed; `other`: what no store makes, as a pipe. */
export type NameUse = StoredEntry['kind'] | 'link' | 'other';

/** A file or a tree that gets another name. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

/**
 * A file that is complete and safe, but not visible yet. Until it is published, nobody finds it;
 * disposing of it takes it away again.
 */
export interface StagedFile extends AsyncDisposable {
  readonly name: string;
  readonly sizeBytes: number;
  /** Reads it back from where it lies. Failure `damaged` where it isn't any more what was written. */
  confirm(watch: {
    readonly signal: AbortSignal;
    readonly onBytes?: (count: number) => void;
  }): Promise<void>;
  /** Gives the file its name, in one step, in place of a file that has it. */
  publish(): Promise<void>;
}

/** How a file is staged. */
export interface StageOptions {
  /** Whether it will be confirmed: then what is on the disk is read back while the rest is written. */
  readonly willConfirm?: boolean;
}

/** A line for the end of a file. */
export interface LineAddition {
  /** Without an end of its own. */
  readonly line: string;
  /** What the file may have, of bytes. */
  readonly maximumBytes: number;
  /** The name that it gets when it would have more. */
  readonly earlier: string;
}

/**
 * A place where backup files live. Names are plain: no separators, no folders. What a store says it
 * did survives a crash of the machine.
 */
export interface Store {
  /** How messages call it; what a `.dat` names as the repository. It is no path: {@link localFolder} has that. */
  readonly name: string;
  /** Undefined for a store that is no folder of this machine. */
  readonly localFolder: LocalFolder | undefined;
  /** How messages call what has a name in it, or a path in one of its trees. */
  nameOf(name: string): string;
  /** Where it is, as records name it, whatever way leads there. Failure `not-found`. */
  location(): Promise<string>;
  /** Whether that is the place which a record names. Failure `system` where nobody can tell. */
  isAt(location: string): Promise<boolean>;
  /** Failure `not-found` where it isn't there, or `system` where it can't be read. */
  requireThere(): Promise<void>;

  /** All complete files, in no order. */
  list(): Promise<readonly StoredFile[]>;
  /** The same, with the trees, and the times of both. */
  entries(): Promise<readonly StoredEntry[]>;
  /** One of these; undefined where there is none. */
  look(name: string): Promise<StoredEntry | undefined>;
  /** What has a name; undefined: nothing. */
  useOf(name: string): Promise<NameUse | undefined>;
  /** The content of a file, or a range of it. Failure `not-found`. */
  read(name: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** The same for several ranges of one file. Failures: `not-found`; `usage` for what is no file. */
  open(name: string): Promise<OpenedSource>;
  /** What is inside of a tree, whether that is there or not. */
  tree(name: string): TreeReader;

  /** Takes in a file's content without showing it. A chunk may become another one while the next ones are pulled. */
  stage(
    name: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: StageOptions,
  ): Promise<StagedFile>;
  /**
   * Adds a line to a file in one step, which is made where it isn't there. A file that has no room for it first gets
   * another name, in place of what has that. Gives the files that are others then.
   */
  append(name: string, addition: LineAddition): Promise<readonly StoredFile[]>;
  /** Gives other names, one after the other; what has such a name is replaced if it is a file. */
  rename(renamings: readonly Renaming[]): Promise<void>;
  /** Removes files, one after the other; one that isn't there is no failure. */
  remove(...names: readonly string[]): Promise<void>;
  /** Removes a tree: nobody finds it any more, then its room is given back. */
  removeTree(name: string): Promise<void>;
  /** Makes a name lead to another one, or, for undefined, nowhere; see {@link LinkOutcome}. */
  link(name: string, to: string | undefined): Promise<LinkOutcome>;
  /** The name that a name leads to; undefined where it is no link. */
  linkedTo(name: string): Promise<string | undefined>;

  /**
   * Keeps other runs out until it is disposed of, and removes what killed runs left unfinished.
   * Failure `locked`, with who holds it. Without a request, it doesn't wait.
   */
  lock(request?: LockRequest): Promise<AsyncDisposable>;
  /**
   * Keeps other runs out while it is read. Undefined where no run of ours ever was, as then none goes on, and nothing
   * is left in a place that may be somebody else's; and where the lock can't be had: backups on read-only media, or
   * of another user, must be restorable. Who removes something there meanwhile doesn't spoil what is restored: every
   * byte of it is checked.
   */
  hold(request: LockRequest): Promise<AsyncDisposable | undefined>;
  /** Who has locked it, for who only looks; undefined: nobody, or nobody says so. */
  holder(): Promise<SeenHolder | undefined>;
  /** Whether a run of ours has ever locked it. */
  wasLocked(): Promise<boolean>;
  /**
   * Removes trees that killed runs left unfinished, and puts back those that were to be replaced. The caller holds the
   * lock.
   */
  recoverTrees(): Promise<void>;
  /** Whether something can be written. */
  isWritable(): Promise<boolean>;
}

/**
 * What became of a link: it leads there now, did so before, is gone, was not there or can't be made, or something else
 * has its name.
 */
export type LinkOutcome = 'set' | 'unchanged' | 'removed' | 'none' | 'other';
