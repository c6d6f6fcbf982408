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
/** Less than a millisecond of work. */
const SUMS_PER_PORTION = 500;
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
  /** Offsets of the lines, and of what would be the next one. */
  readonly #starts: Float64Array;

  /** @param bytes - what {@link encodeSums} made, or {@link countSums} has found to be like it */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#starts = Float64Array.from(startsOfLines(this.#buffer));
  }

  /** How many there are. */
  get count(): number {
    return this.#starts.length - 1;
  }

  /** The sha256 of a file in hex; undefined where there is none of it. */
  find(path: string): string | undefined {
    const number = this.numberOf(path);
    return number === undefined ? undefined : this.sha256At(number);
  }

  /** The sha256 in hex of the file with this number. */
  sha256At(number: number): string {
    const { start } = this.#line(number);
    return this.#buffer.toString('latin1', start, start + DIGITS);
  }

  /** Which of them is that of a file, from 0 on; undefined where there is none of it. */
  numberOf(path: string): number | undefined {
    const wanted = Buffer.from(path);
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { start, end } = this.#line(middle);
      const order = this.#buffer.compare(wanted, 0, wanted.length, start + PATH_AT, end);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<BlobSum, undefined> {
    for (let number = 0; number < this.count; number += 1) {
      const { start, end } = this.#line(number);
      const path = this.#buffer.toString('latin1', start + PATH_AT, end);
      yield { path, sha256: this.sha256At(number) };
    }
  }

  #line(number: number): { readonly start: number; readonly end: number } {
    return { start: this.#starts[number] ?? 0, end: (this.#starts[number + 1] ?? 0) - 1 };
  }
}

function startsOfLines(bytes: Buffer): readonly number[] {
  const starts = [0];
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, end + 1)) {
    starts.push(end + 1);
  }
  return starts;
}

/** Bytes of a piece of a draft: the first one, since most drafts are of few files, and the later ones. */
const [FIRST_BYTES, PIECE_BYTES] = [1 << 10, 64 << 10];

/** Collects sums, in any order, as bytes: in strings, those of very many files would take several times as much. */
export class SumDraft {
  readonly #full: Uint8Array[] = [];
  #piece = Buffer.alloc(0);
  #filled = 0;

  /** Takes no notice of a path that can't have a sum. */
  add({ path, sha256 }: BlobSum): void {
    if (!PLAIN.test(path)) return;
    const line = `${sha256}  ${path}\n`;
    if (this.#filled + line.length > this.#piece.length) this.#begin(line.length);
    this.#filled += this.#piece.write(line, this.#filled, 'latin1');
  }

  /** Its lines, in pieces that can be sent from thread to thread. */
  get pieces(): readonly Uint8Array[] {
    return this.#filled === 0 ? this.#full : [...this.#full, this.#begun];
  }

  get #begun(): Uint8Array {
    return this.#piece.subarray(0, this.#filled);
  }

  #begin(leastBytes: number): void {
    if (this.#filled > 0) this.#full.push(this.#begun);
    const bytes = Math.min(PIECE_BYTES, Math.max(FIRST_BYTES, this.#piece.length * 2));
    this.#piece = Buffer.alloc(Math.max(leastBytes, bytes));
    this.#filled = 0;
  }
}

/** The bytes of sums, from the pieces of {@link SumDraft}. */
export function encodeSums(pieces: readonly Uint8Array[]): Buffer {
  const lines = pieces.flatMap((piece) => [...linesOf(piece)]);
  lines.sort(comparePaths);
  const bytes = Buffer.allocUnsafe(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { piece, start, end } of lines) at += piece.copy(bytes, at, start, end);
  return bytes;
}

/** A line in a piece of a draft, with its end. */
interface DraftedLine {
  readonly piece: Buffer;
  readonly start: number;
  readonly end: number;
}

function* linesOf({ buffer, byteOffset, byteLength }: Uint8Array): Generator<DraftedLine> {
  const piece = Buffer.from(buffer, byteOffset, byteLength);
  for (let start = 0; start < piece.length; ) {
    const end = piece.indexOf(NEWLINE, start) + 1;
    yield { piece, start, end };
    start = end;
  }
}

function comparePaths(one: DraftedLine, other: DraftedLine): number {
  const path = other.piece.subarray(other.start + PATH_AT, other.end - 1);
  return one.piece.compare(path, 0, path.length, one.start + PATH_AT, one.end - 1);
}

/** How many sums the bytes hold; undefined where they aren't what {@link encodeSums} makes. Yields now and then. */
export function* countSums(bytes: Buffer): Generator<void, number | undefined> {
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
    if (count % SUMS_PER_PORTION === 0) yield;
  }
  return count;
}
