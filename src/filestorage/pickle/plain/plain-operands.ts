import { Failure } from '../../../system/failure.ts';
import { viewOf } from '../../uncommitted-tail.ts';
import { decodeInteger, exactInteger } from '../integers.ts';
import { type StringValue, textOf } from '../pickle-value.ts';
import { LINE_END } from '../text.ts';
import { VALUE } from '../value-kind.ts';

/** Longest integer, in bytes or digits: to read a longer one takes time that grows faster than it. */
const LONGEST_INTEGER = 1 << 10;

/** Reads opcodes and what follows them, as values. Failure `damaged`, of each method: it passes the end, or is no such value. */
export class PlainOperands {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #offset = 0;
  /** Where the opcode stands that was read last: faults name that place. */
  #opcodeAt = 0;

  constructor(pickle: Uint8Array) {
    this.#bytes = Buffer.from(pickle.buffer, pickle.byteOffset, pickle.byteLength);
    this.#view = viewOf(pickle);
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  opcode(): number {
    this.#opcodeAt = this.#offset;
    return this.uint1();
  }

  uint1(): number {
    return this.#view.getUint8(this.#pass(1));
  }

  uint2(): number {
    return this.#view.getUint16(this.#pass(2), true);
  }

  int4(): number {
    return this.#view.getInt32(this.#pass(4), true);
  }

  uint4(): number {
    return this.#view.getUint32(this.#pass(4), true);
  }

  /** A length of 8 bytes; beyond 2^53 it is not exact, and passes the end. */
  length8(): number {
    const at = this.#pass(8);
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  float8(): number {
    return this.#view.getFloat64(this.#pass(8));
  }

  /** A view of so many bytes. */
  bytes(length: number): Buffer {
    const start = this.#pass(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** An integer of so many bytes, the least first. */
  integer(length: number): number | bigint {
    if (length > LONGEST_INTEGER) throw this.fault('an integer is too long');
    return decodeInteger(this.bytes(length));
  }

  /** One that is written in digits; `01` and `00` are True and False where `booleans` says so. */
  integerLine(): number | bigint {
    const text = this.#line().toString('latin1');
    if (text.length <= LONGEST_INTEGER && /^[+-]?\d+L?$/.test(text))
      return exactInteger(BigInt(text.replace(/^\+|L$/g, '')));
    throw this.fault('an integer is none');
  }

  /** The operand of INT: an integer, or True or False. */
  intOrBoolean(): number | bigint | boolean {
    const text = this.#bytes.toString('latin1', this.#offset, this.#offset + 3);
    if (text !== '01\n' && text !== '00\n') return this.integerLine();
    this.#pass(3);
    return text === '01\n';
  }

  floatLine(): number {
    const text = this.#line().toString('latin1');
    const value = Number(text);
    if (text !== '' && !Number.isNaN(value)) return value;
    throw this.fault('a float is none');
  }

  /** A place in the memo. */
  placeLine(): number {
    const text = this.#line().toString('latin1');
    if (/^\d{1,10}$/.test(text)) return Number(text);
    throw this.fault('a place in its memo is no number');
  }

  /** A str of Python 2 as `repr` writes it, or text with escapes. */
  textLine(kind: Extract<StringValue['kind'], 'literal' | 'escaped'>): string {
    const source = this.#line();
    if (kind === 'literal' && !/^(['"]).*\1$/s.test(source.toString('latin1')))
      throw this.fault('a text has no quotes');
    return textOf({ kind, valueKind: VALUE.TEXT, source, start: 0, end: source.length });
  }

  /** What is wrong with the opcode that was read last. */
  fault(state: string): Failure {
    return new Failure(
      'damaged',
      `Cannot read the pickle at its byte ${this.#opcodeAt}: ${state}`,
      {
        hint: 'Only plain values are read: numbers, text, bytes, tuples, lists and dicts.',
      },
    );
  }

  #line(): Buffer {
    const end = this.#bytes.indexOf(LINE_END, this.#offset);
    if (end < 0) throw this.fault('a line has no end');
    const line = this.bytes(end - this.#offset);
    this.#pass(1);
    return line;
  }

  /** Where the next so many bytes begin, all of which are there. */
  #pass(length: number): number {
    const start = this.#offset;
    if (length > this.#bytes.length - start) throw this.fault('it ends in the middle');
    this.#offset = start + length;
    return start;
  }
}
