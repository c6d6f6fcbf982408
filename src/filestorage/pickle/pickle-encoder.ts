import type { Oid } from '../oid.ts';
import { encodeInteger } from './integers.ts';
import { OPCODES as OP } from './opcodes.ts';

/** A class by its module and name. */
export interface ClassName {
  readonly module: string;
  readonly name: string;
}

/** A persistent reference, strong, with the class of what it leads to. */
export interface ObjectReference {
  readonly oid: Oid;
  readonly class: ClassName;
}

/** A Python value: None, bool, int or float, str, bytes, list, dict, or another object. */
export type PythonValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly PythonValue[]
  | ReadonlyMap<string, PythonValue>
  | ObjectReference;

const PROTOCOL = 3;
/** Items that Python's pickler hands over at a time. */
const BATCH = 1000;

/**
 * Writes pickles of protocol 3, the one ZODB uses, as Python's pickler writes them. The pickles of
 * one record come from one encoder: the memo goes on from one to the next.
 */
export class PickleEncoder {
  #chunks: Uint8Array[] = [];
  #memoSize = 0;
  readonly #places = new Map<string, number>();

  /** All pickles that were written, in one piece. */
  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** A pickle of a class. */
  class(name: ClassName): void {
    this.#put(OP.PROTO, PROTOCOL);
    this.#class(name);
    this.#put(OP.STOP);
  }

  /** A pickle of a value. */
  value(value: PythonValue): void {
    this.#put(OP.PROTO, PROTOCOL);
    this.#value(value);
    this.#put(OP.STOP);
  }

  #value(value: PythonValue): void {
    if (value === null) this.#put(OP.NONE);
    else if (typeof value === 'boolean') this.#put(value ? OP.NEWTRUE : OP.NEWFALSE);
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#text(value);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (value instanceof Map) this.#dict(value);
    else if (isReference(value)) this.#reference(value);
    else this.#list(value as readonly PythonValue[]);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value)) {
      this.#chunks.push(encodeInteger(value));
      return;
    }
    const bytes = Buffer.alloc(9);
    bytes.writeUInt8(OP.BINFLOAT, 0);
    bytes.writeDoubleBE(value, 1);
    this.#chunks.push(bytes);
  }

  #text(value: string): void {
    if (this.#recall(`text ${value}`)) return;
    const bytes = Buffer.from(value, 'utf8');
    this.#chunks.push(lengthHeader(OP.BINUNICODE, bytes.length), bytes);
    this.#remember(`text ${value}`);
  }

  #bytes(value: Uint8Array): void {
    if (value.length < 256) this.#put(OP.SHORT_BINBYTES, value.length);
    else this.#chunks.push(lengthHeader(OP.BINBYTES, value.length));
    this.#chunks.push(value);
    this.#remember(undefined);
  }

  #dict(value: ReadonlyMap<string, PythonValue>): void {
    this.#put(OP.EMPTY_DICT);
    this.#remember(undefined);
    this.#batches([...value], { one: OP.SETITEM, many: OP.SETITEMS }, ([key, item]) => {
      this.#text(key);
      this.#value(item);
    });
  }

  #list(value: readonly PythonValue[]): void {
    this.#put(OP.EMPTY_LIST);
    this.#remember(undefined);
    this.#batches(value, { one: OP.APPEND, many: OP.APPENDS }, (item) => this.#value(item));
  }

  #batches<Item>(
    items: readonly Item[],
    opcode: { readonly one: number; readonly many: number },
    write: (item: Item) => void,
  ): void {
    for (let start = 0; start < items.length; start += BATCH) {
      const batch = items.slice(start, start + BATCH);
      if (batch.length > 1) this.#put(OP.MARK);
      batch.forEach(write);
      this.#put(batch.length > 1 ? opcode.many : opcode.one);
    }
  }

  #reference({ oid, class: itsClass }: ObjectReference): void {
    if (!this.#recall(`oid ${oid}`)) {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(oid);
      this.#put(OP.SHORT_BINBYTES, bytes.length);
      this.#chunks.push(bytes);
      this.#remember(`oid ${oid}`);
    }
    this.#class(itsClass);
    this.#put(OP.TUPLE2);
    this.#remember(undefined);
    this.#put(OP.BINPERSID);
  }

  #class({ module, name }: ClassName): void {
    const key = `class ${module}\n${name}\n`;
    if (this.#recall(key)) return;
    this.#put(OP.GLOBAL);
    this.#chunks.push(Buffer.from(`${module}\n${name}\n`, 'utf8'));
    this.#remember(key);
  }

  #remember(key: string | undefined): void {
    const place = this.#memoSize++;
    if (place < 256) this.#put(OP.BINPUT, place);
    else this.#chunks.push(lengthHeader(OP.LONG_BINPUT, place));
    if (key !== undefined) this.#places.set(key, place);
  }

  #recall(key: string): boolean {
    const place = this.#places.get(key);
    if (place === undefined) return false;
    if (place < 256) this.#put(OP.BINGET, place);
    else this.#chunks.push(lengthHeader(OP.LONG_BINGET, place));
    return true;
  }

  #put(...bytes: number[]): void {
    this.#chunks.push(Uint8Array.from(bytes));
  }
}

function isReference(value: object): value is ObjectReference {
  return 'oid' in value && 'class' in value;
}

function lengthHeader(opcode: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(opcode, 0);
  bytes.writeUInt32LE(length, 1);
  return bytes;
}
