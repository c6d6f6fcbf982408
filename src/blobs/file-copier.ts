import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  openSync,
  readSync,
  type Stats,
} from 'node:fs';
import { writeAllSync } from '../system/write-all.ts';
import type { FileHasher, OnPiece } from './file-hasher.ts';

const BUFFER_BYTES = 1 << 18;

/** The bits of a mode that are rights. */
export const ALL_RIGHTS = 0o7777;

/** What is copied where. */
export interface FileCopy {
  readonly source: string;
  /** What the source was seen to be. */
  readonly status: Stats;
  /** Isn't there yet. */
  readonly target: string;
  readonly isSumWanted: boolean;
}

/**
 * Copies files with their rights, times and, for root, owners, with as few synchronous calls as it
 * takes: of a hundred thousand small files, each call is a second.
 */
export class FileCopier {
  readonly #hasher: FileHasher;
  readonly #isRoot = process.getuid?.() === 0;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  /** What a new file is without being changed, by the rights that were asked for: as one of them was. */
  readonly #made = new Map<number, Stats>();

  constructor(hasher: FileHasher) {
    this.#hasher = hasher;
  }

  /** Returns the sha256 of the bytes in hex, if it is wanted. Failures: those of the system. */
  *copy(copy: FileCopy, onPiece: OnPiece): Generator<void, string | undefined> {
    if (copy.status.size <= BUFFER_BYTES) return this.#copySmall(copy);
    // The system copies it faster, or shares its bytes; what it has written is then read.
    const { source, status, target, isSumWanted } = copy;
    copyFileSync(source, target, constants.COPYFILE_EXCL);
    const file = openSync(target, 'r');
    try {
      this.#dress(file, { status, made: fstatSync(file) });
    } finally {
      closeSync(file);
    }
    return isSumWanted ? yield* this.#hasher.hash(target, onPiece) : undefined;
  }

  #copySmall({ source, status, target, isSumWanted }: FileCopy): string | undefined {
    const from = openSync(source, 'r');
    try {
      const rights = status.mode & ALL_RIGHTS;
      const file = openSync(target, 'wx', rights);
      try {
        const made = this.#made.get(rights) ?? fstatSync(file);
        this.#made.set(rights, made);
        const sha256 = this.#pour(from, file, { sizeBytes: status.size, isSumWanted });
        this.#dress(file, { status, made });
        return sha256;
      } finally {
        closeSync(file);
      }
    } finally {
      closeSync(from);
    }
  }

  #pour(
    from: number,
    to: number,
    { sizeBytes, isSumWanted }: { readonly sizeBytes: number; readonly isSumWanted: boolean },
  ): string | undefined {
    const hash = isSumWanted ? createHash('sha256') : undefined;
    for (let total = 0; ; ) {
      const length = readSync(from, this.#buffer);
      const bytes = this.#buffer.subarray(0, length);
      hash?.update(bytes);
      writeAllSync(to, bytes);
      total += length;
      // A short read at the size that it had is its end: no other has to be asked for.
      if (length === 0 || (total === sizeBytes && length < BUFFER_BYTES)) break;
    }
    return hash?.digest('hex');
  }

  /** Owner before mode: a change of it takes bits away. */
  #dress(file: number, { status, made }: { readonly status: Stats; readonly made: Stats }): void {
    const isOwned = !this.#isRoot || (status.uid === made.uid && status.gid === made.gid);
    if (!isOwned) fchownSync(file, status.uid, status.gid);
    if (!isOwned || made.mode !== status.mode) fchmodSync(file, status.mode & ALL_RIGHTS);
    futimesSync(file, settable(status.atimeMs), settable(status.mtimeMs));
  }
}

/**
 * Seconds that Node sets as the microsecond that it was asked for, so that times don't drift from copy
 * to copy: it cuts off what a double has behind the microseconds, which may be nearly a whole one.
 */
export function settable(milliseconds: number): number {
  return (Math.round(milliseconds * 1000) + 0.25) / 1e6;
}
