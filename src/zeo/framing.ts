import { Failure } from '../system/failure.ts';

/**
 * | bytes | |
 * | --- | --- |
 * | 0 to 3 | length of the message, big-endian |
 * | 4 to the end | the message |
 */
const LENGTH_BYTES = 4;
/** Longest message, in both directions. */
export const MOST_MESSAGE_BYTES = 64 << 20;

/** A message as it goes over the wire. */
export function frameMessage(message: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** Takes messages out of the chunks that a client sends, of any size. It keeps at most one that isn't complete. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #keptBytes = 0;
  #neededBytes = LENGTH_BYTES;
  #isInMessage = false;

  /** The messages that a chunk completes. Failure `refused`: one is longer than {@link MOST_MESSAGE_BYTES}. */
  *feed(chunk: Buffer): Generator<Buffer> {
    let rest = chunk;
    while (this.#keptBytes + rest.length >= this.#neededBytes) {
      const split = this.#neededBytes - this.#keptBytes;
      const part = this.#withKept(rest.subarray(0, split));
      rest = rest.subarray(split);
      if (this.#isInMessage) yield part;
      this.#neededBytes = this.#isInMessage ? LENGTH_BYTES : lengthIn(part);
      this.#isInMessage = !this.#isInMessage;
    }
    if (rest.length === 0) return;
    this.#chunks.push(rest);
    this.#keptBytes += rest.length;
  }

  #withKept(part: Buffer): Buffer {
    if (this.#keptBytes === 0) return part;
    const whole = Buffer.concat([...this.#chunks, part]);
    this.#chunks = [];
    this.#keptBytes = 0;
    return whole;
  }
}

function lengthIn(part: Buffer): number {
  const length = part.readUInt32BE();
  if (length <= MOST_MESSAGE_BYTES) return length;
  throw new Failure('refused', `Cannot take a message: it has ${length} bytes`, {
    hint: `No ZEO client sends more than ${MOST_MESSAGE_BYTES} bytes at a time.`,
  });
}
