/**
 * The sha256 of each file of a tree, as `sha256sum` writes and reads them, in the order of their paths:
 *
 * ```
 * sha256-in-64-hex-digits, two blanks, path below the tree
 * ```
 *
 * Names that aren't plain ASCII, or hold a backslash, are no names of blobs and have no line.
 */
const DIGITS = 64;
const PATH_AT = DIGITS + 2;
const NEWLINE = 10;
const LINE = /^[0-9a-f]{64} {2}(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[ -[\]-~]+$/;
const PLAIN = /^[ -[\]-~]+$/;

/** A line of the sums. */
export interface BlobSum {
  readonly path: string;
  readonly sha256: string;
}

/**
 * The sums of a tree. They are kept as the bytes that they are in their file, some 140 for each blob,
 * and found by bisection; where the bytes are shared memory, threads need no copy of them.
 */
export class BlobSums {
  readonly bytes: Uint8Array;
  readonly #buffer: Buffer;

  /** @param bytes - what {@link encodeSums} made, or {@link countSums} has found to be like it */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many there are. */
  get count(): number {
    let count = 0;
    for (let at = this.#buffer.indexOf(NEWLINE); at >= 0; count += 1) {
      at = this.#buffer.indexOf(NEWLINE, at + 1);
    }
    return count;
  }

  /** The sha256 of a file in hex; undefined where there is none of it. */
  find(path: string): string | undefined {
    const wanted = Buffer.from(path);
    const buffer = this.#buffer;
    let low = 0;
    let high = buffer.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const start = middle === 0 ? 0 : buffer.lastIndexOf(NEWLINE, middle - 1) + 1;
      const end = buffer.indexOf(NEWLINE, middle);
      const order = buffer.compare(wanted, 0, wanted.length, start + PATH_AT, end);
      if (order === 0) return buffer.toString('latin1', start, start + DIGITS);
      if (order < 0) low = end + 1;
      else high = start;
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<BlobSum, undefined> {
    const buffer = this.#buffer;
    for (let start = 0; start < buffer.length; ) {
      const end = buffer.indexOf(NEWLINE, start);
      const sha256 = buffer.toString('latin1', start, start + DIGITS);
      yield { path: buffer.toString('latin1', start + PATH_AT, end), sha256 };
      start = end + 1;
    }
  }
}

/** Collects sums, in any order; its text can be sent from thread to thread. */
export class SumDraft {
  #text = '';

  /** Takes no notice of a path that can't have a sum. */
  add({ path, sha256 }: BlobSum): void {
    if (PLAIN.test(path)) this.#text += `${path}\0${sha256}\n`;
  }

  get text(): string {
    return this.#text;
  }
}

/** The bytes of sums, from the texts of {@link SumDraft}. */
export function encodeSums(drafts: readonly string[]): Buffer {
  // A 0 comes before all that a path holds: so this is the order of the paths.
  const lines = drafts
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .sort();
  const text = lines.map((line) => {
    const [path, sha256] = line.split('\0');
    return `${sha256}  ${path}\n`;
  });
  return Buffer.from(text.join(''), 'latin1');
}

/** How many sums the bytes hold; undefined where they aren't what {@link encodeSums} makes. */
export function countSums(bytes: Buffer): number | undefined {
  let count = 0;
  let before = '';
  for (let start = 0; start < bytes.length; count += 1) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) return undefined;
    const line = bytes.toString('latin1', start, end);
    const path = line.slice(PATH_AT);
    if (!LINE.test(line) || path <= before) return undefined;
    before = path;
    start = end + 1;
  }
  return count;
}
