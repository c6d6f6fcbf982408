import { Failure } from '../../system/failure.ts';
import { viewOf } from '../uncommitted-tail.ts';
import { FIRST_OF_PROTOCOL_4, NEWEST_PROTOCOL, OPCODES as OP } from './opcodes.ts';
import { PickleMemo } from './pickle-memo.ts';
import {
  globalName,
  isString,
  type PickleValue,
  plainValue,
  type StringValue,
  type TupleValue,
  textOf,
} from './pickle-value.ts';
import type { StateTuple } from './state-shape.ts';
import { isText } from './text.ts';
import {
  ALL_KINDS,
  ARGUMENTS,
  CALLABLE,
  kindOfInteger,
  TAKES_ITEMS,
  TAKES_MORE,
  TAKES_STATE,
  UNHASHABLE,
  VALUE,
  type ValueKinds,
} from './value-kind.ts';

/** Items of a tuple or list that are kept: no persistent id has more. */
const KEPT_ITEMS = 3;

/** Tuples in tuples in the state of a small BTree, the deepest that a state's rules look at. */
const LEVELS_OF_STATE = 4;

/** Values in a tuple, with those in its tuples: the class of a reference and its oid have fewer. */
const MAXIMUM_WEIGHT = 16;
/**
 * Most values that are kept at once, and places in the memo: 100 MB. No object has so many on its stack,
 * and one with a larger memo is one that the quick finder has followed.
 */
const MAXIMUM_KEPT = 1 << 20;

/** Stands for opcodes that do anything else. */
export const OTHERWISE = 0xff;

/** Opcodes that push a value of which nothing is kept but its kind: the width of what follows them. */
export const WIDTH_OF_PLAIN = new Uint8Array(256).fill(OTHERWISE);
/** The kind of what they push. */
export const KIND_OF_PLAIN = new Int32Array(256);
for (const [width, kind, opcodes] of [
  [0, VALUE.NONE, [OP.NONE]],
  [0, VALUE.UINT31, [OP.NEWTRUE, OP.NEWFALSE]],
  [0, VALUE.DICT, [OP.EMPTY_DICT]],
  [1, VALUE.UINT31, [OP.BININT1]],
  [2, VALUE.UINT31, [OP.BININT2]],
  [8, VALUE.FLOAT, [OP.BINFLOAT]],
  [1, VALUE.OBJECT, [OP.EXT1]],
  [2, VALUE.OBJECT, [OP.EXT2]],
  [4, VALUE.OBJECT, [OP.EXT4]],
] as const) {
  for (const opcode of opcodes) {
    WIDTH_OF_PLAIN[opcode] = width;
    KIND_OF_PLAIN[opcode] = kind;
  }
}

/** Longest string of which the bytes are kept: no name and no oid has more. */
const LONGEST_KEPT = 1 << 10;
/** The same in a pickle that comes in pieces, of protocol 3: an oid, and the text that marks a weak reference. */
const LONGEST_KEPT_OF_PIECES = { bytes: 8, text: 1 } as const;
/** Longest line that is waited for in a pickle that comes in pieces. */
const LONGEST_LINE = 1 << 24;

/** Thrown where more bytes have to be fed first. */
const MORE = Symbol('more');

/** `\n`, which ends the arguments of the opcodes of protocol 0. */
const LINE_END = 0x0a;

/**
 * Follows a pickle's opcodes, protocols 0 to 5, without building what they describe: no class is
 * looked up, nothing is called. It keeps what a reference can be made of, and what things are, see
 * {@link PickleValue}: what Python could not do, as to set items in a text, is a fault.
 *
 * One machine reads the pickles of one record one after the other: as for Python's Unpickler, the
 * memo goes on from one to the next. Its bytes may come in pieces, of which it keeps only what it needs.
 */
export class PickleMachine {
  readonly #sizeBytes: number;
  readonly #persistentId: PersistentIdReader;
  readonly #memo: PickleMemo;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Bytes that stood before those that are there. */
  #base = 0;
  /** Bytes still to come that nobody wants. */
  #skipped = 0;
  #stack: PickleValue[] = [];
  #marks: number[] = [];
  #offset = 0;
  #isInside = false;
  #isFull = false;
  #protocol = 0;
  /** Of what is on the stack, of what the memo has got, and of what lists have got. */
  #stackWeight = 0;
  #keptWeight = 0;

  /** @param sizeBytes - of all pickles together */
  constructor({
    sizeBytes,
    persistentId,
  }: {
    readonly sizeBytes: number;
    readonly persistentId: PersistentIdReader;
  }) {
    this.#sizeBytes = sizeBytes;
    this.#persistentId = persistentId;
    this.#memo = new PickleMemo(sizeBytes);
  }

  /** Bytes that have been followed. */
  get offset(): number {
    return this.#base + this.#offset;
  }

  /** It has given up, as there were more values to keep than it keeps. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The next bytes: all, or a piece, which is valid until {@link next} returns. */
  feed(piece: Uint8Array): void {
    const passed = Math.min(this.#skipped, piece.length);
    this.#skipped -= passed;
    const rest = this.#bytes.subarray(this.#offset);
    this.#base += this.#offset + passed;
    const fresh = piece.subarray(passed);
    const bytes = rest.length === 0 ? fresh : Buffer.concat([rest, fresh]);
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#offset = 0;
  }

  /** Keeps what is left of a piece, whose bytes belong to somebody else. */
  keepRest(): void {
    this.#bytes = copyOf(this.#bytes.subarray(this.#offset));
    this.#view = viewOf(this.#bytes);
    this.#base += this.#offset;
    this.#offset = 0;
  }

  /**
   * Follows one pickle to its STOP and gives what is on the stack then; undefined: as far as it has
   * come. Failure `damaged`: an opcode that doesn't exist, an argument that passes the end, a stack that is
   * empty or too full, something that Python can't do.
   */
  next(): PickleValue | undefined {
    if (!this.#isInside) this.#begin();
    let at = this.#offset;
    try {
      for (;;) {
        at = this.#offset;
        const opcode = this.#uint8();
        if (opcode === OP.STOP) {
          this.#isInside = false;
          return this.#stop(at);
        }
        this.#follow(opcode, at);
      }
    } catch (error) {
      if (error !== MORE) throw error;
      this.#offset = at;
      return undefined;
    }
  }

  #begin(): void {
    this.#isInside = true;
    this.#stack = [];
    this.#stackWeight = 0;
    this.#marks = [];
    this.#protocol = 0;
  }

  #stop(at: number): PickleValue {
    const result = this.#pop();
    if (this.#stack.length > 0) throw this.#fault(at, 'it ends with more than one value');
    return result;
  }

  #follow(opcode: number, at: number): void {
    const width = WIDTH_OF_PLAIN[opcode] ?? OTHERWISE;
    if (width !== OTHERWISE) {
      this.#pushPlain(KIND_OF_PLAIN[opcode] ?? VALUE.OBJECT, width, at);
      return;
    }
    if (opcode >= FIRST_OF_PROTOCOL_4 && this.#protocol < 4) throw this.#noOpcode(opcode, at);
    switch (opcode) {
      case OP.PROTO: {
        const protocol = this.#uint8();
        if (protocol > NEWEST_PROTOCOL) throw this.#fault(at, `its protocol is ${protocol}`);
        this.#protocol = protocol;
        return;
      }
      case OP.FRAME:
        this.#checkLeft(this.#length8(), at);
        return;

      case OP.BININT: {
        const integer = this.#uint4();
        this.#push(plainValue(integer < 2 ** 31 ? VALUE.UINT31 : VALUE.NEGATIVE_INT32));
        return;
      }
      case OP.LONG1:
        this.#long(this.#uint8(), at);
        return;
      case OP.LONG4:
        this.#long(this.#int4(at), at);
        return;
      case OP.BYTEARRAY8:
        this.#pushPlain(VALUE.OBJECT, this.#length8(), at);
        return;
      case OP.NEXT_BUFFER:
        this.#push(plainValue(VALUE.OBJECT));
        return;
      case OP.INT:
      case OP.LONG:
        this.#push(plainValue(this.#integerLine(at)));
        return;
      case OP.FLOAT:
        this.#line('text', at);
        this.#push(plainValue(VALUE.FLOAT));
        return;

      case OP.SHORT_BINSTRING:
        this.#push(this.#string('bytes', this.#uint8(), { at, isOldString: true }));
        return;
      case OP.SHORT_BINBYTES:
        this.#push(this.#string('bytes', this.#uint8(), { at }));
        return;
      case OP.BINSTRING:
        this.#push(this.#string('bytes', this.#int4(at), { at, isOldString: true }));
        return;
      case OP.BINBYTES:
        this.#push(this.#string('bytes', this.#uint4(), { at }));
        return;
      case OP.BINBYTES8:
        this.#push(this.#string('bytes', this.#length8(), { at }));
        return;
      case OP.SHORT_BINUNICODE:
        this.#push(this.#string('text', this.#uint8(), { at }));
        return;
      case OP.BINUNICODE:
        this.#push(this.#string('text', this.#uint4(), { at }));
        return;
      case OP.BINUNICODE8:
        this.#push(this.#string('text', this.#length8(), { at }));
        return;
      case OP.STRING: {
        const literal = this.#line('literal', at);
        if (!isQuoted(literal)) throw this.#fault(at, 'a text has no quotes');
        this.#push(literal);
        return;
      }
      case OP.UNICODE:
        this.#push(this.#line('escaped', at));
        return;

      case OP.GLOBAL: {
        const module = this.#nameLine(at);
        this.#push({ kind: 'global', valueKind: VALUE.GLOBAL, module, name: this.#nameLine(at) });
        return;
      }
      case OP.STACK_GLOBAL: {
        const name = this.#pop();
        const module = this.#pop();
        if (!isString(name) || !isString(module)) throw this.#fault(at, 'a class name is no text');
        this.#push({ kind: 'global', valueKind: VALUE.GLOBAL, module, name });
        return;
      }

      case OP.MARK:
        if (this.#marks.length >= MAXIMUM_KEPT) throw this.#fault(at, 'it has too many marks');
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
      case OP.EMPTY_TUPLE:
        this.#push(tupleOf([], []));
        return;
      case OP.EMPTY_LIST:
        this.#push({ kind: 'list', valueKind: VALUE.LIST, items: [] });
        return;
      case OP.EMPTY_SET:
        this.#push(plainValue(VALUE.SET));
        return;
      case OP.LIST:
        this.#push({ kind: 'list', valueKind: VALUE.LIST, items: this.#take(this.#popMark(at)) });
        return;
      case OP.APPEND:
        this.#append(this.#stack.length - 1, at);
        return;
      case OP.APPENDS:
        this.#append(this.#popMark(at), at);
        return;

      case OP.DICT: {
        const start = this.#popMark(at);
        this.#checkItems(start, at);
        this.#cutTo(start);
        this.#push(plainValue(VALUE.DICT));
        return;
      }
      case OP.SETITEM:
        this.#setItems(this.#stack.length - 2, at);
        return;
      case OP.SETITEMS:
        this.#setItems(this.#popMark(at), at);
        return;
      case OP.ADDITEMS:
        this.#cutTo(this.#popMark(at));
        this.#top();
        return;
      case OP.FROZENSET:
        this.#cutTo(this.#popMark(at));
        this.#push(plainValue(VALUE.OBJECT));
        return;

      case OP.OBJ: {
        const start = this.#popMark(at);
        this.#checkKind(this.#stack[start], {
          kinds: CALLABLE,
          at,
          state: 'it makes an object of no class',
        });
        this.#cutTo(start);
        this.#push(plainValue(VALUE.OBJECT));
        return;
      }
      case OP.INST:
        this.#nameLine(at);
        this.#nameLine(at);
        this.#cutTo(this.#popMark(at));
        this.#push(plainValue(VALUE.OBJECT));
        return;
      case OP.BUILD: {
        const state = this.#pop();
        const needed = state.valueKind === VALUE.NONE ? ALL_KINDS : TAKES_STATE;
        this.#checkKind(this.#top(), { kinds: needed, at, state: 'it gives a state to no object' });
        return;
      }
      case OP.NEWOBJ:
        this.#pushCall({ words: this.#pop(), at });
        return;
      case OP.NEWOBJ_EX:
        this.#checkKind(this.#pop(), { kinds: VALUE.DICT | VALUE.OBJECT, at, state: NO_CALL });
        this.#pushCall({ words: this.#pop(), at });
        return;
      case OP.REDUCE:
        this.#pushCall({ words: this.#pop(), at });
        return;
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
        this.#push(this.#persistentId(this.#pop()));
        return;
      case OP.PERSID:
        this.#push(this.#persistentId(this.#line('bytes', at)));
        return;

      default:
        throw this.#noOpcode(opcode, at);
    }
  }

  #push(value: PickleValue): void {
    this.#stackWeight += weightOf(value);
    if (this.#stackWeight > MAXIMUM_KEPT) throw this.#full();
    this.#stack.push(value);
  }

  #cutTo(length: number): void {
    for (let place = this.#stack.length - 1; place >= length; place--) {
      this.#stackWeight -= weightOf(this.#stack[place] ?? NOTHING);
    }
    this.#stack.length = length;
  }

  #pushPlain(kind: ValueKinds, length: number, at: number): void {
    this.#pass(length, at);
    this.#push(plainValue(kind));
  }

  #pushCall({ words, at }: { readonly words: PickleValue; readonly at: number }): void {
    const callable = this.#pop();
    this.#checkKind(words, { kinds: ARGUMENTS, at, state: NO_CALL });
    this.#checkKind(callable, { kinds: CALLABLE, at, state: NO_CALL });
    this.#push(callOf(callable, words));
  }

  #setItems(start: number, at: number): void {
    if (start < this.#floor()) throw this.#fault(at, 'its stack is empty');
    const isNothing = start === this.#stack.length;
    this.#checkItems(start, at);
    this.#cutTo(start);
    const target = this.#top();
    if (isNothing) return;
    this.#checkKind(target, {
      kinds: TAKES_ITEMS,
      at,
      state: 'it sets items where there can be none',
    });
  }

  /** Keys and values by turns. */
  #checkItems(start: number, at: number): void {
    if ((this.#stack.length - start) % 2 !== 0) throw this.#fault(at, 'a key has no value');
    for (let place = start; place < this.#stack.length; place += 2) {
      const key = this.#stack[place];
      if (key === undefined || isHashable(key)) continue;
      throw this.#fault(at, 'a key is of a type that no dict takes');
    }
  }

  #checkKind(
    value: PickleValue | undefined,
    {
      kinds,
      at,
      state,
    }: { readonly kinds: ValueKinds; readonly at: number; readonly state: string },
  ): void {
    if (value === undefined || (value.valueKind & kinds) === 0) throw this.#fault(at, state);
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

  #popMark(at: number): number {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#fault(at, 'there is no mark on its stack');
    return mark;
  }

  #pushTuple(start: number, at: number): void {
    if (start < this.#floor()) throw this.#fault(at, 'its stack is empty');
    const all = this.#stack.slice(start);
    const tuple = tupleOf(this.#take(start), all);
    this.#push(this.#isInPieces && !canBeReference(tuple) ? plainValue(VALUE.TUPLE) : tuple);
  }

  /** Takes all from `start` off the stack, and gives the first few. */
  #take(start: number): PickleValue[] {
    const items = this.#stack.slice(start, start + KEPT_ITEMS);
    this.#cutTo(start);
    return items.map((item) => (item.kind === 'list' ? plainValue(VALUE.LIST) : item));
  }

  #append(start: number, at: number): void {
    if (start < this.#floor()) throw this.#fault(at, 'its stack is empty');
    const isNothing = start === this.#stack.length;
    const items = this.#take(start);
    const list = this.#top();
    if (isNothing) return;
    this.#checkKind(list, { kinds: TAKES_MORE, at, state: 'it appends to what is no list' });
    if (list.kind !== 'list') return;
    const added = items.slice(0, KEPT_ITEMS - list.items.length);
    for (const item of added) this.#keep(item);
    list.items.push(...added);
  }

  #remember(place: number): void {
    const value = this.#top();
    if (this.#memo.set(place, value) === 'kept') this.#keep(value);
  }

  #keep(value: PickleValue): void {
    this.#keptWeight += weightOf(value);
    if (this.#keptWeight > MAXIMUM_KEPT) throw this.#full();
  }

  #recall(place: number, at: number): void {
    const value = this.#memo.get(place);
    if (value === undefined) throw this.#fault(at, `its memo has nothing at ${place}`);
    this.#push(value);
  }

  #uint8(): number {
    const at = this.#offset;
    this.#need(1, at);
    this.#offset += 1;
    return this.#view.getUint8(at);
  }

  #uint4(): number {
    const at = this.#offset;
    this.#need(4, at);
    this.#offset += 4;
    return this.#view.getUint32(at, true);
  }

  #int4(at: number): number {
    const length = this.#uint4();
    if (length >= 2 ** 31) throw this.#fault(at, 'a length is less than 0');
    return length;
  }

  #length8(): number {
    const at = this.#offset;
    this.#need(8, at);
    this.#offset += 8;
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  /** An integer of so many bytes, the least first. */
  #long(length: number, at: number): void {
    if (length > 8) {
      const isKnown = length < LONGEST_KEPT;
      this.#checkLeft(length, at);
      if (isKnown) this.#need(length, at);
      const kind = isKnown ? this.#kindOfLong(length) : VALUE.LARGE_INTEGER;
      this.#pushPlain(kind, length, at);
      return;
    }
    this.#need(length, at);
    this.#pushPlain(this.#kindOfLong(length), length, at);
  }

  #kindOfLong(length: number): ValueKinds {
    if (length === 0) return VALUE.UINT31;
    const digits = Buffer.from(this.#bytes.subarray(this.#offset, this.#offset + length)).reverse();
    return kindOfInteger(BigInt.asIntN(8 * length, BigInt(`0x${digits.toString('hex')}`)));
  }

  #integerLine(at: number): ValueKinds {
    const text = textOf(this.#line('bytes', at)).trim();
    // Python reads other forms, too, which no pickler writes: then nobody knows how large it is.
    if (/^[+-]?\d{1,400}L?$/.test(text)) return kindOfInteger(BigInt(text.replace(/^\+|L$/g, '')));
    if (/^[+-]?[\da-fxob_]+L?$/i.test(text)) return VALUE.OBJECT;
    throw this.#fault(at, 'an integer is no number');
  }

  #string(
    kind: 'bytes' | 'text',
    length: number,
    { at, isOldString = false }: { readonly at: number; readonly isOldString?: boolean },
  ): PickleValue {
    this.#checkLeft(length, at);
    const valueKind = kind === 'text' ? VALUE.TEXT : kindOfBytes(length, isOldString);
    const inPieces = this.#isInPieces;
    const isLean = inPieces && this.#protocol === 3;
    const longest = isLean ? LONGEST_KEPT_OF_PIECES[kind] : LONGEST_KEPT;
    if (length > longest) {
      this.#checkText(kind, length, at);
      this.#pass(length, at);
      return plainValue(valueKind);
    }
    this.#need(length, at);
    this.#checkText(kind, length, at);
    const start = this.#offset;
    this.#offset += length;
    return inPieces
      ? {
          kind,
          valueKind,
          source: copyOf(this.#bytes.subarray(start, start + length)),
          start: 0,
          end: length,
        }
      : { kind, valueKind, source: this.#bytes, start, end: start + length };
  }

  /** Of a text that is there. */
  #checkText(kind: 'bytes' | 'text', length: number, at: number): void {
    const end = this.#offset + length;
    if (kind === 'bytes' || end > this.#bytes.length) return;
    if (!isText(this.#bytes.subarray(this.#offset, end)))
      throw this.#fault(at, 'a text is no UTF-8');
  }

  #nameLine(at: number): StringValue {
    const line = this.#line('text', at);
    if (isText(line.source.subarray(line.start, line.end))) return line;
    throw this.#fault(at, 'the name of a class is no UTF-8');
  }

  #line(kind: StringValue['kind'], at: number): StringValue {
    const start = this.#offset;
    const end = this.#bytes.indexOf(LINE_END, start);
    if (end < 0) {
      const isWaiting = this.#isMoreToCome && this.#bytes.length - start < LONGEST_LINE;
      throw isWaiting ? MORE : this.#fault(at, 'a line has no end');
    }
    this.#offset = end + 1;
    const valueKind = kind === 'escaped' ? VALUE.TEXT : VALUE.OBJECT;
    const inPieces = this.#isInPieces;
    const source = inPieces ? copyOf(this.#bytes.subarray(start, end)) : this.#bytes;
    return inPieces
      ? { kind, valueKind, source, start: 0, end: end - start }
      : { kind, valueKind, source, start, end };
  }

  #decimal(at: number): number {
    const text = textOf(this.#line('bytes', at));
    if (!/^\d{1,10}$/.test(text)) throw this.#fault(at, 'a place in its memo is no number');
    return Number(text);
  }

  /** What is kept must not stand in bytes that are somebody else's. */
  get #isInPieces(): boolean {
    return this.#bytes.length < this.#sizeBytes;
  }

  get #isMoreToCome(): boolean {
    return this.#base + this.#bytes.length < this.#sizeBytes;
  }

  #checkLeft(length: number, at: number): void {
    if (this.#base + this.#offset + length <= this.#sizeBytes) return;
    throw this.#fault(at, 'it ends in the middle');
  }

  /** Sees to it that so many bytes are there. */
  #need(length: number, at: number): void {
    if (this.#offset + length <= this.#bytes.length) return;
    this.#checkLeft(length, at);
    throw MORE;
  }

  /** Passes over so many bytes, wherever they are. */
  #pass(length: number, at: number): void {
    this.#checkLeft(length, at);
    const here = Math.min(length, this.#bytes.length - this.#offset);
    this.#offset += here;
    this.#skipped = length - here;
  }

  #fault(at: number, state: string): Failure {
    const offset = this.#base + at;
    return new Failure('damaged', `Cannot follow the pickle at its byte ${offset}: ${state}`, {
      hint: 'The object’s record is damaged, or no pickle.',
    });
  }

  #noOpcode(opcode: number, at: number): Failure {
    const name = `0x${opcode.toString(16).padStart(2, '0')}`;
    return this.#fault(at, `${name} is no opcode of its protocol`);
  }

  #full(): Failure {
    this.#isFull = true;
    return this.#fault(this.#offset - 1, `it keeps more than ${MAXIMUM_KEPT} values at once`);
  }

  #empty(): Failure {
    return this.#fault(this.#offset - 1, 'its stack is empty');
  }
}

/** Is shown each persistent id, in the order in which they stand there; gives what is loaded for it. */
export type PersistentIdReader = (id: PickleValue) => PickleValue;

/** A Buffer's own `slice` is none. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

const NOTHING = plainValue(VALUE.OBJECT);
const IN_REFERENCES =
  VALUE.BYTES_OF_8 | VALUE.TEXT | VALUE.GLOBAL | VALUE.TUPLE | VALUE.OBJECT | VALUE.REFERENCE;
const NO_CALL = 'it calls what is no class and no function';

function weightOf(value: PickleValue): number {
  return value.kind === 'tuple' ? value.weight : 1;
}

function isHashable(value: PickleValue): boolean {
  return value.kind === 'tuple' ? value.isHashable : (value.valueKind & UNHASHABLE) === 0;
}

/** A tuple of which `kept` are the first items. */
function tupleOf(kept: readonly PickleValue[], all: readonly PickleValue[]): TupleValue {
  const weight = kept.reduce((sum, item) => sum + weightOf(item), 1);
  // No reference and no class can be made of one that is heavier: only a state's rules look at it.
  const items =
    weight > MAXIMUM_WEIGHT ? kept.map((item) => prune(item, LEVELS_OF_STATE - 1)) : kept;
  return {
    kind: 'tuple',
    valueKind: VALUE.TUPLE,
    items: all.length > KEPT_ITEMS ? [] : items,
    tuple: { count: all.length, first: items[0], second: items[1], ...kindsOf(all) },
    isHashable: all.every(isHashable),
    weight: Math.min(weight, MAXIMUM_WEIGHT),
  };
}

function kindsOf(all: readonly PickleValue[]): Omit<StateTuple, 'count' | 'first' | 'second'> {
  const followed = { even: 0, odd: 0 };
  const classes = new Set<string | undefined>();
  const last = all.length - 1;
  for (const [place, { valueKind }] of all.entries()) {
    if (place < last) followed[place % 2 === 0 ? 'even' : 'odd'] |= valueKind;
  }
  for (let place = 0; place <= last && classes.size <= KEPT_ITEMS; place += 2) {
    const item = all[place];
    if (item?.valueKind !== VALUE.REFERENCE) continue;
    classes.add(item.kind === 'plain' ? item.className : undefined);
  }
  const kindOfLast = all[last]?.valueKind ?? 0;
  return {
    even: followed.even | (last % 2 === 0 ? kindOfLast : 0),
    odd: followed.odd | (last % 2 === 1 ? kindOfLast : 0),
    evenFollowed: followed.even,
    oddFollowed: followed.odd,
    classes,
  };
}

/** Whether it may be a persistent id, or the words of one. */
function canBeReference({ tuple: { count, even, odd } }: TupleValue): boolean {
  return count > 0 && count <= KEPT_ITEMS && ((even | odd) & ~IN_REFERENCES) === 0;
}

/** A value without what nobody looks at in a state: strings, and tuples of lower levels. */
function prune(value: PickleValue, levels: number): PickleValue {
  switch (value.kind) {
    case 'plain':
      return value;
    case 'tuple': {
      if (levels === 0) return plainValue(VALUE.TUPLE);
      const [first, second] = [value.tuple.first, value.tuple.second].map((item) =>
        item === undefined ? undefined : prune(item, levels - 1),
      );
      return { ...value, items: [], tuple: { ...value.tuple, first, second } };
    }
    case 'bytes':
    case 'text':
    case 'literal':
    case 'escaped':
    case 'global':
    case 'list':
      return plainValue(value.valueKind);
    default:
      return value satisfies never;
  }
}

/** As `repr` writes a str. */
function isQuoted({ source, start, end }: StringValue): boolean {
  const text = Buffer.from(source.subarray(start, end)).toString('latin1').trim();
  return /^(['"])[\s\S]*\1$/.test(text);
}

/**
 * What a call gives. One is known: Python 3 writes bytes in protocols 0 to 2 as a call of
 * `_codecs.encode(text, 'latin1')`.
 */
function callOf(callable: PickleValue, words: PickleValue): PickleValue {
  if (callable.kind !== 'global' || words.kind !== 'tuple') return plainValue(VALUE.OBJECT);
  const [text, encoding] = words.items;
  if (!isString(text) || !isString(encoding)) return plainValue(VALUE.OBJECT);
  if (globalName(callable) !== '_codecs.encode' || textOf(encoding) !== 'latin1')
    return plainValue(VALUE.OBJECT);
  const source = Buffer.from(textOf(text), 'latin1');
  const valueKind = kindOfBytes(source.length, false);
  return { kind: 'bytes', valueKind, source, start: 0, end: source.length };
}

/** A str of Python 2 is text or bytes to Python 3: who knows how long it is, knows enough. */
function kindOfBytes(length: number, isOldString: boolean): ValueKinds {
  switch (length) {
    case 8:
      return VALUE.BYTES_OF_8;
    case 2:
      return isOldString ? VALUE.OBJECT : VALUE.BYTES_OF_2;
    case 6:
      return isOldString ? VALUE.OBJECT : VALUE.BYTES_OF_6;
    default:
      return isOldString ? VALUE.TEXT : VALUE.BYTES;
  }
}
