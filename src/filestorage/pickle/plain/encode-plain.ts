import { Failure } from '../../../system/failure.ts';
import { encodeInteger } from '../integers.ts';
import { OPCODES as OP } from '../opcodes.ts';
import { isDict, isTuple, type PlainData } from './plain-data.ts';

/** Protocol 3, the one of ZODB and ZEO. */
const PROTOCOL = 3;
/** Levels of values in values: a list may hold itself. */
const MOST_LEVELS = 100;

/**
 * A pickle of protocol 3 without a memo. Failure `damaged`: values in values in values without end, or more than
 * `mostBytes`.
 */
export function encodePlain(
  value: PlainData,
  { mostBytes }: { readonly mostBytes: number },
): Buffer {
  const encoder = new PlainEncoder(mostBytes);
  encoder.write(value, 0);
  return encoder.pickle();
}

class PlainEncoder {
  readonly #mostBytes: number;
  readonly #chunks: Uint8Array[] = [Uint8Array.of(OP.PROTO, PROTOCOL)];
  #sizeBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  pickle(): Buffer {
    this.#put(END);
    return Buffer.concat(this.#chunks);
  }

  write(value: PlainData, level: number): void {
    if (level > MOST_LEVELS) throw unfit('its values hold each other without end');
    if (value === null) this.#put(NONE);
    else if (typeof value === 'boolean') this.#put(value ? TRUE : FALSE);
    else if (typeof value === 'number') this.#put(encodeInteger(value));
    else if (typeof value === 'bigint') this.#integer(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (isTuple(value)) this.#tuple(value, level + 1);
    else if (isDict(value)) this.#dict(value, level + 1);
    else if (value.kind === 'float') this.#float(value.value);
    else this.#items(value.items, { begin: LIST, end: APPENDS, level: level + 1 });
  }

  #integer(value: bigint): void {
    let length = 1;
    while (BigInt.asIntN(8 * length, value) !== value) length += 1;
    const digits = BigInt.asUintN(8 * length, value)
      .toString(16)
      .padStart(2 * length, '0');
    const bytes = Buffer.from(digits, 'hex').reverse();
    if (length < 256) this.#put(Uint8Array.of(OP.LONG1, length));
    else this.#put(withLength(OP.LONG4, length));
    this.#put(bytes);
  }

  #float(value: number): void {
    const bytes = Buffer.alloc(9);
    bytes.writeUInt8(OP.BINFLOAT, 0);
    bytes.writeDoubleBE(value, 1);
    this.#put(bytes);
  }

  #text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    this.#put(withLength(OP.BINUNICODE, bytes.length));
    this.#put(bytes);
  }

  #bytes(value: Uint8Array): void {
    if (value.length < 256) this.#put(Uint8Array.of(OP.SHORT_BINBYTES, value.length));
    else this.#put(withLength(OP.BINBYTES, value.length));
    this.#put(value);
  }

  #tuple(items: readonly PlainData[], level: number): void {
    const end = TUPLES[items.length];
    if (end === undefined) this.#items(items, { begin: MARK, end: TUPLE, level });
    else {
      for (const item of items) this.write(item, level);
      this.#put(end);
    }
  }

  #dict(dict: ReadonlyMap<PlainData, PlainData>, level: number): void {
    this.#items([...dict].flat(1) as readonly PlainData[], { begin: DICT, end: SETITEMS, level });
  }

  #items(
    items: readonly PlainData[],
    {
      begin,
      end,
      level,
    }: { readonly begin: Uint8Array; readonly end: Uint8Array; readonly level: number },
  ): void {
    this.#put(begin);
    for (const item of items) this.write(item, level);
    this.#put(end);
  }

  #put(bytes: Uint8Array): void {
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes > this.#mostBytes) throw unfit(`it has more than ${this.#mostBytes} bytes`);
    this.#chunks.push(bytes);
  }
}

const END = Uint8Array.of(OP.STOP);
const NONE = Uint8Array.of(OP.NONE);
const TRUE = Uint8Array.of(OP.NEWTRUE);
const FALSE = Uint8Array.of(OP.NEWFALSE);
const MARK = Uint8Array.of(OP.MARK);
const TUPLE = Uint8Array.of(OP.TUPLE);
/** By the number of their items. */
const TUPLES = [OP.EMPTY_TUPLE, OP.TUPLE1, OP.TUPLE2, OP.TUPLE3].map((one) => Uint8Array.of(one));
const LIST = Uint8Array.of(OP.EMPTY_LIST, OP.MARK);
const APPENDS = Uint8Array.of(OP.APPENDS);
const DICT = Uint8Array.of(OP.EMPTY_DICT, OP.MARK);
const SETITEMS = Uint8Array.of(OP.SETITEMS);

function withLength(opcode: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(opcode, 0);
  bytes.writeUInt32LE(length, 1);
  return bytes;
}

function unfit(state: string): Failure {
  return new Failure('damaged', `Cannot pickle a value: ${state}`, {
    hint: 'No message can hold it.',
  });
}
