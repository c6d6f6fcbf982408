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

/** Hashes files with synchronous calls; its memory is used again for each of them. */
export class FileHasher {
  readonly #a = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly #b = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  /** The sha256 of a file's bytes, in hex. */
  hash(path: string): string {
    return withFile(path, (file) => {
      const hash = createHash('sha256');
      for (let length = 1; length > 0; ) {
        length = readSync(file, this.#a);
        hash.update(this.#a.subarray(0, length));
      }
      return hash.digest('hex');
    });
  }

  /**
   * Copies a file to one that isn't there yet, and returns the sha256 of its bytes. The system copies
   * a large one faster, or shares its bytes; what it has written is then read.
   *
   * @param source - `mode`: the rights that the copy gets
   */
  copy(
    source: { readonly path: string; readonly sizeBytes: number; readonly mode: number },
    target: string,
  ): string {
    if (source.sizeBytes > BUFFER_BYTES) {
      copyFileSync(source.path, target, constants.COPYFILE_EXCL);
      return this.hash(target);
    }
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
  hashOfBoth(path: string, other: string): string | undefined {
    return withFile(path, (one) =>
      withFile(other, (two) => {
        const hash = createHash('sha256');
        for (;;) {
          const length = readSync(one, this.#a);
          if (readSync(two, this.#b) !== length) return undefined;
          if (length === 0) return hash.digest('hex');
          if (this.#a.compare(this.#b, 0, length, 0, length) !== 0) return undefined;
          hash.update(this.#a.subarray(0, length));
        }
      }),
    );
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
