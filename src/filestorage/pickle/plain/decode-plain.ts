import { NEWEST_PROTOCOL, OPCODES as OP } from '../opcodes.ts';
import { isDict, type PlainData } from './plain-data.ts';
import { PlainOperands } from './plain-operands.ts';

/** Most values that a pickle may make: each may cost a hundred times the byte that asks for it. */
const MOST_VALUES = 1 << 17;

/**
 * The value of a pickle of protocol 0 to 5 that has plain values only: no class, no call, no reference, no set. A
 * str of Python 2 becomes text, a character for each byte. Bytes in the value are a view of the pickle.
 *
 * Failure `damaged`: anything else, bytes behind the pickle, more than {@link MOST_VALUES} values.
 */
export function decodePlain(pickle: Uint8Array): PlainData {
  return new PlainDecoder(pickle).decode();
}

class PlainDecoder {
  readonly #operands: PlainOperands;
  readonly #stack: PlainData[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PlainData>();
  /** Values and marks that were pushed. */
  #pushed = 0;

  constructor(pickle: Uint8Array) {
    this.#operands = new PlainOperands(pickle);
  }

  decode(): PlainData {
    for (;;) {
      const opcode = this.#operands.opcode();
      if (opcode === OP.STOP) return this.#stop();
      if (!this.#pushScalar(opcode) && !this.#build(opcode) && !this.#arrange(opcode)) {
        const name = `0x${opcode.toString(16).padStart(2, '0')}`;
        throw this.#operands.fault(`its opcode ${name} makes no plain value`);
      }
    }
  }

  #stop(): PlainData {
    const value = this.#pop();
    if (this.#stack.length > 0) throw this.#operands.fault('it ends with more than one value');
    if (!this.#operands.isAtEnd) throw this.#operands.fault('there are bytes behind it');
    return value;
  }

  /** Numbers, bytes and text; whether the opcode makes one. */
  #pushScalar(opcode: number): boolean {
    const operands = this.#operands;
    switch (opcode) {
      case OP.NONE:
        return this.#push(null);
      case OP.NEWTRUE:
        return this.#push(true);
      case OP.NEWFALSE:
        return this.#push(false);
      case OP.BININT1:
        return this.#push(operands.uint1());
      case OP.BININT2:
        return this.#push(operands.uint2());
      case OP.BININT:
        return this.#push(operands.int4());
      case OP.LONG1:
        return this.#push(operands.integer(operands.uint1()));
      case OP.LONG4:
        return this.#push(operands.integer(operands.uint4()));
      case OP.INT:
        return this.#push(operands.intOrBoolean());
      case OP.LONG:
        return this.#push(operands.integerLine());
      case OP.BINFLOAT:
        return this.#push({ kind: 'float', value: operands.float8() });
      case OP.FLOAT:
        return this.#push({ kind: 'float', value: operands.floatLine() });
      case OP.SHORT_BINBYTES:
        return this.#push(operands.bytes(operands.uint1()));
      case OP.BINBYTES:
        return this.#push(operands.bytes(operands.uint4()));
      case OP.BINBYTES8:
        return this.#push(operands.bytes(operands.length8()));
      case OP.SHORT_BINSTRING:
        return this.#push(operands.bytes(operands.uint1()).toString('latin1'));
      case OP.BINSTRING:
        return this.#push(operands.bytes(operands.uint4()).toString('latin1'));
      case OP.STRING:
        return this.#push(operands.textLine('literal'));
      case OP.SHORT_BINUNICODE:
        return this.#push(operands.bytes(operands.uint1()).toString('utf8'));
      case OP.BINUNICODE:
        return this.#push(operands.bytes(operands.uint4()).toString('utf8'));
      case OP.BINUNICODE8:
        return this.#push(operands.bytes(operands.length8()).toString('utf8'));
      case OP.UNICODE:
        return this.#push(operands.textLine('escaped'));
      default:
        return false;
    }
  }

  /** Tuples, lists and dicts, made and filled; whether the opcode does that. */
  #build(opcode: number): boolean {
    switch (opcode) {
      case OP.EMPTY_TUPLE:
        return this.#push([]);
      case OP.TUPLE1:
        return this.#push(this.#popLast(1));
      case OP.TUPLE2:
        return this.#push(this.#popLast(2));
      case OP.TUPLE3:
        return this.#push(this.#popLast(3));
      case OP.TUPLE:
        return this.#push(this.#popToMark());
      case OP.EMPTY_LIST:
        return this.#push({ kind: 'list', items: [] });
      case OP.LIST:
        return this.#push({ kind: 'list', items: this.#popToMark() });
      case OP.APPEND:
        return this.#append(this.#popLast(1));
      case OP.APPENDS:
        return this.#append(this.#popToMark());
      case OP.EMPTY_DICT:
        return this.#push(new Map());
      case OP.DICT: {
        const items = this.#popToMark();
        return this.#push(new Map()) && this.#setItems(items);
      }
      case OP.SETITEM:
        return this.#setItems(this.#popLast(2));
      case OP.SETITEMS:
        return this.#setItems(this.#popToMark());
      default:
        return false;
    }
  }

  /** What changes stack and memo alone; whether the opcode does that. */
  #arrange(opcode: number): boolean {
    const operands = this.#operands;
    switch (opcode) {
      case OP.PROTO:
        if (operands.uint1() > NEWEST_PROTOCOL) throw operands.fault('its protocol is not known');
        return true;
      case OP.FRAME:
        operands.length8();
        return true;
      case OP.MARK:
        this.#count();
        this.#marks.push(this.#stack.length);
        return true;
      case OP.POP:
        this.#pop();
        return true;
      case OP.POP_MARK:
        this.#popToMark();
        return true;
      case OP.DUP:
        return this.#push(this.#top());
      case OP.PUT:
        return this.#remember(operands.placeLine());
      case OP.BINPUT:
        return this.#remember(operands.uint1());
      case OP.LONG_BINPUT:
        return this.#remember(operands.uint4());
      case OP.MEMOIZE:
        return this.#remember(this.#memo.size);
      case OP.GET:
        return this.#recall(operands.placeLine());
      case OP.BINGET:
        return this.#recall(operands.uint1());
      case OP.LONG_BINGET:
        return this.#recall(operands.uint4());
      default:
        return false;
    }
  }

  #push(value: PlainData): true {
    this.#count();
    this.#stack.push(value);
    return true;
  }

  #count(): void {
    this.#pushed += 1;
    if (this.#pushed > MOST_VALUES) throw this.#operands.fault('it has too many values');
  }

  #pop(): PlainData {
    const [value = null] = this.#popLast(1);
    return value;
  }

  #top(): PlainData {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  #popLast(count: number): PlainData[] {
    const start = this.#stack.length - count;
    if (start < (this.#marks.at(-1) ?? 0)) throw this.#operands.fault('its stack is empty');
    return this.#stack.splice(start);
  }

  #popToMark(): PlainData[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#operands.fault('its stack has no mark');
    return this.#stack.splice(mark);
  }

  #append(items: readonly PlainData[]): true {
    const list = this.#top();
    if (list === null || typeof list !== 'object' || !('kind' in list) || list.kind !== 'list')
      throw this.#operands.fault('it appends to what is no list');
    // It was made here, and grows until the pickle ends.
    for (const item of items) (list.items as PlainData[]).push(item);
    return true;
  }

  /** @param items - keys and values by turns */
  #setItems(items: readonly PlainData[]): true {
    const dict = this.#top();
    if (!isDict(dict)) throw this.#operands.fault('it sets items in what is no dict');
    if (items.length % 2 !== 0) throw this.#operands.fault('a key has no value');
    for (let place = 0; place < items.length; place += 2)
      (dict as Map<PlainData, PlainData>).set(items[place] ?? null, items[place + 1] ?? null);
    return true;
  }

  #remember(place: number): true {
    this.#memo.set(place, this.#top());
    return true;
  }

  #recall(place: number): true {
    const value = this.#memo.get(place);
    if (value === undefined) throw this.#operands.fault(`its memo has nothing at ${place}`);
    return this.#push(value);
  }
}
