import type { ByteSource } from '../system/files/byte-source.ts';

/** Small reads out of larger ones, for who goes through a log: so that small transactions don't cost a system call each. */
export class Window {
  readonly source: ByteSource;
  readonly #bytes: number;
  #start = 0;
  #content: Uint8Array = new Uint8Array(0);

  /** @param bytes - that are read at once, at least */
  constructor(source: ByteSource, bytes = 1 << 16) {
    this.source = source;
    this.#bytes = bytes;
  }

  /** Bytes that the caller knows to lie in front of the source's end. */
  async bytesAt(position: number, length: number): Promise<Uint8Array> {
    if (position < this.#start || position + length > this.#start + this.#content.length) {
      const end = Math.min(position + Math.max(length, this.#bytes), this.source.sizeBytes);
      this.#content = await this.source.read({ start: position, end });
      this.#start = position;
    }
    return this.#content.subarray(position - this.#start, position - this.#start + length);
  }
}
