import { decodeMemberLength, MEMBER_HEADER_BYTES } from './member.ts';

const BYTES_PER_LENGTH = 4;

/**
 * Notes how long the members of a gzip file are while its bytes pass, so that nobody has to walk from one to the next
 * to find them: where the file is far away, each step is a request.
 */
export class MemberLengths {
  readonly #lengths: number[] = [];
  /** The beginning of a header that is in several chunks. */
  #header = Buffer.alloc(0);
  /** Bytes of the member that have not passed yet. */
  #left = 0;
  #isDivided = true;

  feed(chunk: Uint8Array): void {
    let at = 0;
    while (this.#isDivided && at < chunk.length) {
      if (this.#left === 0) at = this.#takeHeader(chunk, at);
      const passed = Math.min(this.#left, chunk.length - at);
      this.#left -= passed;
      at += passed;
    }
  }

  /** All of them, when the file is at its end; undefined where it isn't made of whole members. */
  finish(): readonly number[] | undefined {
    const isWhole = this.#isDivided && this.#left === 0 && this.#header.length === 0;
    return isWhole ? this.#lengths : undefined;
  }

  /** Returns where the chunk goes on behind it. */
  #takeHeader(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + MEMBER_HEADER_BYTES - this.#header.length);
    this.#header = Buffer.concat([this.#header, chunk.subarray(at, end)]);
    if (this.#header.length < MEMBER_HEADER_BYTES) return end;
    const length = decodeMemberLength(this.#header);
    if (length === undefined) this.#isDivided = false;
    else {
      this.#lengths.push(length);
      this.#left = length - MEMBER_HEADER_BYTES;
    }
    this.#header = Buffer.alloc(0);
    return end;
  }
}

/** Lengths as bytes: 4 for each, little-endian. */
export function encodeMemberLengths(lengths: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(lengths.length * BYTES_PER_LENGTH);
  for (const [index, length] of lengths.entries()) {
    bytes.writeUInt32LE(length, index * BYTES_PER_LENGTH);
  }
  return bytes;
}

/** Undefined where they aren't those of a file of so many bytes. */
export function decodeMemberLengths(
  bytes: Uint8Array,
  sizeBytes: number,
): readonly number[] | undefined {
  if (bytes.length % BYTES_PER_LENGTH !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lengths: number[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length; at += BYTES_PER_LENGTH) {
    const length = view.getUint32(at, true);
    if (length <= MEMBER_HEADER_BYTES) return undefined;
    lengths.push(length);
    total += length;
  }
  return total === sizeBytes ? lengths : undefined;
}
