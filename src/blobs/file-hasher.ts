import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';

const BUFFER_BYTES = 1 << 18;

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

  /** The sha256 of a file's bytes, in hex. */
  *hash(path: string, onPiece: OnPiece): Generator<void, string> {
    const file = openSync(path, 'r');
    try {
      const hash = createHash('sha256');
      let piece = 0;
      for (let length = 1; length > 0; ) {
        length = readSync(file, this.#a);
        hash.update(this.#a.subarray(0, length));
        piece += length;
        if (piece < PIECE_BYTES) continue;
        onPiece(piece);
        piece = 0;
        yield;
      }
      return hash.digest('hex');
    } finally {
      closeSync(file);
    }
  }

  /**
   * Copies a file to one that isn't there yet, and returns the sha256 of its bytes. The system copies
   * a large one faster, or shares its bytes; what it has written is then read.
   *
   * @param source - `mode`: the rights that the copy gets
   */
  *copy(
    source: { readonly path: string; readonly sizeBytes: number; readonly mode: number },
    { target, onPiece }: { readonly target: string; readonly onPiece: OnPiece },
  ): Generator<void, string> {
    if (source.sizeBytes > BUFFER_BYTES) {
      copyFileSync(source.path, target, constants.COPYFILE_EXCL);
      return yield* this.hash(target, onPiece);
    }
    return this.#copySmall(source, target);
  }

  #copySmall(source: { readonly path: string; readonly mode: number }, target: string): string {
    return withFile(source.path, (from) => {
      const to = openSync(target, 'wx', 0o600);
      try {
        const hash = createHash('sha256');
        for (let length = 1; length > 0; ) {
          length = readSync(from, this.#a);
          const bytes = this.#a.subarray(0, length);
          hash.update(bytes);
          for (let written = 0; written < length; ) {
            written += writeSync(to, bytes, written);
          }
        }
        fchmodSync(to, source.mode);
        return hash.digest('hex');
      } finally {
        closeSync(to);
      }
    });
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

function withFile<T>(path: string, work: (file: number) => T): T {
  const file = openSync(path, 'r');
  try {
    return work(file);
  } finally {
    closeSync(file);
  }
}
