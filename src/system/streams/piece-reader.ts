/** How a stream consists of pieces. */
export interface PieceFormat {
  /** Bytes at the beginning of each that tell how long it is. */
  readonly headerBytes: number;
  /** Bytes of the piece that begins so; undefined where none does. */
  readonly lengthOf: (header: Buffer) => number | undefined;
}

/** Cuts a stream of bytes into pieces that say how long they are. */
export class PieceReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #format: PieceFormat;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #isAtEnd = false;
  isEmpty = true;

  constructor(source: AsyncIterable<Uint8Array>, format: PieceFormat) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#format = format;
  }

  /** The pieces, up to the first one that doesn't say how long it is. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    const { headerBytes, lengthOf } = this.#format;
    for (;;) {
      if (!(await this.#fill(headerBytes))) return;
      const length = lengthOf(this.#joined());
      if (length === undefined || !(await this.#fill(length))) return;
      const bytes = this.#joined();
      this.#keep(bytes.subarray(length));
      yield bytes.subarray(0, length);
    }
  }

  /** Whether bytes are left behind the last piece. */
  hasMore(): Promise<boolean> {
    return this.#fill(1);
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    yield* this.#kept;
    for (;;) {
      const next = await this.#iterator.next();
      if (next.done === true) return;
      yield next.value;
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  /** Whether at least `length` bytes are kept, after reading what it takes. */
  async #fill(length: number): Promise<boolean> {
    while (this.#keptBytes < length && !this.#isAtEnd) {
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.#isAtEnd = true;
      } else if (next.value.length > 0) {
        this.isEmpty = false;
        this.#kept.push(next.value);
        this.#keptBytes += next.value.length;
      }
    }
    return this.#keptBytes >= length;
  }

  #joined(): Buffer {
    const [first, ...more] = this.#kept;
    // Mostly one chunk holds it all; copying it for each piece would cost more than reading it.
    const joined =
      first !== undefined && more.length === 0 ? asBuffer(first) : Buffer.concat(this.#kept);
    this.#kept = [joined];
    return joined;
  }

  #keep(rest: Uint8Array): void {
    this.#kept = rest.length === 0 ? [] : [rest];
    this.#keptBytes = rest.length;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
