import { MAXIMUM_POSITION } from '../format.ts';
import { OPCODES as OP } from '../pickle/opcodes.ts';
import { viewOf } from '../uncommitted-tail.ts';
import { OidIndex, POSITION_BYTES, PREFIX_BYTES, SUFFIX_BYTES } from './oid-index.ts';

/** An index as it was read: nothing in it has been held against the Data.fs yet. */
export interface DecodedIndex {
  readonly index: OidIndex;
  /** Offset in the Data.fs up to which the index speaks. */
  readonly position: number;
}

/** Thrown inside this file only: an index that can't be used is no error, but no index. */
class Unusable extends Error {}

/**
 * Reads a Data.fs.index, of Python 3 or Python 2, which comes in chunks of any size. Undefined
 * where it is cut, broken, or of a form that isn't read (the pickled dict of old versions).
 */
export async function decodeIndex(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<DecodedIndex | undefined> {
  const decoder = new IndexDecoder();
  for await (const chunk of chunks) {
    if (decoder.feed(chunk) === 'unusable') return undefined;
  }
  return decoder.finish();
}

/** Longest pickle that an index can hold: a full bucket with what is around it. */
const MAXIMUM_PICKLE_BYTES = 65536 * (SUFFIX_BYTES + POSITION_BYTES) + 64;

type Item =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'pair'; readonly prefix: Uint8Array; readonly bucket: Uint8Array }
  | { readonly kind: 'none' };

/** The decoder behind {@link decodeIndex}: synchronous, keeps at most one unfinished pickle. */
export class IndexDecoder {
  readonly #index = new OidIndex();
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #retryAt = 1;
  #position: number | undefined;
  #lastPrefix = -1;
  #state: 'position' | 'pairs' | 'complete' | 'unusable' = 'position';

  /** Offset that the index begins with, as soon as it is known. */
  get position(): number | undefined {
    return this.#position;
  }

  feed(chunk: Uint8Array): 'unusable' | 'more' {
    this.#kept.push(chunk.slice());
    this.#keptBytes += chunk.length;
    // Tried again only when the bytes have doubled, so that single bytes cost no more than chunks.
    if (this.#keptBytes >= this.#retryAt) this.#decodeKept();
    return this.#state === 'unusable' ? 'unusable' : 'more';
  }

  finish(): DecodedIndex | undefined {
    this.#decodeKept();
    if (this.#state !== 'complete' || this.#keptBytes > 0 || this.#position === undefined) {
      return undefined;
    }
    return { index: this.#index, position: this.#position };
  }

  #decodeKept(): void {
    const bytes = Buffer.concat(this.#kept);
    let offset = 0;
    try {
      while (offset < bytes.length) {
        const reader = new PickleReader(bytes, offset);
        const item = reader.item();
        if (item === undefined) break;
        this.#take(item);
        offset = reader.offset;
      }
      if (bytes.length - offset > MAXIMUM_PICKLE_BYTES) throw new Unusable();
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      this.#state = 'unusable';
    }
    const rest = bytes.subarray(offset);
    this.#kept = [rest];
    this.#keptBytes = rest.length;
    this.#retryAt = Math.max(1, rest.length * 2);
  }

  #take(item: Item): void {
    if (this.#state === 'position' && item.kind === 'integer') {
      if (item.value > MAXIMUM_POSITION) throw new Unusable();
      this.#position = item.value;
      this.#state = 'pairs';
    } else if (this.#state === 'pairs' && item.kind === 'pair') {
      this.#takePair(item);
    } else if (this.#state === 'pairs' && item.kind === 'none') {
      this.#state = 'complete';
    } else {
      throw new Unusable();
    }
  }

  #takePair(item: Extract<Item, { kind: 'pair' }>): void {
    const { prefix: prefixBytes, bucket } = item;
    const count = bucket.length / (SUFFIX_BYTES + POSITION_BYTES);
    if (prefixBytes.length !== PREFIX_BYTES || !Number.isInteger(count) || count > 65536) {
      throw new Unusable();
    }
    const prefixView = viewOf(prefixBytes);
    const prefix = prefixView.getUint32(0) * 65536 + prefixView.getUint16(4);
    if (prefix <= this.#lastPrefix) throw new Unusable();
    this.#lastPrefix = prefix;
    const view = viewOf(bucket);
    let lastSuffix = -1;
    for (let row = 0; row < count; row++) {
      const suffix = view.getUint16(row * SUFFIX_BYTES);
      const place = count * SUFFIX_BYTES + row * POSITION_BYTES;
      const position = view.getUint16(place) * 2 ** 32 + view.getUint32(place + 2);
      if (suffix <= lastSuffix || position === 0) throw new Unusable();
      lastSuffix = suffix;
      this.#index.set(prefix, suffix, position);
    }
  }
}

/** Reads one pickle of the few shapes that an index is made of. */
class PickleReader {
  readonly #bytes: Buffer;
  offset: number;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  /** The item of the next pickle; undefined while it isn't all there. */
  item(): Item | undefined {
    const found: Uint8Array[] = [];
    let item: Item | undefined;
    for (;;) {
      const opcode = this.#byte();
      if (opcode === undefined) return undefined;
      switch (opcode) {
        case OP.STOP:
          if (item === undefined) throw new Unusable();
          return item;
        case OP.PROTO:
        case OP.BINPUT:
          if (this.#take(1) === undefined) return undefined;
          break;
        case OP.LONG_BINPUT:
          if (this.#take(4) === undefined) return undefined;
          break;
        case OP.MARK:
          break;
        case OP.NONE:
          item = { kind: 'none' };
          break;
        case OP.TUPLE:
        case OP.TUPLE2: {
          const [prefix, bucket, ...more] = found;
          if (prefix === undefined || bucket === undefined || more.length > 0) throw new Unusable();
          item = { kind: 'pair', prefix, bucket };
          break;
        }
        case OP.BINBYTES:
        case OP.SHORT_BINBYTES:
        case OP.BINSTRING:
        case OP.SHORT_BINSTRING: {
          const bytes = this.#byteString(opcode);
          if (bytes === undefined) return undefined;
          found.push(bytes);
          break;
        }
        default: {
          const value = this.#integer(opcode);
          if (value === undefined) return undefined;
          item = { kind: 'integer', value };
        }
      }
    }
  }

  #byteString(opcode: number): Uint8Array | undefined {
    const isShort = opcode === OP.SHORT_BINBYTES || opcode === OP.SHORT_BINSTRING;
    const length = this.#take(isShort ? 1 : 4);
    if (length === undefined) return undefined;
    return this.#take(length.readUIntLE(0, length.length));
  }

  /** An int that isn't negative, in any of its forms. */
  #integer(opcode: number): number | undefined {
    switch (opcode) {
      case OP.BININT1:
        return this.#take(1)?.readUInt8();
      case OP.BININT2:
        return this.#take(2)?.readUInt16LE();
      case OP.BININT: {
        const value = this.#take(4)?.readInt32LE();
        if (value !== undefined && value < 0) throw new Unusable();
        return value;
      }
      case OP.LONG1:
        return this.#long1();
      case OP.LONG:
        return this.#decimalLong();
      default:
        throw new Unusable();
    }
  }

  #long1(): number | undefined {
    const length = this.#byte();
    if (length === undefined) return undefined;
    if (length > 7) throw new Unusable();
    const bytes = this.#take(length);
    if (bytes === undefined) return undefined;
    if ((bytes.at(-1) ?? 0) >= 128) throw new Unusable();
    return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
  }

  #decimalLong(): number | undefined {
    const end = this.#bytes.indexOf(0x0a, this.offset);
    if (end < 0) {
      if (this.#bytes.length - this.offset > 32) throw new Unusable();
      return undefined;
    }
    const text = this.#bytes.toString('latin1', this.offset, end);
    if (!/^\d{1,16}L?$/.test(text)) throw new Unusable();
    this.offset = end + 1;
    return Number.parseInt(text, 10);
  }

  #byte(): number | undefined {
    return this.#bytes[this.offset++];
  }

  #take(length: number): Buffer | undefined {
    if (length > MAXIMUM_PICKLE_BYTES) throw new Unusable();
    if (this.offset + length > this.#bytes.length) return undefined;
    this.offset += length;
    return this.#bytes.subarray(this.offset - length, this.offset);
  }
}
