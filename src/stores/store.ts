import type { ByteRange } from '../system/files/byte-source.ts';
import type { LockRequest } from '../system/locks/lock-request.ts';

/** A complete file in a store. */
export interface StoredFile {
  readonly name: string;
  readonly sizeBytes: number;
}

/**
 * A file that is complete and safe, but not visible yet. Until it is published, nobody finds it;
 * disposing of it takes it away again.
 */
export interface StagedFile extends AsyncDisposable {
  readonly name: string;
  readonly sizeBytes: number;
  /** Reads it back from where it lies. Failure `damaged` where it has another checksum by then. */
  confirm(
    sha256: string,
    watch: { readonly signal: AbortSignal; readonly onBytes?: (count: number) => void },
  ): Promise<void>;
  /** Gives the file its name, in one step, in place of a file that has it. */
  publish(): Promise<void>;
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
  /** How messages call it; what a `.dat` names as the repository. */
  readonly name: string;
  /** All complete files, in no order. */
  list(): Promise<readonly StoredFile[]>;
  /** The content of a file, or a range of it. Failure `not-found`. */
  read(name: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Takes in a file's content without showing it. */
  stage(
    name: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<StagedFile>;
  /**
   * Adds a line to a file in one step, which is made where it isn't there. A file that has no room for it first gets
   * another name, in place of what has that. Gives the files that are others then.
   */
  append(name: string, addition: LineAddition): Promise<readonly StoredFile[]>;
  /** Removes a file; one that isn't there is no failure. */
  remove(name: string): Promise<void>;
  /**
   * Keeps other runs out until it is disposed of, and removes what killed runs left unfinished.
   * Failure `locked`, with who holds it. Without a request, it doesn't wait.
   */
  lock(request?: LockRequest): Promise<AsyncDisposable>;
}
