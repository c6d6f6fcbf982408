import type { Failure } from '../../system/failure.ts';
import { FIRST_OF_PROTOCOL_4, NEWEST_PROTOCOL, OPCODES as OP } from './opcodes.ts';
import { MORE, OperandReader } from './operand-reader.ts';
import { PickleMemo } from './pickle-memo.ts';
import { PickleStack } from './pickle-stack.ts';
import { globalName, isString, type PickleValue, plainValue, textOf } from './pickle-value.ts';
import { KIND_OF_PLAIN, OTHERWISE, WIDTH_OF_PLAIN } from './plain-opcodes.ts';
import { canBeReference, isHashable, KEPT_ITEMS, tupleOf } from './tuple-value.ts';
import {
  ALL_KINDS,
  ARGUMENTS,
  CALLABLE,
  kindOfBytes,
  TAKES_ITEMS,
  TAKES_MORE,
  TAKES_STATE,
  VALUE,
  type ValueKinds,
} from './value-kind.ts';

/**
 * Follows a pickle's opcodes, protocols 0 to 5, without building what they describe: no class is
 * looked up, nothing is called. It keeps what a reference can be made of, and what things are, see
 * {@link PickleValue}: what Python could not do, as to set items in a text, is a fault.
 *
 * One machine reads the pickles of one record one after the other: as for Python's Unpickler, the
 * memo goes on from one to the next. Its bytes may come in pieces, of which it keeps only what it needs.
 */
export class PickleMachine {
  readonly #reader: OperandReader;
  readonly #stack: PickleStack;
  readonly #memo: PickleMemo;
  readonly #persistentId: PersistentIdReader;
  #isInside = false;

  /** @param sizeBytes - of all pickles together */
  constructor({
    sizeBytes,
    persistentId,
  }: {
    readonly sizeBytes: number;
    readonly persistentId: PersistentIdReader;
  }) {
    this.#reader = new OperandReader(sizeBytes);
    this.#stack = new PickleStack(this.#reader);
    this.#memo = new PickleMemo(sizeBytes);
    this.#persistentId = persistentId;
  }

  /** Bytes that have been followed. */
  get offset(): number {
    return this.#reader.position;
  }

  /** It has given up, as there were more values to keep than it keeps. */
  get isFull(): boolean {
    return this.#stack.isFull;
  }

  /** The next bytes: all, or a piece, which is valid until {@link next} returns. */
  feed(piece: Uint8Array): void {
    this.#reader.feed(piece);
  }

  /** Keeps what is left of a piece, whose bytes belong to somebody else. */
  keepRest(): void {
    this.#reader.keepRest();
  }

  /**
   * Follows one pickle to its STOP and gives what is on the stack then; undefined: as far as it has
   * come. Failure `damaged`: an opcode that doesn't exist, an argument that passes the end, a stack that is
   * empty or too full, something that Python can't do.
   */
  next(): PickleValue | undefined {
    if (!this.#isInside) this.#begin();
    let at = this.#reader.offset;
    try {
      for (;;) {
        at = this.#reader.offset;
        const opcode = this.#reader.uint8();
        if (opcode === OP.STOP) {
          this.#isInside = false;
          return this.#stop(at);
        }
        this.#follow(opcode, at);
      }
    } catch (error) {
      if (error !== MORE) throw error;
      this.#reader.rewind(at);
      return undefined;
    }
  }

  #begin(): void {
    this.#isInside = true;
    this.#stack.clear();
    this.#reader.protocol = 0;
  }

  #stop(at: number): PickleValue {
    const result = this.#stack.pop();
    if (this.#stack.length > 0) throw this.#reader.fault(at, 'it ends with more than one value');
    return result;
  }

  #follow(opcode: number, at: number): void {
    const reader = this.#reader;
    const stack = this.#stack;
    const width = WIDTH_OF_PLAIN[opcode] ?? OTHERWISE;
    if (width !== OTHERWISE) {
      this.#pushPlain(KIND_OF_PLAIN[opcode] ?? VALUE.OBJECT, width, at);
      return;
    }
    if (opcode >= FIRST_OF_PROTOCOL_4 && reader.protocol < 4) throw this.#noOpcode(opcode, at);
    switch (opcode) {
      case OP.PROTO: {
        const protocol = reader.uint8();
        if (protocol > NEWEST_PROTOCOL) throw reader.fault(at, `its protocol is ${protocol}`);
        reader.protocol = protocol;
        return;
      }
      case OP.FRAME:
        reader.checkLeft(reader.length8(), at);
        return;

      case OP.BININT: {
        const integer = reader.uint4();
        stack.push(plainValue(integer < 2 ** 31 ? VALUE.UINT31 : VALUE.NEGATIVE_INT32));
        return;
      }
      case OP.LONG1:
        stack.push(plainValue(reader.long(reader.uint8(), at)));
        return;
      case OP.LONG4:
        stack.push(plainValue(reader.long(reader.int4(at), at)));
        return;
      case OP.BYTEARRAY8:
        this.#pushPlain(VALUE.OBJECT, reader.length8(), at);
        return;
      case OP.NEXT_BUFFER:
        stack.push(plainValue(VALUE.OBJECT));
        return;
      case OP.INT:
      case OP.LONG:
        stack.push(plainValue(reader.integerLine(at)));
        return;
      case OP.FLOAT:
        reader.line('text', at);
        stack.push(plainValue(VALUE.FLOAT));
        return;

      case OP.SHORT_BINSTRING:
        stack.push(reader.string('bytes', reader.uint8(), { at, isOldString: true }));
        return;
      case OP.SHORT_BINBYTES:
        stack.push(reader.string('bytes', reader.uint8(), { at }));
        return;
      case OP.BINSTRING:
        stack.push(reader.string('bytes', reader.int4(at), { at, isOldString: true }));
        return;
      case OP.BINBYTES:
        stack.push(reader.string('bytes', reader.uint4(), { at }));
        return;
      case OP.BINBYTES8:
        stack.push(reader.string('bytes', reader.length8(), { at }));
        return;
      case OP.SHORT_BINUNICODE:
        stack.push(reader.string('text', reader.uint8(), { at }));
        return;
      case OP.BINUNICODE:
        stack.push(reader.string('text', reader.uint4(), { at }));
        return;
      case OP.BINUNICODE8:
        stack.push(reader.string('text', reader.length8(), { at }));
        return;
      case OP.STRING:
        stack.push(reader.literal(at));
        return;
      case OP.UNICODE:
        stack.push(reader.line('escaped', at));
        return;

      case OP.GLOBAL: {
        const module = reader.nameLine(at);
        stack.push({ kind: 'global', valueKind: VALUE.GLOBAL, module, name: reader.nameLine(at) });
        return;
      }
      case OP.STACK_GLOBAL: {
        const name = stack.pop();
        const module = stack.pop();
        if (!isString(name) || !isString(module)) throw reader.fault(at, 'a class name is no text');
        stack.push({ kind: 'global', valueKind: VALUE.GLOBAL, module, name });
        return;
      }

      case OP.MARK:
        stack.mark(at);
        return;
      case OP.POP:
        if (stack.length > stack.floor) stack.pop();
        else stack.popMark(at);
        return;
      case OP.POP_MARK:
        stack.cutTo(stack.popMark(at));
        return;
      case OP.DUP:
        stack.push(stack.top());
        return;

      case OP.TUPLE1:
        this.#pushTuple(stack.length - 1, at);
        return;
      case OP.TUPLE2:
        this.#pushTuple(stack.length - 2, at);
        return;
      case OP.TUPLE3:
        this.#pushTuple(stack.length - 3, at);
        return;
      case OP.TUPLE:
        this.#pushTuple(stack.popMark(at), at);
        return;
      case OP.EMPTY_TUPLE:
        stack.push(tupleOf([], []));
        return;
      case OP.EMPTY_LIST:
        stack.push({ kind: 'list', valueKind: VALUE.LIST, items: [] });
        return;
      case OP.EMPTY_SET:
        stack.push(plainValue(VALUE.SET));
        return;
      case OP.LIST:
        stack.push({ kind: 'list', valueKind: VALUE.LIST, items: stack.take(stack.popMark(at)) });
        return;
      case OP.APPEND:
        this.#append(stack.length - 1, at);
        return;
      case OP.APPENDS:
        this.#append(stack.popMark(at), at);
        return;

      case OP.DICT: {
        const start = stack.popMark(at);
        this.#checkItems(start, at);
        stack.cutTo(start);
        stack.push(plainValue(VALUE.DICT));
        return;
      }
      case OP.SETITEM:
        this.#setItems(stack.length - 2, at);
        return;
      case OP.SETITEMS:
        this.#setItems(stack.popMark(at), at);
        return;
      case OP.ADDITEMS:
        stack.cutTo(stack.popMark(at));
        stack.top();
        return;
      case OP.FROZENSET:
        stack.cutTo(stack.popMark(at));
        stack.push(plainValue(VALUE.OBJECT));
        return;

      case OP.OBJ: {
        const start = stack.popMark(at);
        this.#checkKind(stack.at(start), {
          kinds: CALLABLE,
          at,
          state: 'it makes an object of no class',
        });
        stack.cutTo(start);
        stack.push(plainValue(VALUE.OBJECT));
        return;
      }
      case OP.INST:
        reader.nameLine(at);
        reader.nameLine(at);
        stack.cutTo(stack.popMark(at));
        stack.push(plainValue(VALUE.OBJECT));
        return;
      case OP.BUILD: {
        const state = stack.pop();
        const needed = state.valueKind === VALUE.NONE ? ALL_KINDS : TAKES_STATE;
        this.#checkKind(stack.top(), { kinds: needed, at, state: 'it gives a state to no object' });
        return;
      }
      case OP.NEWOBJ:
        this.#pushCall({ args: stack.pop(), at });
        return;
      case OP.NEWOBJ_EX:
        this.#checkKind(stack.pop(), { kinds: VALUE.DICT | VALUE.OBJECT, at, state: NO_CALL });
        this.#pushCall({ args: stack.pop(), at });
        return;
      case OP.REDUCE:
        this.#pushCall({ args: stack.pop(), at });
        return;
      case OP.READONLY_BUFFER:
        stack.top();
        return;

      case OP.PUT:
        this.#remember(reader.decimal(at));
        return;
      case OP.BINPUT:
        this.#remember(reader.uint8());
        return;
      case OP.LONG_BINPUT:
        this.#remember(reader.uint4());
        return;
      case OP.MEMOIZE:
        this.#remember(this.#memo.size);
        return;
      case OP.GET:
        this.#recall(reader.decimal(at), at);
        return;
      case OP.BINGET:
        this.#recall(reader.uint8(), at);
        return;
      case OP.LONG_BINGET:
        this.#recall(reader.uint4(), at);
        return;

      case OP.BINPERSID:
        stack.push(this.#persistentId(stack.pop()));
        return;
      case OP.PERSID:
        stack.push(this.#persistentId(reader.line('bytes', at)));
        return;

      default:
        throw this.#noOpcode(opcode, at);
    }
  }

  #pushPlain(kind: ValueKinds, length: number, at: number): void {
    this.#reader.pass(length, at);
    this.#stack.push(plainValue(kind));
  }

  #pushCall({ args, at }: { readonly args: PickleValue; readonly at: number }): void {
    const callable = this.#stack.pop();
    this.#checkKind(args, { kinds: ARGUMENTS, at, state: NO_CALL });
    this.#checkKind(callable, { kinds: CALLABLE, at, state: NO_CALL });
    this.#stack.push(callOf(callable, args));
  }

  #setItems(start: number, at: number): void {
    if (start < this.#stack.floor) throw this.#reader.fault(at, 'its stack is empty');
    const isNothing = start === this.#stack.length;
    this.#checkItems(start, at);
    this.#stack.cutTo(start);
    const target = this.#stack.top();
    if (isNothing) return;
    this.#checkKind(target, {
      kinds: TAKES_ITEMS,
      at,
      state: 'it sets items where there can be none',
    });
  }

  /** Keys and values by turns. */
  #checkItems(start: number, at: number): void {
    if ((this.#stack.length - start) % 2 !== 0) throw this.#reader.fault(at, 'a key has no value');
    for (let place = start; place < this.#stack.length; place += 2) {
      const key = this.#stack.at(place);
      if (key === undefined || isHashable(key)) continue;
      throw this.#reader.fault(at, 'a key is of a type that no dict takes');
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
    if (value === undefined || (value.valueKind & kinds) === 0) throw this.#reader.fault(at, state);
  }

  #pushTuple(start: number, at: number): void {
    if (start < this.#stack.floor) throw this.#reader.fault(at, 'its stack is empty');
    const all = this.#stack.from(start);
    const tuple = tupleOf(this.#stack.take(start), all);
    this.#stack.push(
      this.#reader.isInPieces && !canBeReference(tuple) ? plainValue(VALUE.TUPLE) : tuple,
    );
  }

  #append(start: number, at: number): void {
    if (start < this.#stack.floor) throw this.#reader.fault(at, 'its stack is empty');
    const isNothing = start === this.#stack.length;
    const items = this.#stack.take(start);
    const list = this.#stack.top();
    if (isNothing) return;
    this.#checkKind(list, { kinds: TAKES_MORE, at, state: 'it appends to what is no list' });
    if (list.kind !== 'list') return;
    const added = items.slice(0, KEPT_ITEMS - list.items.length);
    for (const item of added) this.#stack.keep(item);
    list.items.push(...added);
  }

  #remember(place: number): void {
    const value = this.#stack.top();
    if (this.#memo.set(place, value) === 'kept') this.#stack.keep(value);
  }

  #recall(place: number, at: number): void {
    const value = this.#memo.get(place);
    if (value === undefined) throw this.#reader.fault(at, `its memo has nothing at ${place}`);
    this.#stack.push(value);
  }

  #noOpcode(opcode: number, at: number): Failure {
    const name = `0x${opcode.toString(16).padStart(2, '0')}`;
    return this.#reader.fault(at, `${name} is no opcode of its protocol`);
  }
}

/** Is shown each persistent id, in the order in which they stand there; gives what is loaded for it. */
export type PersistentIdReader = (id: PickleValue) => PickleValue;

const NO_CALL = 'it calls what is no class and no function';

/**
 * What a call gives. One is known: Python 3 writes bytes in protocols 0 to 2 as a call of
 * `_codecs.encode(text, 'latin1')`.
 */
function callOf(callable: PickleValue, args: PickleValue): PickleValue {
  if (callable.kind !== 'global' || args.kind !== 'tuple') return plainValue(VALUE.OBJECT);
  const [text, encoding] = args.items;
  if (!isString(text) || !isString(encoding)) return plainValue(VALUE.OBJECT);
  if (globalName(callable) !== '_codecs.encode' || textOf(encoding) !== 'latin1')
    return plainValue(VALUE.OBJECT);
  const source = Buffer.from(textOf(text), 'latin1');
  const valueKind = kindOfBytes(source.length, false);
  return { kind: 'bytes', valueKind, source, start: 0, end: source.length };
}
