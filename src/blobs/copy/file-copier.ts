import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  type Stats,
} from 'node:fs';
import { mayHaveHoles } from '../../system/files/holes.ts';
import { writeAllSync, writeWithHolesSync } from '../../system/files/write-all.ts';
import {
  BUFFER_BYTES,
  type FileHasher,
  type OnPiece,
  PIECE_BYTES,
} from '../checksums/file-hasher.ts';
import { ALL_RIGHTS, copyAttributes } from './file-attributes.ts';

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

  /** Holes stay holes. Returns the sha256 of the bytes in hex, if it is wanted. Failures: those of the system. */
  *copy(copy: FileCopy, onPiece: OnPiece): Generator<void, string | undefined> {
    const { source, status, target, isSumWanted } = copy;
    if (status.size <= BUFFER_BYTES || mayHaveHoles(status))
      return yield* this.#copy(copy, onPiece);
    // The system copies it faster, or shares its bytes; what it has written is then read.
    copyFileSync(source, target, constants.COPYFILE_EXCL);
    const file = openSync(target, 'r');
    try {
      copyAttributes(file, { status, made: fstatSync(file) });
    } finally {
      closeSync(file);
    }
    return isSumWanted ? yield* this.#hasher.hash(target, onPiece) : undefined;
  }

  *#copy(
    { source, status, target, isSumWanted }: FileCopy,
    onPiece: OnPiece,
  ): Generator<void, string | undefined> {
    const from = openSync(source, 'r');
    try {
      const rights = status.mode & ALL_RIGHTS;
      const file = openSync(target, 'wx', rights);
      try {
        const made = this.#made.get(rights) ?? fstatSync(file);
        this.#made.set(rights, made);
        const hash = isSumWanted ? createHash('sha256') : undefined;
        yield* this.#pour({ from, to: file, status, hash }, onPiece);
        copyAttributes(file, { status, made });
        return hash?.digest('hex');
      } finally {
        closeSync(file);
      }
    } finally {
      closeSync(from);
    }
  }

  *#pour({ from, to, status, hash }: Pouring, onPiece: OnPiece): Generator<void> {
    const hasHoles = mayHaveHoles(status);
    let piece = 0;
    let total = 0;
    for (;;) {
      const length = readSync(from, this.#buffer);
      const bytes = this.#buffer.subarray(0, length);
      hash?.update(bytes);
      if (hasHoles) writeWithHolesSync(to, bytes, total);
      else writeAllSync(to, bytes);
      total += length;
      piece += length;
      // A short read at the size that it had is its end: no other has to be asked for.
      if (length === 0 || (total === status.size && length < BUFFER_BYTES)) break;
      if (piece < PIECE_BYTES) continue;
      onPiece(piece);
      piece = 0;
      yield;
    }
    if (hasHoles) ftruncateSync(to, total);
  }
}

/** A file that is poured into another; both are open. */
interface Pouring {
  readonly from: number;
  readonly to: number;
  readonly status: Stats;
  /** Of what is poured, where it is wanted. */
  readonly hash: Hash | undefined;
}
