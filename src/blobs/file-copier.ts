import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  openSync,
  readSync,
  type Stats,
} from 'node:fs';
import { writeAllSync } from '../system/write-all.ts';
import { ALL_RIGHTS, dress } from './dress.ts';
import { BUFFER_BYTES, type FileHasher, type OnPiece } from './file-hasher.ts';

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
      dress(file, { status, made: fstatSync(file) });
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
        dress(file, { status, made });
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
}
