import { OPCODES as OP } from './opcodes.ts';
import { OTHERWISE, WIDTH_OF_UNKNOWN } from './pickle-machine.ts';
import { decodeRecordClass, decodeRecordPickle } from './record-pickle.ts';

/**
 * A value on the stack is a number: where in the pickle it stands, and, in its last bits, what it is.
 * What no reference and no class can be made of is {@link UNKNOWN}.
 */
const KIND_BITS = 3;
const KIND_MASK = (1 << KIND_BITS) - 1;
const UNKNOWN = 0;
/** Bytes, as many as an oid has. */
const OID_BYTES_VALUE = 1;
/** A tuple of two that begins with such bytes. */
const OID_PAIR = 2;
const GLOBAL = 3;
/** A tuple of up to three that begins with a global. */
const TUPLE_OF_GLOBAL = 4;
/** A tuple of up to three that begins with anything else. */
const OTHER_TUPLE = 5;

/** Longest pickle of which the places fit into a value. */
const MAXIMUM_BYTES = 2 ** 28;
const STACK_SIZE = 1 << 16;
const MARK_COUNT = 1 << 12;
/** Largest memo that is kept as a table: 16 MB. */
const MAXIMUM_MEMO = 1 << 22;
const ABSENT = -1;
const OID_BYTES = 8;
const KEPT_ITEMS = 3;
const LINE_END = 0x0a;
/** Returned in place of an offset: this pickle is one for the other machine. */
const DOUBT = -1;

const BLOB_CLASS = Buffer.from('ZODB.blob\nBlob\n', 'latin1');
const BLOB_CLASS_NAME = 'ZODB.blob.Blob';
const CODECS = Buffer.from('_codecs\n', 'latin1');

/**
 * Finds the strong references of records, one record after the other, and whether they are blobs: the
 * same as `decodeRecordPickle`, without an object for each value. For those who read millions.
 *
 * It follows what ZODB's picklers write. Whatever is out of the ordinary, damage above all, is left to
 * `decodeRecordPickle`, so that there is one judge of what a pickle is.
 */
export class ReferenceFinder {
  readonly #stack = new Int32Array(STACK_SIZE);
  readonly #marks = new Int32Array(MARK_COUNT);
  #memo = new Int32Array(1024).fill(ABSENT);
  /** Places from here on are absent. */
  #memoEnd = 0;
  #memoCount = 0;
  /** What the last pickle left on the stack. */
  #result = UNKNOWN;
  #high = new Float64Array(256);
  #low = new Uint16Array(256);
  #count = 0;
  #isBlob = false;

  /** Number of strong references in the last record; an object may be there several times. */
  get count(): number {
    return this.#count;
  }

  /** Whether the last record's class is `ZODB.blob Blob`. */
  get isBlob(): boolean {
    return this.#isBlob;
  }

  /** First 6 bytes of the oid that a reference leads to. */
  oidHigh(number: number): number {
    return this.#high[number] ?? 0;
  }

  /** The last 2. */
  oidLow(number: number): number {
    return this.#low[number] ?? 0;
  }

  /**
   * Follows the two pickles of a record, or only the first one, its class. Failure `damaged`, as of
   * `decodeRecordPickle`.
   */
  follow(data: Uint8Array, depth: 'class' | 'references'): void {
    if (this.#followQuickly(data, depth)) return;
    this.#count = 0;
    switch (depth) {
      case 'class':
        this.#isBlob = decodeRecordClass(data) === BLOB_CLASS_NAME;
        return;
      case 'references': {
        const { className, references } = decodeRecordPickle(data);
        this.#isBlob = className === BLOB_CLASS_NAME;
        for (const { kind, oid } of references) {
          if (kind === 'strong') this.#add(Number(oid >> 16n), Number(oid & 0xffffn));
        }
        return;
      }
      default:
        depth satisfies never;
    }
  }

  #followQuickly(data: Uint8Array, depth: 'class' | 'references'): boolean {
    if (data.length >= MAXIMUM_BYTES) return false;
    this.#count = 0;
    this.#memo.fill(ABSENT, 0, this.#memoEnd);
    this.#memoEnd = 0;
    this.#memoCount = 0;
    const state = this.#pickle(data, 0);
    if (state === DOUBT) return false;
    const kind = this.#result & KIND_MASK;
    if (kind === OTHER_TUPLE || kind === OID_PAIR) return false;
    const isNamed = kind === GLOBAL || kind === TUPLE_OF_GLOBAL;
    this.#isBlob = isNamed && standsAt(data, this.#result >> KIND_BITS, BLOB_CLASS);
    return depth === 'class' || this.#pickle(data, state) !== DOUBT;
  }

  /** Follows one pickle; returns where it ends. All numbers are local: this is what takes the time. */
  #pickle(bytes: Uint8Array, start: number): number {
    const stack = this.#stack;
    const marks = this.#marks;
    const end = bytes.length;
    let offset = start;
    let size = 0;
    let markCount = 0;
    /** What lies below belongs to somebody else until the mark is gone. */
    let floor = 0;
    while (offset < end) {
      if (size === STACK_SIZE) return DOUBT;
      const opcode = bytes[offset++] ?? 0;
      const width = WIDTH_OF_UNKNOWN[opcode] ?? OTHERWISE;
      if (width !== OTHERWISE) {
        offset += width;
        stack[size++] = UNKNOWN;
        continue;
      }
      switch (opcode) {
        case OP.STOP:
          if (size !== 1 || floor > 0) return DOUBT;
          this.#result = stack[0] ?? UNKNOWN;
          return offset;
        case OP.PROTO:
          if ((bytes[offset++] ?? OTHERWISE) > 5) return DOUBT;
          break;

        case OP.SHORT_BINSTRING:
        case OP.SHORT_BINBYTES: {
          const length = bytes[offset++] ?? 0;
          stack[size++] = length === OID_BYTES ? (offset << KIND_BITS) | OID_BYTES_VALUE : UNKNOWN;
          offset += length;
          break;
        }
        case OP.BINSTRING:
        case OP.BINBYTES: {
          const length = readUint32(bytes, offset);
          offset += 4;
          stack[size++] = length === OID_BYTES ? (offset << KIND_BITS) | OID_BYTES_VALUE : UNKNOWN;
          offset += length;
          break;
        }
        case OP.BINUNICODE:
          offset += 4 + readUint32(bytes, offset);
          stack[size++] = UNKNOWN;
          break;
        case OP.SHORT_BINUNICODE:
        case OP.LONG1:
          offset += 1 + (bytes[offset] ?? 0);
          stack[size++] = UNKNOWN;
          break;
        case OP.INT:
        case OP.LONG:
        case OP.FLOAT:
          offset = lineEnd(bytes, offset) + 1;
          if (offset === 0) return DOUBT;
          stack[size++] = UNKNOWN;
          break;
        case OP.GLOBAL: {
          const name = lineEnd(bytes, offset) + 1;
          if (name === 0) return DOUBT;
          stack[size++] = (offset << KIND_BITS) | GLOBAL;
          offset = lineEnd(bytes, name) + 1;
          if (offset === 0) return DOUBT;
          break;
        }

        case OP.MARK:
          if (markCount === MARK_COUNT) return DOUBT;
          marks[markCount++] = size;
          floor = size;
          break;
        case OP.POP:
          if (size > floor) {
            size -= 1;
            break;
          }
          if (markCount === 0) return DOUBT;
          markCount -= 1;
          floor = markCount === 0 ? 0 : (marks[markCount - 1] ?? 0);
          break;
        case OP.DUP:
          if (size <= floor) return DOUBT;
          stack[size] = stack[size - 1] ?? UNKNOWN;
          size += 1;
          break;

        case OP.TUPLE1:
        case OP.TUPLE2:
        case OP.TUPLE3: {
          const count = opcode - OP.TUPLE1 + 1;
          size -= count;
          if (size < floor) return DOUBT;
          stack[size] = tupleOf(stack[size] ?? UNKNOWN, count);
          size += 1;
          break;
        }

        // All that take what is above the mark away.
        case OP.POP_MARK:
        case OP.TUPLE:
        case OP.LIST:
        case OP.DICT:
        case OP.FROZENSET:
        case OP.OBJ:
        case OP.APPENDS:
        case OP.SETITEMS:
        case OP.ADDITEMS: {
          if (markCount === 0) return DOUBT;
          const count = size - floor;
          size = floor;
          markCount -= 1;
          floor = markCount === 0 ? 0 : (marks[markCount - 1] ?? 0);
          if (opcode === OP.APPENDS || opcode === OP.SETITEMS || opcode === OP.ADDITEMS) {
            if (size <= floor) return DOUBT;
          } else if (opcode === OP.TUPLE) {
            stack[size] = count === 0 ? OTHER_TUPLE : tupleOf(stack[size] ?? UNKNOWN, count);
            size += 1;
          } else if (opcode !== OP.POP_MARK) {
            stack[size++] = UNKNOWN;
          }
          break;
        }
        case OP.EMPTY_LIST:
          stack[size++] = UNKNOWN;
          break;
        case OP.APPEND:
        case OP.BUILD:
          size -= 1;
          if (size <= floor) return DOUBT;
          break;
        case OP.SETITEM:
          size -= 2;
          if (size <= floor) return DOUBT;
          break;
        case OP.NEWOBJ:
          size -= 2;
          if (size < floor) return DOUBT;
          stack[size++] = UNKNOWN;
          break;
        case OP.REDUCE: {
          size -= 2;
          if (size < floor) return DOUBT;
          const callable = stack[size] ?? UNKNOWN;
          // Bytes in protocols 0 to 2: the one call of which the result matters.
          const isGlobal = (callable & KIND_MASK) === GLOBAL;
          if (isGlobal && standsAt(bytes, callable >> KIND_BITS, CODECS)) return DOUBT;
          stack[size++] = UNKNOWN;
          break;
        }

        case OP.BINPUT:
          if (size <= floor) return DOUBT;
          if (!this.#remember(bytes[offset++] ?? 0, stack[size - 1] ?? UNKNOWN)) return DOUBT;
          break;
        case OP.LONG_BINPUT:
          if (size <= floor) return DOUBT;
          if (!this.#remember(readUint32(bytes, offset), stack[size - 1] ?? UNKNOWN)) return DOUBT;
          offset += 4;
          break;
        case OP.MEMOIZE:
          if (size <= floor) return DOUBT;
          if (!this.#remember(this.#memoCount, stack[size - 1] ?? UNKNOWN)) return DOUBT;
          break;
        case OP.BINGET:
        case OP.LONG_BINGET: {
          const place = opcode === OP.BINGET ? (bytes[offset] ?? 0) : readUint32(bytes, offset);
          const value = place < this.#memoEnd ? (this.#memo[place] ?? ABSENT) : ABSENT;
          if (value === ABSENT) return DOUBT;
          offset += opcode === OP.BINGET ? 1 : 4;
          stack[size++] = value;
          break;
        }

        case OP.BINPERSID: {
          if (size <= floor) return DOUBT;
          const id = stack[size - 1] ?? UNKNOWN;
          const kind = id & KIND_MASK;
          if (kind !== OID_BYTES_VALUE && kind !== OID_PAIR) return DOUBT;
          const at = id >> KIND_BITS;
          const first = (bytes[at] ?? 0) * 2 ** 40 + (bytes[at + 1] ?? 0) * 2 ** 32;
          this.#add(
            first + readUint32BigEndian(bytes, at + 2),
            (bytes[at + 6] ?? 0) * 256 + (bytes[at + 7] ?? 0),
          );
          stack[size - 1] = UNKNOWN;
          break;
        }

        default:
          return DOUBT;
      }
    }
    return DOUBT;
  }

  #remember(place: number, value: number): boolean {
    if (place >= this.#memo.length) {
      if (place >= MAXIMUM_MEMO) return false;
      const longer = new Int32Array(Math.max(place + 1, this.#memo.length * 2)).fill(ABSENT);
      longer.set(this.#memo);
      this.#memo = longer;
    }
    if (this.#memo[place] === ABSENT) this.#memoCount += 1;
    this.#memo[place] = value;
    if (place >= this.#memoEnd) this.#memoEnd = place + 1;
    return true;
  }

  #add(high: number, low: number): void {
    if (this.#count === this.#low.length) {
      const longer = new Float64Array(this.#count * 2);
      longer.set(this.#high);
      this.#high = longer;
      const longerLow = new Uint16Array(this.#count * 2);
      longerLow.set(this.#low);
      this.#low = longerLow;
    }
    this.#high[this.#count] = high;
    this.#low[this.#count] = low;
    this.#count += 1;
  }
}

function tupleOf(first: number, count: number): number {
  if (count > KEPT_ITEMS) return UNKNOWN;
  const kind = first & KIND_MASK;
  if (kind === GLOBAL) return (first & ~KIND_MASK) | TUPLE_OF_GLOBAL;
  if (kind === OID_BYTES_VALUE && count === 2) return (first & ~KIND_MASK) | OID_PAIR;
  return OTHER_TUPLE;
}

/** Offset of the next line end, or -1. Lines are short: a call of indexOf costs more. */
function lineEnd(bytes: Uint8Array, start: number): number {
  for (let offset = start; offset < bytes.length; offset++) {
    if (bytes[offset] === LINE_END) return offset;
  }
  return -1;
}

function standsAt(bytes: Uint8Array, offset: number, expected: Uint8Array): boolean {
  for (let place = 0; place < expected.length; place++) {
    if (bytes[offset + place] !== expected[place]) return false;
  }
  return true;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] ?? 0) +
    (bytes[offset + 1] ?? 0) * 2 ** 8 +
    (bytes[offset + 2] ?? 0) * 2 ** 16 +
    (bytes[offset + 3] ?? 0) * 2 ** 24
  );
}

function readUint32BigEndian(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] ?? 0) * 2 ** 24 +
    (bytes[offset + 1] ?? 0) * 2 ** 16 +
    (bytes[offset + 2] ?? 0) * 2 ** 8 +
    (bytes[offset + 3] ?? 0)
  );
}
