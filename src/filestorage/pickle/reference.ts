import { type Oid, oidFrom } from '../oid.ts';
import {
  globalName,
  isString,
  type PickleValue,
  type StringValue,
  textOf,
} from './pickle-value.ts';

/**
 * A persistent reference: what an object's state says instead of another persistent object.
 *
 * | kind | persistent id (ZODB, `serialize.py`) |
 * | --- | --- |
 * | `strong` | `oid` · `(oid, class)` |
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

/** The reference that a persistent id stands for; undefined where it is of no form that ZODB has. */
export function referenceOf(id: PickleValue): Reference | undefined {
  switch (id.kind) {
    case 'tuple':
      return id.items.length === 2 ? strong(id.items[0], id.items[1]) : undefined;
    case 'list':
      return id.items.length === 1 ? weak(id.items[0], undefined) : marked(id.items);
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
  if (named?.kind === 'global') return globalName(named);
  if (named?.kind !== 'tuple') return undefined;
  const [module, name] = named.items;
  return isString(module) && isString(name) ? `${textOf(module)}.${textOf(name)}` : undefined;
}

function marked(items: readonly PickleValue[]): Reference | undefined {
  const [mark, words] = items;
  if (items.length !== 2 || !isString(mark) || words?.kind !== 'tuple') return undefined;
  const [first, second, third] = words.items;
  const count = words.items.length;
  switch (textOf(mark)) {
    case 'w':
      return count === 1 || count === 2 ? weak(first, second) : undefined;
    case 'n':
      return count === 2 ? foreign(first, { oid: second, class: undefined }) : undefined;
    case 'm':
      return count === 3 ? foreign(first, { oid: second, class: third }) : undefined;
    default:
      return undefined;
  }
}

function strong(id: PickleValue | undefined, itsClass: PickleValue | undefined) {
  const oid = oidOf(id);
  if (oid === undefined) return undefined;
  return { kind: 'strong', oid, className: classNameOf(itsClass) } as const;
}

function weak(id: PickleValue | undefined, database: PickleValue | undefined) {
  const oid = oidOf(id);
  if (oid === undefined) return undefined;
  if (database === undefined) return { kind: 'weak', oid, database } as const;
  return isString(database)
    ? ({ kind: 'weak', oid, database: textOf(database) } as const)
    : undefined;
}

function foreign(
  database: PickleValue | undefined,
  words: { readonly oid: PickleValue | undefined; readonly class: PickleValue | undefined },
) {
  const oid = oidOf(words.oid);
  if (oid === undefined || !isString(database)) return undefined;
  const className = classNameOf(words.class);
  return { kind: 'foreign', oid, database: textOf(database), className } as const;
}

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
