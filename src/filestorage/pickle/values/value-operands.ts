import { isUtf8 } from 'node:buffer';
import { viewOf } from '../../uncommitted-tail.ts';
import { decodeInteger, exactInteger } from '../integers.ts';
import { textOf as decodeString } from '../pickle-value.ts';
import { LINE_END } from '../text.ts';
import { VALUE } from '../value-kind.ts';

/** Reads the operands of opcodes whose lengths have been proven: of a pickle that was followed before. */
export class ValueOperands {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #offset = 0;
  #hasOldStrings = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = viewOf(bytes);
  }

  /** Where the next opcode or operand stands. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether a str of Python 2 was among them. */
  get hasOldStrings(): boolean {
    return this.#hasOldStrings;
  }

  uint8(): number {
    return this.#view.getUint8(this.#pass(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#pass(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#pass(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#pass(4), true);
  }

  /** Of 8 bytes; one that a pickle's length has proven is exact. */
  length8(): number {
    return Number(this.#view.getBigUint64(this.#pass(8), true));
  }

  float(): number {
    return this.#view.getFloat64(this.#pass(8), false);
  }

  /** An integer of so many bytes, the least first, with a sign. */
  integer(length: number): number | bigint {
    return decodeInteger(this.bytes(length));
  }

  bytes(length: number): Uint8Array {
    const start = this.#pass(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(length: number): string {
    const start = this.#pass(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  /** A str of Python 2. */
  oldString(length: number): string | Uint8Array {
    this.#hasOldStrings = true;
    return textOrBytes(this.bytes(length));
  }

  /** The same as `repr` writes it. */
  literal(): string | Uint8Array {
    this.#hasOldStrings = true;
    const line = this.#line();
    const text = decodeString({ ...line, kind: 'literal', valueKind: VALUE.OBJECT });
    return textOrBytes(Buffer.from(text, 'latin1'));
  }

  escapedText(): string {
    return decodeString({ ...this.#line(), kind: 'escaped', valueKind: VALUE.TEXT });
  }

  line(): string {
    const { source, start, end } = this.#line();
    return source.toString('utf8', start, end);
  }

  /** In digits, as protocol 0 writes integers; True and False are `01` and `00`. */
  integerLine(): number | bigint | boolean {
    const text = this.line().trim();
    if (text === '01') return true;
    if (text === '00') return false;
    const digits = text.replace(/^\+|L$/g, '');
    return /^-?\d+$/.test(digits) ? exactInteger(BigInt(digits)) : Number(digits);
  }

  #line(): { readonly source: Buffer; readonly start: number; readonly end: number } {
    const start = this.#offset;
    const end = this.#bytes.indexOf(LINE_END, start);
    this.#offset = end + 1;
    return { source: this.#bytes, start, end };
  }

  #pass(length: number): number {
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}

function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  return isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : bytes;
}
