import type { StateTuple } from './state-shape.ts';
import type { ValueKinds } from './value-kind.ts';

/**
 * What a pickle's stack holds, as far as a persistent reference or a class can be made of it, or a class
 * may refuse it in its state. Of everything else only its kind is kept: nothing is built.
 */
export type PickleValue = PlainValue | StringValue | GlobalValue | TupleValue | ListValue;

/** Of which nothing is kept but what it is. */
export interface PlainValue {
  readonly kind: 'plain';
  readonly valueKind: ValueKinds;
  /** `module.name` of the object that it refers to, where it says so. */
  readonly className?: string | undefined;
}

/**
 * Bytes or text, left as they stand in the pickle until somebody asks:
 * - `bytes`: as they are, a Python 2 str too
 * - `text`: UTF-8
 * - `literal`: a Python 2 str as `repr` writes it, with its quotes (opcode STRING)
 * - `escaped`: text in Python's `raw-unicode-escape` (opcode UNICODE)
 */
export interface StringValue {
  readonly kind: 'bytes' | 'text' | 'literal' | 'escaped';
  readonly valueKind: ValueKinds;
  readonly source: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** A class or function by its name. */
export interface GlobalValue {
  readonly kind: 'global';
  readonly valueKind: ValueKinds;
  readonly module: StringValue;
  readonly name: StringValue;
}

export interface TupleValue {
  readonly kind: 'tuple';
  readonly valueKind: ValueKinds;
  /** The first few. */
  readonly items: readonly PickleValue[];
  /** What a state's rules need to know of all of them. */
  readonly tuple: StateTuple & {
    readonly first: PickleValue | undefined;
    readonly second: PickleValue | undefined;
  };
  readonly isHashable: boolean;
  /** Values in it, those that it is made of included, and itself. */
  readonly weight: number;
}

/** Lists grow after they were made; of a long one the first items are kept, and no lists. */
export interface ListValue {
  readonly kind: 'list';
  readonly valueKind: ValueKinds;
  readonly items: PickleValue[];
}

const plains = new Map<ValueKinds, PlainValue>();

/** The value of which only the kind is known: one for all of that kind. */
export function plainValue(valueKind: ValueKinds): PlainValue {
  const known = plains.get(valueKind);
  if (known !== undefined) return known;
  const made: PlainValue = { kind: 'plain', valueKind };
  plains.set(valueKind, made);
  return made;
}

export function isString(value: PickleValue | undefined): value is StringValue {
  switch (value?.kind) {
    case 'bytes':
    case 'text':
    case 'literal':
    case 'escaped':
      return true;
    default:
      return false;
  }
}

/** The value as text; bytes are taken for Latin-1, as Python 3 takes a Python 2 str in ZODB. */
export function textOf(value: StringValue): string {
  const raw = Buffer.from(value.source.buffer, value.source.byteOffset, value.source.byteLength);
  switch (value.kind) {
    case 'bytes':
      return raw.toString('latin1', value.start, value.end);
    case 'text':
      return raw.toString('utf8', value.start, value.end);
    case 'literal':
      return unquote(raw.toString('latin1', value.start, value.end));
    case 'escaped':
      return readEscapes(raw.toString('latin1', value.start, value.end));
    default:
      return value.kind satisfies never;
  }
}

/** `module.name`. */
export function globalName({ module, name }: GlobalValue): string {
  return `${textOf(module)}.${textOf(name)}`;
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** What Python's `repr` of a Python 2 str stands for. */
function unquote(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g,
      (_, hex?: string, octal?: string, letter?: string) => {
        if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
        if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
        return SIMPLE_ESCAPES[letter ?? ''] ?? letter ?? '';
      },
    );
}

/** Only `\uXXXX` and `\UXXXXXXXX` are escapes there. */
function readEscapes(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (whole, short, long) => {
    const code = Number.parseInt(short ?? long, 16);
    return code > 0x10ffff ? whole : String.fromCodePoint(code);
  });
}
