import { type Oid, oidFrom } from '../oid.ts';
import {
  globalName,
  isString,
  type PickleValue,
  type StringValue,
  textOf,
} from './pickle-value.ts';
import { VALUE } from './value-kind.ts';

/**
 * A persistent reference: what an object's state says instead of another persistent object.
 *
 * | kind | persistent id (ZODB, `serialize.py`) |
 * | --- | --- |
 * | `strong` | `oid` · `(oid, class)` · `(oid, (module, name))`, before ZODB 3.3 |
 * | `weak` | `[oid]` · `['w', (oid,)]` |
 * | `weak`, with a database | `['w', (oid, database)]` |
 * | `foreign` | `['n', (database, oid)]` · `['m', (database, oid, class)]` |
 */
export type Reference =
  | { readonly kind: 'strong'; readonly oid: Oid; readonly className: string | undefined }
  | { readonly kind: 'weak'; readonly oid: Oid; readonly database: string | undefined }
  | {
      readonly kind: 'foreign';
      readonly oid: Oid;
      readonly database: string;
      readonly className: string | undefined;
    };

/**
 * The reference that a persistent id stands for. `unknown`: ZODB loads it, and it leads to no object here that
 * anybody could miss, as a weak reference whose oid is none. Undefined: ZODB doesn't load it (`serialize.py`,
 * `ObjectReader`, was tried with each form), or finds nothing there, as where an oid hasn't 8 bytes.
 */
export function referenceOf(id: PickleValue): Reference | 'unknown' | undefined {
  switch (id.kind) {
    case 'tuple':
      return id.items.length === 2 && canBeClass(id.items[1])
        ? strong(id.items[0], id.items[1])
        : undefined;
    case 'list':
      return id.items.length === 1 ? weak(id.items[0], undefined) : marked(id.items);
    case 'plain':
      return canBeIterated(id) ? 'unknown' : undefined;
    default:
      return strong(id, undefined);
  }
}

/**
 * The name of a class, `module.name`, where the value is one: the class itself, `(class, arguments)`
 * or, as old versions of ZODB wrote it, `((module, name), arguments)`.
 */
export function classNameOf(value: PickleValue | undefined): string | undefined {
  const named = value?.kind === 'tuple' ? value.items[0] : value;
  return named?.kind === 'global' ? globalName(named) : pairName(named);
}

/** `module.name` of a pair of these. */
function pairName(value: PickleValue | undefined): string | undefined {
  if (value?.kind !== 'tuple') return undefined;
  const [module, name] = value.items;
  return isString(module) && isString(name) ? `${textOf(module)}.${textOf(name)}` : undefined;
}

function marked(items: readonly PickleValue[]): Reference | 'unknown' | undefined {
  const [mark, args] = items;
  if (items.length !== 2 || !isString(mark) || args === undefined) return undefined;
  const letter = textOf(mark);
  if (!['w', 'n', 'm'].includes(letter)) return undefined;
  if (args.kind !== 'tuple') return isString(args) || canBeIterated(args) ? 'unknown' : undefined;
  const [first, second, third] = args.items;
  const count = args.items.length;
  switch (letter) {
    case 'w':
      return count === 1 || count === 2 ? weak(first, second) : undefined;
    case 'n':
      return count === 2 ? foreign(first, { oid: second, class: undefined }) : undefined;
    default:
      return count === 3 ? foreign(first, { oid: second, class: third }) : undefined;
  }
}

function classOfReference(value: PickleValue | undefined): string | undefined {
  return pairName(value) ?? classNameOf(value);
}

function canBeClass(value: PickleValue | undefined): boolean {
  const kinds = VALUE.GLOBAL | VALUE.OBJECT | VALUE.REFERENCE;
  return ((value?.valueKind ?? 0) & kinds) !== 0 || classOfReference(value) !== undefined;
}

/** Python takes the words of a reference from anything that has some. */
function canBeIterated({ valueKind }: PickleValue): boolean {
  const others = VALUE.OBJECT | VALUE.LIST | VALUE.DICT | VALUE.SET | VALUE.TUPLE;
  return (valueKind & others) !== 0;
}

function strong(id: PickleValue | undefined, itsClass: PickleValue | undefined) {
  const oid = oidOf(id);
  if (oid === undefined) return undefined;
  return { kind: 'strong', oid, className: classOfReference(itsClass) } as const;
}

function weak(id: PickleValue | undefined, database: PickleValue | undefined) {
  if (!isString(id)) return undefined;
  const oid = oidOf(id);
  if (oid === undefined) return 'unknown';
  const name = isString(database) ? textOf(database) : undefined;
  return { kind: 'weak', oid, database: name } as const;
}

function foreign(
  database: PickleValue | undefined,
  args: { readonly oid: PickleValue | undefined; readonly class: PickleValue | undefined },
) {
  if (!isString(args.oid) || database?.valueKind === undefined) return undefined;
  if ((database.valueKind & NAME) === 0) return undefined;
  const oid = oidOf(args.oid);
  // Of a very long record names are not kept.
  if (oid === undefined || !isString(database)) return 'unknown';
  const className = classNameOf(args.class);
  return { kind: 'foreign', oid, database: textOf(database), className } as const;
}

/** A str of Python 2 is one of these. */
const NAME = VALUE.TEXT | VALUE.OBJECT | VALUE.BYTES_OF_8;

const OID_BYTES = 8;

function oidOf(value: PickleValue | undefined): Oid | undefined {
  if (!isString(value)) return undefined;
  if (value.kind === 'bytes') return decodeBytes(value);
  // The longest way to write one byte is an escape of four: \x00, and UTF-8 takes fewer.
  if (value.end - value.start > OID_BYTES * 6 + 2) return undefined;
  const text = textOf(value);
  if (text.length !== OID_BYTES) return undefined;
  let oid = 0n;
  for (let place = 0; place < OID_BYTES; place++) {
    const code = text.charCodeAt(place);
    if (code > 0xff) return undefined;
    oid = (oid << 8n) | BigInt(code);
  }
  return oidFrom(oid);
}

function decodeBytes({ source, start, end }: StringValue): Oid | undefined {
  if (end - start !== OID_BYTES) return undefined;
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  return oidFrom(view.getBigUint64(start));
}
