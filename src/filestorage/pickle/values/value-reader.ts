import { OPCODES as OP } from '../opcodes.ts';
import { referenceOfValue } from './reference-value.ts';
import type { ClassValue, ReferenceValue, Value } from './value.ts';
import { ValueOperands } from './value-operands.ts';

/** A value that may still grow. */
type GrowingValue =
  | Exclude<Value, { readonly kind: unknown }>
  | ClassValue
  | ReferenceValue
  | { readonly kind: 'list' | 'tuple' | 'set'; readonly items: Value[] }
  | { readonly kind: 'dict'; readonly entries: [Value, Value][] }
  | {
      readonly kind: 'object';
      readonly callable: Value;
      readonly args: readonly Value[];
      state: Value | undefined;
      readonly items: Value[];
      readonly entries: [Value, Value][];
    };

/**
 * Builds the values of a record's pickles, protocols 0 to 5, one pickle after the other with one memo, as Python's
 * Unpickler does. The pickles must have been followed before, by a `ReferenceFinder`: what is no pickle is its to
 * say, so that there is one judge, and nothing is checked again here.
 */
export class ValueReader {
  readonly #operands: ValueOperands;
  readonly #memo = new Map<number, GrowingValue>();
  #stack: GrowingValue[] = [];
  #marks: number[] = [];

  constructor(followedPickles: Uint8Array) {
    this.#operands = new ValueOperands(followedPickles);
  }

  /** Whether a str of Python 2 was in the pickles so far: Python 3 writes none. */
  get hasOldStrings(): boolean {
    return this.#operands.hasOldStrings;
  }

  /** The value of the next pickle. */
  next(): Value {
    this.#stack = [];
    this.#marks = [];
    for (;;) {
      const opcode = this.#operands.uint8();
      if (opcode === OP.STOP) return this.#pop();
      this.#follow(opcode);
    }
  }

  #follow(opcode: number): void {
    const made = this.#make(opcode);
    if (made === undefined) this.#act(opcode);
    else this.#stack.push(made);
  }

  /** What an opcode pushes; undefined: nothing, see {@link #act}. */
  #make(opcode: number): GrowingValue | undefined {
    const operands = this.#operands;
    switch (opcode) {
      case OP.NONE:
        return null;
      case OP.NEWTRUE:
        return true;
      case OP.NEWFALSE:
        return false;
      case OP.BININT:
        return operands.int32();
      case OP.BININT1:
        return operands.uint8();
      case OP.BININT2:
        return operands.uint16();
      case OP.LONG1:
        return operands.integer(operands.uint8());
      case OP.LONG4:
        return operands.integer(operands.uint32());
      case OP.INT:
      case OP.LONG:
        return operands.integerLine();
      case OP.BINFLOAT:
        return operands.float();
      case OP.FLOAT:
        return Number(operands.line());

      case OP.SHORT_BINSTRING:
        return operands.oldString(operands.uint8());
      case OP.BINSTRING:
        return operands.oldString(operands.uint32());
      case OP.STRING:
        return operands.literal();
      case OP.SHORT_BINBYTES:
        return operands.bytes(operands.uint8());
      case OP.BINBYTES:
        return operands.bytes(operands.uint32());
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        return operands.bytes(operands.length8());
      case OP.SHORT_BINUNICODE:
        return operands.text(operands.uint8());
      case OP.BINUNICODE:
        return operands.text(operands.uint32());
      case OP.BINUNICODE8:
        return operands.text(operands.length8());
      case OP.UNICODE:
        return operands.escapedText();
      // What stands outside of the pickle is not in the record.
      case OP.NEXT_BUFFER:
        return new Uint8Array(0);

      case OP.GLOBAL:
        return classOf(operands.line(), operands.line());
      case OP.STACK_GLOBAL: {
        const name = this.#pop();
        return classOf(nameFrom(this.#pop()), nameFrom(name));
      }
      // The names of these numbers stand in the process that wrote them.
      case OP.EXT1:
        return classOf(EXTENSIONS, String(operands.uint8()));
      case OP.EXT2:
        return classOf(EXTENSIONS, String(operands.uint16()));
      case OP.EXT4:
        return classOf(EXTENSIONS, String(operands.int32()));

      case OP.DUP:
        return this.#top();
      case OP.EMPTY_TUPLE:
        return { kind: 'tuple', items: [] };
      case OP.TUPLE1:
        return { kind: 'tuple', items: this.#take(1) };
      case OP.TUPLE2:
        return { kind: 'tuple', items: this.#take(2) };
      case OP.TUPLE3:
        return { kind: 'tuple', items: this.#take(3) };
      case OP.TUPLE:
        return { kind: 'tuple', items: this.#takeFromMark() };
      case OP.EMPTY_LIST:
        return { kind: 'list', items: [] };
      case OP.LIST:
        return { kind: 'list', items: this.#takeFromMark() };
      case OP.EMPTY_SET:
        return { kind: 'set', items: [] };
      case OP.FROZENSET:
        return { kind: 'set', items: this.#takeFromMark() };
      case OP.EMPTY_DICT:
        return { kind: 'dict', entries: [] };
      case OP.DICT:
        return { kind: 'dict', entries: pairsOf(this.#takeFromMark()) };

      case OP.NEWOBJ:
      case OP.REDUCE: {
        const args = this.#pop();
        return call(this.#pop(), argumentsIn(args));
      }
      case OP.NEWOBJ_EX: {
        const named = this.#pop();
        const args = this.#pop();
        return call(this.#pop(), [...argumentsIn(args), named]);
      }
      case OP.OBJ: {
        const [callable = null, ...args] = this.#takeFromMark();
        return call(callable, args);
      }
      case OP.INST: {
        const callable = classOf(operands.line(), operands.line());
        return call(callable, this.#takeFromMark());
      }

      case OP.BINPERSID:
        return this.#reference(this.#pop());
      case OP.PERSID:
        return this.#reference(operands.line());
      default:
        return undefined;
    }
  }

  /** What other opcodes do to the stack and the memo. */
  #act(opcode: number): void {
    const operands = this.#operands;
    switch (opcode) {
      case OP.PROTO:
        operands.uint8();
        return;
      case OP.FRAME:
        operands.length8();
        return;
      case OP.READONLY_BUFFER:
        return;

      case OP.MARK:
        this.#marks.push(this.#stack.length);
        return;
      case OP.POP:
        if (this.#stack.length > (this.#marks.at(-1) ?? 0)) this.#pop();
        else this.#marks.pop();
        return;
      case OP.POP_MARK:
        this.#takeFromMark();
        return;
      case OP.APPEND:
        this.#append(this.#take(1));
        return;
      case OP.APPENDS:
      case OP.ADDITEMS:
        this.#append(this.#takeFromMark());
        return;
      case OP.SETITEM:
        this.#setItems(this.#take(2));
        return;
      case OP.SETITEMS:
        this.#setItems(this.#takeFromMark());
        return;

      case OP.BUILD: {
        const state = this.#pop();
        const target = this.#top();
        if (isGrowing(target) && target.kind === 'object') target.state = state;
        return;
      }

      case OP.PUT:
        this.#remember(Number(operands.line()));
        return;
      case OP.BINPUT:
        this.#remember(operands.uint8());
        return;
      case OP.LONG_BINPUT:
        this.#remember(operands.uint32());
        return;
      case OP.MEMOIZE:
        this.#remember(this.#memo.size);
        return;
      case OP.GET:
        this.#recall(Number(operands.line()));
        return;
      case OP.BINGET:
        this.#recall(operands.uint8());
        return;
      case OP.LONG_BINGET:
        this.#recall(operands.uint32());
        return;
      default:
        throw new RangeError(`0x${opcode.toString(16)} is no opcode: the pickle was not followed`);
    }
  }

  #pop(): GrowingValue {
    return this.#stack.pop() ?? null;
  }

  #top(): GrowingValue {
    return this.#stack.at(-1) ?? null;
  }

  #take(count: number): GrowingValue[] {
    return this.#stack.splice(this.#stack.length - count);
  }

  #takeFromMark(): GrowingValue[] {
    return this.#stack.splice(this.#marks.pop() ?? 0);
  }

  #append(items: readonly Value[]): void {
    const target = this.#top();
    if (!isGrowing(target)) return;
    if (target.kind === 'list' || target.kind === 'set' || target.kind === 'object')
      for (const item of items) target.items.push(item);
  }

  #setItems(items: readonly Value[]): void {
    const target = this.#top();
    if (!isGrowing(target) || (target.kind !== 'dict' && target.kind !== 'object')) return;
    for (const pair of pairsOf(items)) target.entries.push(pair);
  }

  #reference(id: Value): ReferenceValue {
    return { kind: 'reference', reference: referenceOfValue(id), end: this.#operands.offset };
  }

  #remember(place: number): void {
    this.#memo.set(place, this.#top());
  }

  #recall(place: number): void {
    this.#stack.push(this.#memo.get(place) ?? null);
  }
}

/** The module that stands for Python's registry of numbers. */
const EXTENSIONS = 'copyreg.extension';

function isGrowing(
  value: GrowingValue,
): value is Extract<GrowingValue, { readonly kind: unknown }> {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function classOf(module: string, name: string): ClassValue {
  return { kind: 'class', module, name };
}

function nameFrom(value: Value): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
}

function argumentsIn(args: Value): readonly Value[] {
  if (typeof args !== 'object' || args === null || !('kind' in args)) return [];
  return args.kind === 'tuple' ? args.items : [args];
}

function pairsOf(items: readonly Value[]): [Value, Value][] {
  const pairs: [Value, Value][] = [];
  for (let place = 0; place + 1 < items.length; place += 2) {
    pairs.push([items[place] ?? null, items[place + 1] ?? null]);
  }
  return pairs;
}

/** Python 3 writes bytes in protocols 0 to 2 as a call of `_codecs.encode(text, 'latin1')`: they are bytes here, too. */
function call(callable: Value, args: readonly Value[]): GrowingValue {
  const [text, encoding] = args;
  const isEncode =
    typeof callable === 'object' &&
    callable !== null &&
    'kind' in callable &&
    callable.kind === 'class' &&
    callable.module === '_codecs' &&
    callable.name === 'encode';
  if (isEncode && encoding === 'latin1' && typeof text === 'string')
    return Buffer.from(text, 'latin1');
  return { kind: 'object', callable, args, state: undefined, items: [], entries: [] };
}
