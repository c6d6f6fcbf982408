import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { systemCodeOf } from '../../system/failure.ts';

/** What is read or written with one call. */
export const BUFFER_BYTES = 1 << 18;
/** Of the memory of WebAssembly, which begins at the beginning of one. */
const PAGE_BYTES = 1 << 16;

/** Bytes between two moments for other work. */
export const PIECE_BYTES = 1 << 22;

/** Is told the bytes of each piece of a large file, after which there is a yield. */
export type OnPiece = (bytes: number) => void;

/**
 * Hashes files with synchronous calls; its memory is used again for each of them, so that one has to end
 * before the next begins.
 */
export class FileHasher {
  readonly #a = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly #b = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #aligned: Buffer | undefined;

  /** The sha256 of a file's bytes, in hex. */
  *hash(path: string, onPiece: OnPiece): Generator<void, string> {
    const file = openSync(path, 'r');
    try {
      return yield* hashOpened(file, { buffer: this.#a, end: Number.POSITIVE_INFINITY, onPiece });
    } finally {
      closeSync(file);
    }
  }

  /**
   * The same of the bytes that the disk has of it, past what the kernel remembers, where the file system
   * allows that (`O_DIRECT`). The file must have been synced.
   */
  *hashFromDisk(path: string, onPiece: OnPiece): Generator<void, string> {
    try {
      return yield* this.#hashDirectly(path, onPiece);
    } catch (error) {
      if (systemCodeOf(error) !== 'EINVAL') throw error;
      return yield* this.hash(path, onPiece);
    }
  }

  *#hashDirectly(path: string, onPiece: OnPiece): Generator<void, string> {
    this.#aligned ??= alignedBuffer();
    const file = openSync(path, constants.O_RDONLY | constants.O_DIRECT);
    try {
      // Such a read begins at a multiple of the disk's blocks: none is begun at the end of the file.
      const { size: end } = fstatSync(file);
      return yield* hashOpened(file, { buffer: this.#aligned, end, onPiece });
    } finally {
      closeSync(file);
    }
  }

  /** The sha256 of two files that have the same bytes; undefined where they haven't. */
  *hashOfBoth(
    path: string,
    { other, onPiece }: { readonly other: string; readonly onPiece: OnPiece },
  ): Generator<void, string | undefined> {
    const one = openSync(path, 'r');
    try {
      const two = openSync(other, 'r');
      try {
        const hash = createHash('sha256');
        let piece = 0;
        for (;;) {
          const length = readSync(one, this.#a);
          if (readSync(two, this.#b) !== length) return undefined;
          if (length === 0) return hash.digest('hex');
          if (this.#a.compare(this.#b, 0, length, 0, length) !== 0) return undefined;
          hash.update(this.#a.subarray(0, length));
          piece += length;
          if (piece < PIECE_BYTES) continue;
          onPiece(piece);
          piece = 0;
          yield;
        }
      } finally {
        closeSync(two);
      }
    } finally {
      closeSync(one);
    }
  }
}

/** @param end - no read begins there */
function* hashOpened(
  file: number,
  {
    buffer,
    end,
    onPiece,
  }: { readonly buffer: Buffer; readonly end: number; readonly onPiece: OnPiece },
): Generator<void, string> {
  const hash = createHash('sha256');
  let total = 0;
  let piece = 0;
  while (total < end) {
    const length = readSync(file, buffer);
    if (length === 0) break;
    hash.update(buffer.subarray(0, length));
    total += length;
    piece += length;
    if (piece < PIECE_BYTES) continue;
    onPiece(piece);
    piece = 0;
    yield;
  }
  return hash.digest('hex');
}

/** Of every Node; TypeScript counts it among what browsers have. */
declare const WebAssembly: {
  readonly Memory: new (size: {
    readonly initial: number;
    readonly maximum: number;
  }) => { readonly buffer: ArrayBuffer };
};

/** Memory at the beginning of a page, as a disk demands that writes into it directly. */
function alignedBuffer(): Buffer {
  const pages = BUFFER_BYTES / PAGE_BYTES;
  return Buffer.from(new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer);
}
