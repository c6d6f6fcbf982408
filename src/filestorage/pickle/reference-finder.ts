import { isUtf8 } from 'node:buffer';
import { OPCODES as OP } from './opcodes.ts';
import { KIND_OF_PLAIN, OTHERWISE, WIDTH_OF_PLAIN } from './plain-opcodes.ts';
import { decodeRecordClass, decodeRecordPickle } from './record-pickle.ts';
import type { Reference } from './reference.ts';
import { type StateShape, shapeOfClass } from './state-shape.ts';
import { TAKES_ITEMS, TAKES_MORE, TAKES_STATE, UNHASHABLE, VALUE } from './value-kind.ts';

/**
 * A value on the stack is a number: in its last bits the number of the bit that its kind is in {@link VALUE},
 * and above them where it stands in the pickle, or for a tuple its row in the table of tuples, or for a
 * reference where its class stands, 0 if nobody says.
 */
const KIND_BITS = 5;
const KIND_MASK = (1 << KIND_BITS) - 1;

const NONE = numberOf(VALUE.NONE);
const OBJECT = numberOf(VALUE.OBJECT);
const UINT31 = numberOf(VALUE.UINT31);
const NEGATIVE_INT32 = numberOf(VALUE.NEGATIVE_INT32);
const TEXT = numberOf(VALUE.TEXT);
const BYTES = numberOf(VALUE.BYTES);
const OID = numberOf(VALUE.BYTES_OF_8);
const GLOBAL = numberOf(VALUE.GLOBAL);
const TUPLE = numberOf(VALUE.TUPLE);
const LIST = numberOf(VALUE.LIST);
const DICT = numberOf(VALUE.DICT);
const REFERENCE = numberOf(VALUE.REFERENCE);

/** What a dict takes for a key without a closer look. */
const SURE_KEYS = ~(UNHASHABLE | VALUE.TUPLE);

/** Longest pickle of which the places fit into a value. */
const MAXIMUM_BYTES = 2 ** (31 - KIND_BITS);
const STACK_SIZE = 1 << 16;
const MARK_COUNT = 1 << 12;
/** Largest memo that is kept as a table: 16 MB. */
const MAXIMUM_MEMO = 1 << 22;
const ABSENT = -1;
const OID_BYTES = 8;
/** A text of up to so many bytes is looked at here: a call costs more. */
const SHORT_TEXT = 48;
/** Numbers of a tuple's row: its first two items, how many it has, their kinds, the class of its children. */
const ROW = 6;
const [FIRST, SECOND, COUNT, EVEN, ODD, CLASS] = [0, 1, 2, 3, 4, 5];
const MAXIMUM_TUPLES = 1 << 22;
/** The children have several classes. */
const SEVERAL = -1;
const LINE_END = 0x0a;
/** Returned in place of an offset: this pickle is one for the other machine. */
const DOUBT = -1;

const BLOB_CLASS = Buffer.from('ZODB.blob\nBlob\n', 'latin1');
const BTREES = Buffer.from('BTrees.', 'latin1');
const PERSISTENT = Buffer.from('persistent.', 'latin1');
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
  #tuples = new Int32Array(256 * ROW);
  #tupleCount = 0;
  /** What the last pickle left on the stack. */
  #result = OBJECT;
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

  /** Begins a record that another reader follows, see {@link RecordDecoder}. */
  begin(): void {
    this.#count = 0;
    this.#isBlob = false;
  }

  /** Takes over a reference of that record. */
  addFound(reference: Reference): void {
    if (reference.kind !== 'strong') return;
    this.#add(Number(reference.oid >> 16n), Number(reference.oid & 0xffffn));
  }

  /** Takes over its class. */
  setClass(className: string | undefined): void {
    this.#isBlob = className === BLOB_CLASS_NAME;
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
    this.begin();
    switch (depth) {
      case 'class':
        this.setClass(decodeRecordClass(data));
        return;
      case 'references': {
        const { className, references } = decodeRecordPickle(data);
        this.setClass(className);
        for (const reference of references) this.addFound(reference);
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
    this.#tupleCount = 0;
    const state = this.#pickle(data, 0);
    if (state === DOUBT) return false;
    let named = this.#result;
    if ((named & KIND_MASK) === TUPLE) named = this.#ofTuple(named, FIRST);
    if ((named & KIND_MASK) === TUPLE) return false;
    const isNamed = (named & KIND_MASK) === GLOBAL;
    const at = named >> KIND_BITS;
    this.#isBlob = isNamed && standsAt(data, at, BLOB_CLASS);
    if (depth === 'class') return true;
    if (this.#pickle(data, state) === DOUBT) return false;
    return !isNamed || this.#isSureState(data, at);
  }

  #ofTuple(tuple: number, column: number): number {
    return this.#tuples[(tuple >> KIND_BITS) * ROW + column] ?? OBJECT;
  }

  /** Whether the class that stands there takes the state that was followed; where it isn't sure, false. */
  #isSureState(data: Uint8Array, at: number): boolean {
    // Most classes are others.
    if (!standsAt(data, at, BTREES) && !standsAt(data, at, PERSISTENT)) return true;
    const end = lineEnd(data, lineEnd(data, at) + 1);
    const name = Buffer.from(data.buffer, data.byteOffset + at, end - at).toString('latin1');
    const shape = shapeOfClass(name.replace('\n', '.'));
    return shape === undefined || this.#isSure(shape, { data, state: this.#result });
  }

  #isSure(
    shape: StateShape,
    { data, state }: { readonly data: Uint8Array; readonly state: number },
  ): boolean {
    const kind = state & KIND_MASK;
    switch (shape.kind) {
      case 'attributes':
        return kind === DICT || kind === NONE;
      case 'bucket': {
        if (kind !== TUPLE) return false;
        const count = this.#ofTuple(state, COUNT);
        const items = this.#ofTuple(state, FIRST);
        if ((count !== 1 && count !== 2) || (items & KIND_MASK) !== TUPLE) return false;
        const isOdd = (this.#ofTuple(items, COUNT) & 1) === 1;
        if (isOdd && shape.step === 2) return false;
        const wrong =
          (this.#ofTuple(items, EVEN) & ~shape.keys) | (this.#ofTuple(items, ODD) & ~shape.values);
        return wrong === 0;
      }
      case 'tree': {
        if (kind === NONE) return true;
        if (kind !== TUPLE) return false;
        const children = this.#ofTuple(state, FIRST);
        if ((children & KIND_MASK) !== TUPLE) return false;
        const count = this.#ofTuple(children, COUNT);
        if (this.#ofTuple(state, COUNT) === 1) {
          const bucket = this.#ofTuple(children, FIRST);
          return count === 1 && this.#isSure(shape.bucket, { data, state: bucket });
        }
        const first = this.#ofTuple(state, SECOND);
        if (this.#ofTuple(state, COUNT) !== 2 || (first & KIND_MASK) !== REFERENCE) return false;
        const isSure =
          (count & 1) === 1 &&
          this.#ofTuple(children, EVEN) === VALUE.REFERENCE &&
          (this.#ofTuple(children, ODD) & ~shape.bucket.keys) === 0;
        if (!isSure) return false;
        const itsClass = this.#ofTuple(children, CLASS);
        return (
          isNamedAt(data, first >> KIND_BITS, shape.bucketName) &&
          (isNamedAt(data, itsClass, shape.bucketName) ||
            isNamedAt(data, itsClass, shape.className))
        );
      }
      default:
        return shape satisfies never;
    }
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
      const width = WIDTH_OF_PLAIN[opcode] ?? OTHERWISE;
      if (width !== OTHERWISE) {
        offset += width;
        stack[size++] = NUMBER_OF_PLAIN[opcode] ?? OBJECT;
        continue;
      }
      switch (opcode) {
        case OP.STOP:
          if (size !== 1 || floor > 0) return DOUBT;
          this.#result = stack[0] ?? OBJECT;
          return offset;
        case OP.PROTO:
          if ((bytes[offset++] ?? OTHERWISE) > 5) return DOUBT;
          break;

        case OP.SHORT_BINSTRING:
        case OP.SHORT_BINBYTES: {
          const length = bytes[offset++] ?? 0;
          if (length === OID_BYTES) stack[size++] = (offset << KIND_BITS) | OID;
          else stack[size++] = opcode === OP.SHORT_BINSTRING ? OBJECT : BYTES;
          offset += length;
          break;
        }
        case OP.BINSTRING:
        case OP.BINBYTES: {
          const length = readUint32(bytes, offset);
          offset += 4;
          if (length === OID_BYTES) stack[size++] = (offset << KIND_BITS) | OID;
          else stack[size++] = opcode === OP.BINSTRING ? OBJECT : BYTES;
          offset += length;
          break;
        }
        case OP.BINUNICODE: {
          const textStart = offset + 4;
          offset = textStart + readUint32(bytes, offset);
          if (offset > end || !isSureText(bytes, textStart, offset)) return DOUBT;
          stack[size++] = TEXT;
          break;
        }
        case OP.BININT:
          stack[size++] = (bytes[offset + 3] ?? 0) < 0x80 ? UINT31 : NEGATIVE_INT32;
          offset += 4;
          break;
        case OP.LONG1: {
          const length = bytes[offset] ?? 0;
          stack[size++] = kindOfLong(bytes, offset + 1, length);
          offset += 1 + length;
          break;
        }
        case OP.GLOBAL: {
          const name = lineEnd(bytes, offset) + 1;
          if (name === 0) return DOUBT;
          const globalStart = offset;
          stack[size++] = (offset << KIND_BITS) | GLOBAL;
          offset = lineEnd(bytes, name) + 1;
          if (offset === 0 || !isSureText(bytes, globalStart, offset)) return DOUBT;
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
          stack[size] = stack[size - 1] ?? OBJECT;
          size += 1;
          break;

        case OP.EMPTY_TUPLE:
        case OP.TUPLE1:
        case OP.TUPLE2:
        case OP.TUPLE3: {
          const count = opcode === OP.EMPTY_TUPLE ? 0 : opcode - OP.TUPLE1 + 1;
          size -= count;
          if (size < floor) return DOUBT;
          const tuple = this.#addTuple(size, size + count);
          if (tuple === DOUBT) return DOUBT;
          stack[size++] = tuple;
          break;
        }

        // All that take what is above the mark away.
        case OP.POP_MARK:
        case OP.TUPLE:
        case OP.LIST:
        case OP.APPENDS:
        case OP.SETITEMS: {
          if (markCount === 0) return DOUBT;
          const top = size;
          size = floor;
          markCount -= 1;
          floor = markCount === 0 ? 0 : (marks[markCount - 1] ?? 0);
          switch (opcode) {
            case OP.TUPLE: {
              const tuple = this.#addTuple(size, top);
              if (tuple === DOUBT) return DOUBT;
              stack[size++] = tuple;
              break;
            }
            case OP.LIST:
              stack[size++] = LIST;
              break;
            case OP.APPENDS:
              if (size <= floor) return DOUBT;
              if ((kindOf(stack[size - 1]) & TAKES_MORE) === 0) return DOUBT;
              break;
            case OP.SETITEMS: {
              if (size <= floor || ((top - size) & 1) === 1) return DOUBT;
              let kinds = 0;
              for (let place = size; place < top; place += 2) kinds |= kindOf(stack[place]);
              if ((kinds & ~SURE_KEYS) !== 0) return DOUBT;
              if ((kindOf(stack[size - 1]) & TAKES_ITEMS) === 0) return DOUBT;
              break;
            }
          }
          break;
        }
        case OP.EMPTY_LIST:
          stack[size++] = LIST;
          break;
        case OP.APPEND:
          size -= 1;
          if (size <= floor || (kindOf(stack[size - 1]) & TAKES_MORE) === 0) return DOUBT;
          break;
        case OP.BUILD:
          size -= 1;
          if (size <= floor || (kindOf(stack[size - 1]) & TAKES_STATE) === 0) return DOUBT;
          break;
        case OP.SETITEM:
          size -= 2;
          if (size <= floor || (kindOf(stack[size]) & ~SURE_KEYS) !== 0) return DOUBT;
          if ((kindOf(stack[size - 1]) & TAKES_ITEMS) === 0) return DOUBT;
          break;
        case OP.NEWOBJ:
        case OP.REDUCE: {
          size -= 2;
          if (size < floor || ((stack[size + 1] ?? OBJECT) & KIND_MASK) !== TUPLE) return DOUBT;
          const callable = stack[size] ?? OBJECT;
          if ((callable & KIND_MASK) !== GLOBAL) return DOUBT;
          // Bytes in protocols 0 to 2: the one call of which the result matters.
          if (opcode === OP.REDUCE && standsAt(bytes, callable >> KIND_BITS, CODECS)) return DOUBT;
          stack[size++] = OBJECT;
          break;
        }

        case OP.BINPUT:
          if (size <= floor) return DOUBT;
          if (!this.#remember(bytes[offset++] ?? 0, stack[size - 1] ?? OBJECT)) return DOUBT;
          break;
        case OP.LONG_BINPUT:
          if (size <= floor) return DOUBT;
          if (!this.#remember(readUint32(bytes, offset), stack[size - 1] ?? OBJECT)) return DOUBT;
          offset += 4;
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
          let id = stack[size - 1] ?? OBJECT;
          let itsClass = 0;
          if ((id & KIND_MASK) === TUPLE && this.#ofTuple(id, COUNT) === 2) {
            const second = this.#ofTuple(id, SECOND);
            if ((second & KIND_MASK) !== GLOBAL) return DOUBT;
            itsClass = second >> KIND_BITS;
            id = this.#ofTuple(id, FIRST);
          }
          if ((id & KIND_MASK) !== OID) return DOUBT;
          const at = id >> KIND_BITS;
          const first = (bytes[at] ?? 0) * 2 ** 40 + (bytes[at + 1] ?? 0) * 2 ** 32;
          this.#add(
            first + readUint32BigEndian(bytes, at + 2),
            (bytes[at + 6] ?? 0) * 256 + (bytes[at + 7] ?? 0),
          );
          stack[size - 1] = (itsClass << KIND_BITS) | REFERENCE;
          break;
        }

        default:
          return DOUBT;
      }
    }
    return DOUBT;
  }

  /** The tuple of what is on the stack between two places. */
  #addTuple(start: number, end: number): number {
    const number = this.#tupleCount;
    const row = number * ROW;
    if (row === this.#tuples.length) {
      if (number === MAXIMUM_TUPLES) return DOUBT;
      const longer = new Int32Array(2 * row);
      longer.set(this.#tuples);
      this.#tuples = longer;
    }
    this.#tupleCount += 1;
    const stack = this.#stack;
    const tuples = this.#tuples;
    let even = 0;
    let odd = 0;
    let itsClass = 0;
    for (let place = start; place < end; place += 2) {
      const value = stack[place] ?? OBJECT;
      even |= 1 << (value & KIND_MASK);
      if ((value & KIND_MASK) !== REFERENCE) continue;
      const other = value >> KIND_BITS;
      if (place === start) itsClass = other;
      else if (other !== itsClass) itsClass = SEVERAL;
    }
    for (let place = start + 1; place < end; place += 2) odd |= kindOf(stack[place]);
    tuples[row + FIRST] = start < end ? (stack[start] ?? OBJECT) : OBJECT;
    tuples[row + SECOND] = start + 1 < end ? (stack[start + 1] ?? OBJECT) : OBJECT;
    tuples[row + COUNT] = end - start;
    tuples[row + EVEN] = even;
    tuples[row + ODD] = odd;
    tuples[row + CLASS] = itsClass;
    return (number << KIND_BITS) | TUPLE;
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

/** The number of the bit that a kind is. */
function numberOf(kind: number): number {
  return 31 - Math.clz32(kind);
}

const NUMBER_OF_PLAIN = KIND_OF_PLAIN.map(numberOf);

/** The kind of a value on the stack, as one of {@link VALUE}. */
function kindOf(value: number | undefined): number {
  return 1 << ((value ?? OBJECT) & KIND_MASK);
}

/** The number of the kind of an integer of so many bytes, the least first. */
function kindOfLong(bytes: Uint8Array, start: number, length: number): number {
  if (length > 8) return numberOf(VALUE.LARGE_INTEGER);
  if (length === 0) return UINT31;
  const last = bytes[start + length - 1] ?? 0;
  let high = 0;
  for (let place = 4; place < length; place++) high |= bytes[start + place] ?? 0;
  // What is written longer than it must be is none of a pickler's, and for the other machine.
  const isLong = length > 5 || (length === 5 && last !== 0) || high !== 0;
  const isNegative = last >= 0x80;
  if (!isLong) {
    if (length < 4) return isNegative ? NEGATIVE_INT32 : UINT31;
    const top = bytes[start + 3] ?? 0;
    if (length === 5) return top >= 0x80 ? numberOf(VALUE.UINT32) : UINT31;
    return isNegative ? NEGATIVE_INT32 : UINT31;
  }
  return numberOf(isNegative ? VALUE.NEGATIVE_INT64 : VALUE.UINT63);
}

/** Whether it is text; false for what only a closer look can tell. */
function isSureText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= SHORT_TEXT) {
    let all = 0;
    for (let offset = start; offset < end; offset++) all |= bytes[offset] ?? 0;
    if (all < 0x80) return true;
  }
  return isUtf8(bytes.subarray(start, end));
}

/** Whether a class of this name stands there: `module.name`, where the pickle has two lines. */
function isNamedAt(bytes: Uint8Array, offset: number, name: string): boolean {
  if (offset <= 0) return false;
  const split = name.lastIndexOf('.');
  for (let place = 0; place < name.length; place++) {
    const expected = place === split ? LINE_END : name.charCodeAt(place);
    if (bytes[offset + place] !== expected) return false;
  }
  return bytes[offset + name.length] === LINE_END;
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
