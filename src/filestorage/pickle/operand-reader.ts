import { Failure } from '../../system/failure.ts';
import { viewOf } from '../uncommitted-tail.ts';
import { type PickleValue, plainValue, type StringValue, textOf } from './pickle-value.ts';
import { isText, LINE_END } from './text.ts';
import { kindOfBytes, kindOfInteger, VALUE, type ValueKinds } from './value-kind.ts';

/** Longest string of which the bytes are kept: no name and no oid has more. */
const LONGEST_KEPT = 1 << 10;
/** The same in a pickle that comes in pieces, of protocol 3: an oid, and the text that marks a weak reference. */
const LONGEST_KEPT_OF_PIECES = { bytes: 8, text: 1 } as const;
/** Longest line that is waited for in a pickle that comes in pieces. */
const LONGEST_LINE = 1 << 24;

/** Thrown where more bytes have to be fed first. */
export const MORE = Symbol('more');

/**
 * Reads what follows a pickle's opcodes: lengths, integers, strings and lines. Its bytes may come in
 * pieces, of which it keeps only what it needs; where it needs more, it throws {@link MORE}.
 *
 * `at`, in each method, is where the opcode stands in the bytes that are there: faults name that place.
 * Failure `damaged`: an argument that passes the end, or is none of its opcode's.
 */
export class OperandReader {
  readonly #sizeBytes: number;
  /** The protocol of the pickle, as its opcode PROTO says: of one in pieces of protocol 3, less is kept. */
  protocol = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Bytes that stood before those that are there. */
  #base = 0;
  /** Bytes still to come that nobody wants. */
  #skipped = 0;
  #offset = 0;

  /** @param sizeBytes - of all pickles together */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
  }

  /** Bytes that have been read. */
  get position(): number {
    return this.#base + this.#offset;
  }

  /** Where the next operand stands in the bytes that are there. */
  get offset(): number {
    return this.#offset;
  }

  /** Goes back to an opcode that is to be read again when more is there. */
  rewind(at: number): void {
    this.#offset = at;
  }

  /** The next bytes: all, or a piece, which is valid until {@link keepRest} is called. */
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

  uint8(): number {
    const at = this.#offset;
    this.#need(1, at);
    this.#offset += 1;
    return this.#view.getUint8(at);
  }

  uint4(): number {
    const at = this.#offset;
    this.#need(4, at);
    this.#offset += 4;
    return this.#view.getUint32(at, true);
  }

  /** A length of 4 bytes with a sign. */
  int4(at: number): number {
    const length = this.uint4();
    if (length >= 2 ** 31) throw this.fault(at, 'a length is less than 0');
    return length;
  }

  /** A length of 8 bytes; beyond 2^53 it is not exact, and passes the end. */
  length8(): number {
    const at = this.#offset;
    this.#need(8, at);
    this.#offset += 8;
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  /** The kind of an integer of so many bytes, the least first. */
  long(length: number, at: number): ValueKinds {
    if (length > 8) {
      const isKnown = length < LONGEST_KEPT;
      this.checkLeft(length, at);
      if (isKnown) this.#need(length, at);
      const kind = isKnown ? this.#kindOfLong(length) : VALUE.LARGE_INTEGER;
      this.pass(length, at);
      return kind;
    }
    this.#need(length, at);
    const kind = this.#kindOfLong(length);
    this.pass(length, at);
    return kind;
  }

  #kindOfLong(length: number): ValueKinds {
    if (length === 0) return VALUE.UINT31;
    const digits = Buffer.from(this.#bytes.subarray(this.#offset, this.#offset + length)).reverse();
    return kindOfInteger(BigInt.asIntN(8 * length, BigInt(`0x${digits.toString('hex')}`)));
  }

  /** The kind of an integer that is written in digits. */
  integerLine(at: number): ValueKinds {
    const text = textOf(this.line('bytes', at)).trim();
    // Python reads other forms, too, which no pickler writes: then nobody knows how large it is.
    if (/^[+-]?\d{1,400}L?$/.test(text)) return kindOfInteger(BigInt(text.replace(/^\+|L$/g, '')));
    if (/^[+-]?[\da-fxob_]+L?$/i.test(text)) return VALUE.OBJECT;
    throw this.fault(at, 'an integer is no number');
  }

  /** Bytes or text of that length. Of a long one only its kind is kept. */
  string(
    kind: 'bytes' | 'text',
    length: number,
    { at, isOldString = false }: { readonly at: number; readonly isOldString?: boolean },
  ): PickleValue {
    this.checkLeft(length, at);
    const valueKind = kind === 'text' ? VALUE.TEXT : kindOfBytes(length, isOldString);
    const inPieces = this.isInPieces;
    const isLean = inPieces && this.protocol === 3;
    const longest = isLean ? LONGEST_KEPT_OF_PIECES[kind] : LONGEST_KEPT;
    if (length > longest) {
      this.#checkText(kind, length, at);
      this.pass(length, at);
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
      throw this.fault(at, 'a text is no UTF-8');
  }

  /** The name of a class or of its module. */
  nameLine(at: number): StringValue {
    const line = this.line('text', at);
    if (isText(line.source.subarray(line.start, line.end))) return line;
    throw this.fault(at, 'the name of a class is no UTF-8');
  }

  /** A Python 2 str as `repr` writes it. */
  literal(at: number): StringValue {
    const literal = this.line('literal', at);
    if (!isQuoted(literal)) throw this.fault(at, 'a text has no quotes');
    return literal;
  }

  /** Up to the next line end, which is passed. */
  line(kind: StringValue['kind'], at: number): StringValue {
    const start = this.#offset;
    const end = this.#bytes.indexOf(LINE_END, start);
    if (end < 0) {
      const isWaiting = this.#isMoreToCome && this.#bytes.length - start < LONGEST_LINE;
      throw isWaiting ? MORE : this.fault(at, 'a line has no end');
    }
    this.#offset = end + 1;
    const valueKind = kind === 'escaped' ? VALUE.TEXT : VALUE.OBJECT;
    const inPieces = this.isInPieces;
    const source = inPieces ? copyOf(this.#bytes.subarray(start, end)) : this.#bytes;
    return inPieces
      ? { kind, valueKind, source, start: 0, end: end - start }
      : { kind, valueKind, source, start, end };
  }

  /** A place in the memo. */
  decimal(at: number): number {
    const text = textOf(this.line('bytes', at));
    if (!/^\d{1,10}$/.test(text)) throw this.fault(at, 'a place in its memo is no number');
    return Number(text);
  }

  /** Whether the bytes are somebody else's: what is kept must be a copy. */
  get isInPieces(): boolean {
    return this.#bytes.length < this.#sizeBytes;
  }

  get #isMoreToCome(): boolean {
    return this.#base + this.#bytes.length < this.#sizeBytes;
  }

  checkLeft(length: number, at: number): void {
    if (this.#base + this.#offset + length <= this.#sizeBytes) return;
    throw this.fault(at, 'it ends in the middle');
  }

  /** Sees to it that so many bytes are there. */
  #need(length: number, at: number): void {
    if (this.#offset + length <= this.#bytes.length) return;
    this.checkLeft(length, at);
    throw MORE;
  }

  /** Passes over so many bytes, wherever they are. */
  pass(length: number, at: number): void {
    this.checkLeft(length, at);
    const here = Math.min(length, this.#bytes.length - this.#offset);
    this.#offset += here;
    this.#skipped = length - here;
  }

  /** What is wrong with the opcode that stands there. */
  fault(at: number, state: string): Failure {
    const offset = this.#base + at;
    return new Failure('damaged', `Cannot follow the pickle at its byte ${offset}: ${state}`, {
      hint: 'The object’s record is damaged, or no pickle.',
    });
  }
}

/** A Buffer's own `slice` is none. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** As `repr` writes a str. */
function isQuoted({ source, start, end }: StringValue): boolean {
  const text = Buffer.from(source.subarray(start, end)).toString('latin1').trim();
  return /^(['"])[\s\S]*\1$/.test(text);
}
