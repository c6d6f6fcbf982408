import { Failure } from '../../system/failure.ts';
import { NEWEST_PROTOCOL, OPCODES as OP } from './opcodes.ts';
import {
  globalName,
  isString,
  type PickleValue,
  type StringValue,
  textOf,
  UNKNOWN,
} from './pickle-value.ts';

/** Items of a tuple or list that are kept: no persistent id has more. */
const KEPT_ITEMS = 3;

/** Values in a tuple, with those in its tuples: the class of a reference and its oid have fewer. */
const MAXIMUM_WEIGHT = 16;
/**
 * Most values that are kept at once, and places in the memo: 100 MB. No object has so many on its stack,
 * and one with a larger memo is one that the quick finder has followed.
 */
const MAXIMUM_KEPT = 1 << 20;

/** Stands for opcodes that do anything else. */
export const OTHERWISE = 0xff;

/** Opcodes that push a value of which nothing is kept: the width of what follows them. */
export const WIDTH_OF_UNKNOWN = new Uint8Array(256).fill(OTHERWISE);
for (const [width, opcodes] of [
  [0, [OP.NONE, OP.NEWTRUE, OP.NEWFALSE, OP.EMPTY_DICT, OP.EMPTY_SET, OP.EMPTY_TUPLE]],
  [0, [OP.NEXT_BUFFER]],
  [1, [OP.BININT1, OP.EXT1]],
  [2, [OP.BININT2, OP.EXT2]],
  [4, [OP.BININT, OP.EXT4]],
  [8, [OP.BINFLOAT]],
] as const) {
  for (const opcode of opcodes) WIDTH_OF_UNKNOWN[opcode] = width;
}

/** `\n`, which ends the arguments of the opcodes of protocol 0. */
const LINE_END = 0x0a;

/**
 * Follows a pickle's opcodes, protocols 0 to 5, without building what they describe: no class is
 * looked up, nothing is called. It keeps what a reference can be made of, see {@link PickleValue}.
 *
 * One machine reads the pickles of one record one after the other: as for Python's Unpickler, the
 * memo goes on from one to the next.
 */
export class PickleMachine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #persistentId: (id: PickleValue) => void;
  readonly #memo = new Map<number, PickleValue>();
  #stack: PickleValue[] = [];
  #marks: number[] = [];
  #offset = 0;
  /** Of what is on the stack, of what the memo has got, and of what lists have got. */
  #stackWeight = 0;
  #keptWeight = 0;

  /** @param persistentId - is shown each persistent id, in the order in which they stand there */
  constructor(bytes: Uint8Array, persistentId: (id: PickleValue) => void) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#persistentId = persistentId;
  }

  /** Bytes that have been followed. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Follows one pickle to its STOP and gives what is on the stack then. Failure `damaged`: an
   * opcode that doesn't exist, an argument that passes the end, a stack that is empty or too full.
   */
  next(): PickleValue {
    this.#stack = [];
    this.#stackWeight = 0;
    this.#marks = [];
    for (;;) {
      const at = this.#offset;
      const opcode = this.#uint8();
      if (opcode === OP.STOP) {
        const result = this.#pop();
        if (this.#stack.length > 0) throw fault(at, 'it ends with more than one value');
        return result;
      }
      this.#follow(opcode, at);
    }
  }

  #follow(opcode: number, at: number): void {
    const width = WIDTH_OF_UNKNOWN[opcode] ?? OTHERWISE;
    if (width !== OTHERWISE) {
      this.#pushUnknown(width, at);
      return;
    }
    switch (opcode) {
      case OP.PROTO: {
        const protocol = this.#uint8();
        if (protocol > NEWEST_PROTOCOL) throw fault(at, `its protocol is ${protocol}`);
        return;
      }
      case OP.FRAME:
        this.#checkLeft(this.#length8(), at);
        return;

      case OP.LONG1:
        this.#pushUnknown(this.#uint8(), at);
        return;
      case OP.LONG4:
        this.#pushUnknown(this.#int4(at), at);
        return;
      case OP.BYTEARRAY8:
        this.#pushUnknown(this.#length8(), at);
        return;
      case OP.INT:
      case OP.LONG:
      case OP.FLOAT:
        this.#line('text', at);
        this.#push(UNKNOWN);
        return;

      case OP.SHORT_BINSTRING:
      case OP.SHORT_BINBYTES:
        this.#push(this.#string('bytes', this.#uint8(), at));
        return;
      case OP.BINSTRING:
        this.#push(this.#string('bytes', this.#int4(at), at));
        return;
      case OP.BINBYTES:
        this.#push(this.#string('bytes', this.#uint4(), at));
        return;
      case OP.BINBYTES8:
        this.#push(this.#string('bytes', this.#length8(), at));
        return;
      case OP.SHORT_BINUNICODE:
        this.#push(this.#string('text', this.#uint8(), at));
        return;
      case OP.BINUNICODE:
        this.#push(this.#string('text', this.#uint4(), at));
        return;
      case OP.BINUNICODE8:
        this.#push(this.#string('text', this.#length8(), at));
        return;
      case OP.STRING:
        this.#push(this.#line('literal', at));
        return;
      case OP.UNICODE:
        this.#push(this.#line('escaped', at));
        return;

      case OP.GLOBAL: {
        const module = this.#line('text', at);
        this.#push({ kind: 'global', module, name: this.#line('text', at) });
        return;
      }
      case OP.STACK_GLOBAL: {
        const name = this.#pop();
        const module = this.#pop();
        if (!isString(name) || !isString(module)) throw fault(at, 'a class name is no text');
        this.#push({ kind: 'global', module, name });
        return;
      }

      case OP.MARK:
        if (this.#marks.length >= MAXIMUM_KEPT) throw fault(at, 'it has too many marks');
        this.#marks.push(this.#stack.length);
        return;
      case OP.POP:
        if (this.#stack.length > this.#floor()) this.#pop();
        else this.#popMark(at);
        return;
      case OP.POP_MARK:
        this.#cutTo(this.#popMark(at));
        return;
      case OP.DUP:
        this.#push(this.#top());
        return;

      case OP.TUPLE1:
        this.#pushTuple(this.#stack.length - 1, at);
        return;
      case OP.TUPLE2:
        this.#pushTuple(this.#stack.length - 2, at);
        return;
      case OP.TUPLE3:
        this.#pushTuple(this.#stack.length - 3, at);
        return;
      case OP.TUPLE:
        this.#pushTuple(this.#popMark(at), at);
        return;
      case OP.EMPTY_LIST:
        this.#push({ kind: 'list', items: [] });
        return;
      case OP.LIST:
        this.#push({ kind: 'list', items: this.#take(this.#popMark(at)) });
        return;
      case OP.APPEND:
        this.#append(this.#stack.length - 1, at);
        return;
      case OP.APPENDS:
        this.#append(this.#popMark(at), at);
        return;

      case OP.DICT:
      case OP.FROZENSET:
      case OP.OBJ:
        this.#cutTo(this.#popMark(at));
        this.#push(UNKNOWN);
        return;
      case OP.INST:
        this.#line('text', at);
        this.#line('text', at);
        this.#cutTo(this.#popMark(at));
        this.#push(UNKNOWN);
        return;
      case OP.SETITEM:
        this.#drop(2);
        this.#top();
        return;
      case OP.BUILD:
        this.#drop(1);
        this.#top();
        return;
      case OP.SETITEMS:
      case OP.ADDITEMS:
        this.#cutTo(this.#popMark(at));
        this.#top();
        return;
      case OP.NEWOBJ:
        this.#drop(2);
        this.#push(UNKNOWN);
        return;
      case OP.NEWOBJ_EX:
        this.#drop(3);
        this.#push(UNKNOWN);
        return;
      case OP.REDUCE: {
        const words = this.#pop();
        this.#push(callOf(this.#pop(), words));
        return;
      }
      case OP.READONLY_BUFFER:
        this.#top();
        return;

      case OP.PUT:
        this.#remember(this.#decimal(at));
        return;
      case OP.BINPUT:
        this.#remember(this.#uint8());
        return;
      case OP.LONG_BINPUT:
        this.#remember(this.#uint4());
        return;
      case OP.MEMOIZE:
        this.#remember(this.#memo.size);
        return;
      case OP.GET:
        this.#recall(this.#decimal(at), at);
        return;
      case OP.BINGET:
        this.#recall(this.#uint8(), at);
        return;
      case OP.LONG_BINGET:
        this.#recall(this.#uint4(), at);
        return;

      case OP.BINPERSID:
        this.#persistentId(this.#pop());
        this.#push(UNKNOWN);
        return;
      case OP.PERSID:
        this.#persistentId(this.#line('bytes', at));
        this.#push(UNKNOWN);
        return;

      default:
        throw fault(at, `0x${opcode.toString(16).padStart(2, '0')} is no opcode`);
    }
  }

  #push(value: PickleValue): void {
    this.#stackWeight += weightOf(value);
    if (this.#stackWeight > MAXIMUM_KEPT) throw this.#full();
    this.#stack.push(value);
  }

  #cutTo(length: number): void {
    for (let place = this.#stack.length - 1; place >= length; place--) {
      this.#stackWeight -= weightOf(this.#stack[place] ?? UNKNOWN);
    }
    this.#stack.length = length;
  }

  #pushUnknown(length: number, at: number): void {
    this.#checkLeft(length, at);
    this.#offset += length;
    this.#push(UNKNOWN);
  }

  /** What lies below belongs to somebody else until the mark is gone. */
  #floor(): number {
    return this.#marks.at(-1) ?? 0;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || this.#stack.length <= this.#floor()) throw this.#empty();
    return value;
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    this.#stackWeight -= weightOf(value);
    return value;
  }

  #drop(count: number): void {
    if (this.#stack.length - count < this.#floor()) throw this.#empty();
    this.#cutTo(this.#stack.length - count);
  }

  #popMark(at: number): number {
    const mark = this.#marks.pop();
    if (mark === undefined) throw fault(at, 'there is no mark on its stack');
    return mark;
  }

  #pushTuple(start: number, at: number): void {
    if (start < this.#floor()) throw fault(at, 'its stack is empty');
    const count = this.#stack.length - start;
    const items = this.#take(start);
    this.#push(count > KEPT_ITEMS ? UNKNOWN : tupleOf(items));
  }

  /** Takes all from `start` off the stack, and gives the first few. */
  #take(start: number): PickleValue[] {
    const items = this.#stack.slice(start, start + KEPT_ITEMS);
    this.#cutTo(start);
    return items.map((item) => (item.kind === 'list' ? UNKNOWN : item));
  }

  #append(start: number, at: number): void {
    if (start < this.#floor()) throw fault(at, 'its stack is empty');
    const items = this.#take(start);
    const list = this.#top();
    if (list.kind !== 'list') return;
    const added = items.slice(0, KEPT_ITEMS - list.items.length);
    for (const item of added) this.#keep(item);
    list.items.push(...added);
  }

  #remember(place: number): void {
    const value = this.#top();
    this.#keep(value);
    this.#memo.set(place, value);
  }

  #keep(value: PickleValue): void {
    this.#keptWeight += weightOf(value);
    if (this.#keptWeight > MAXIMUM_KEPT) throw this.#full();
  }

  #recall(place: number, at: number): void {
    const value = this.#memo.get(place);
    if (value === undefined) throw fault(at, `its memo has nothing at ${place}`);
    this.#push(value);
  }

  #uint8(): number {
    const at = this.#offset;
    this.#checkLeft(1, at);
    this.#offset += 1;
    return this.#view.getUint8(at);
  }

  #uint4(): number {
    const at = this.#offset;
    this.#checkLeft(4, at);
    this.#offset += 4;
    return this.#view.getUint32(at, true);
  }

  #int4(at: number): number {
    const length = this.#uint4();
    if (length >= 2 ** 31) throw fault(at, 'a length is less than 0');
    return length;
  }

  #length8(): number {
    const at = this.#offset;
    this.#checkLeft(8, at);
    this.#offset += 8;
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  #string(kind: StringValue['kind'], length: number, at: number): StringValue {
    this.#checkLeft(length, at);
    const start = this.#offset;
    this.#offset += length;
    return { kind, source: this.#bytes, start, end: this.#offset };
  }

  #line(kind: StringValue['kind'], at: number): StringValue {
    const start = this.#offset;
    const end = this.#bytes.indexOf(LINE_END, start);
    if (end < 0) throw fault(at, 'a line has no end');
    this.#offset = end + 1;
    return { kind, source: this.#bytes, start, end };
  }

  #decimal(at: number): number {
    const text = textOf(this.#line('bytes', at));
    if (!/^\d{1,10}$/.test(text)) throw fault(at, 'a place in its memo is no number');
    return Number(text);
  }

  #checkLeft(length: number, at: number): void {
    if (this.#offset + length > this.#bytes.length) throw fault(at, 'it ends in the middle');
  }

  #full(): Failure {
    return fault(this.#offset - 1, `it keeps more than ${MAXIMUM_KEPT} values at once`);
  }

  #empty(): Failure {
    return fault(this.#offset - 1, 'its stack is empty');
  }
}

function weightOf(value: PickleValue): number {
  return value.kind === 'tuple' ? value.weight : 1;
}

/** No reference and no class can be made of a tuple that holds more. */
function tupleOf(items: readonly PickleValue[]): PickleValue {
  const weight = items.reduce((sum, item) => sum + weightOf(item), 1);
  return weight > MAXIMUM_WEIGHT ? UNKNOWN : { kind: 'tuple', items, weight };
}

/**
 * What a call gives. One is known: Python 3 writes bytes in protocols 0 to 2 as a call of
 * `_codecs.encode(text, 'latin1')`.
 */
function callOf(callable: PickleValue, words: PickleValue): PickleValue {
  if (callable.kind !== 'global' || words.kind !== 'tuple') return UNKNOWN;
  const [text, encoding] = words.items;
  if (!isString(text) || !isString(encoding)) return UNKNOWN;
  if (globalName(callable) !== '_codecs.encode' || textOf(encoding) !== 'latin1') return UNKNOWN;
  const source = Buffer.from(textOf(text), 'latin1');
  return { kind: 'bytes', source, start: 0, end: source.length };
}

function fault(offset: number, state: string): Failure {
  return new Failure('damaged', `Cannot follow the pickle at its byte ${offset}: ${state}`, {
    hint: 'The object’s record is damaged, or no pickle.',
  });
}
