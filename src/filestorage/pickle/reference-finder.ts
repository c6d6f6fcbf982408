import { BLOB_CLASS_NAME } from '../format.ts';
import { OPCODES as OP } from './opcodes.ts';
import { KIND_OF_PLAIN, OTHERWISE, WIDTH_OF_PLAIN } from './plain-opcodes.ts';
import { decodeRecordClass, decodeRecordPickle } from './record-pickle.ts';
import type { Reference } from './reference.ts';
import {
  BYTES,
  DOUBT,
  GLOBAL,
  KIND_BITS,
  KIND_MASK,
  kindOf,
  kindOfLong,
  LIST,
  MAXIMUM_BYTES,
  NEGATIVE_INT32,
  numberOf,
  OBJECT,
  OID,
  REFERENCE,
  TEXT,
  TUPLE,
  UINT31,
} from './stack-number.ts';
import { isSureState } from './sure-state.ts';
import { isSureText, lineEnd, standsAt } from './text.ts';
import { TupleTable } from './tuple-table.ts';
import { TAKES_ITEMS, TAKES_MORE, TAKES_STATE, UNHASHABLE, VALUE } from './value-kind.ts';

/** What a dict takes for a key without a closer look. */
const SURE_KEYS = ~(UNHASHABLE | VALUE.TUPLE);

const STACK_SIZE = 1 << 16;
const MARK_COUNT = 1 << 12;
/** Largest memo that is kept as a table: 16 MB. */
const MAXIMUM_MEMO = 1 << 22;
const ABSENT = -1;
const OID_BYTES = 8;

const BLOB_CLASS = Buffer.from('ZODB.blob\nBlob\n', 'latin1');
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
  readonly #tuples = new TupleTable();
  #memo = new Int32Array(1024).fill(ABSENT);
  /** Places from here on are absent. */
  #memoEnd = 0;
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
    this.#tuples.clear();
    const state = this.#pickle(data, 0);
    if (state === DOUBT) return false;
    let named = this.#result;
    if ((named & KIND_MASK) === TUPLE) named = this.#tuples.first(named);
    if ((named & KIND_MASK) === TUPLE) return false;
    const isNamed = (named & KIND_MASK) === GLOBAL;
    const at = named >> KIND_BITS;
    this.#isBlob = isNamed && standsAt(data, at, BLOB_CLASS);
    if (depth === 'class') return true;
    if (this.#pickle(data, state) === DOUBT) return false;
    return !isNamed || isSureState(data, at, { state: this.#result, tuples: this.#tuples });
  }

  /** Follows one pickle; returns where it ends. All numbers are local: this is what takes the time. */
  #pickle(bytes: Uint8Array, start: number): number {
    const stack = this.#stack;
    const marks = this.#marks;
    const tuples = this.#tuples;
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
          const tuple = tuples.add(stack, size, size + count);
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
              const tuple = tuples.add(stack, size, top);
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
          if ((id & KIND_MASK) === TUPLE && tuples.size(id) === 2) {
            const second = tuples.second(id);
            if ((second & KIND_MASK) !== GLOBAL) return DOUBT;
            itsClass = second >> KIND_BITS;
            id = tuples.first(id);
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

  #remember(place: number, value: number): boolean {
    if (place >= this.#memo.length) {
      if (place >= MAXIMUM_MEMO) return false;
      const longer = new Int32Array(Math.max(place + 1, this.#memo.length * 2)).fill(ABSENT);
      longer.set(this.#memo);
      this.#memo = longer;
    }
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

const NUMBER_OF_PLAIN = KIND_OF_PLAIN.map(numberOf);

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
