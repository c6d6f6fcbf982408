import { type Oid, oidFrom } from '../../oid.ts';
import type { Reference } from '../reference.ts';
import { type ClassValue, isStructured, itemsOf, textOf, type Value } from './value.ts';

const OID_BYTES = 8;

/**
 * The reference that a persistent id stands for, in the forms of {@link Reference}; undefined where ZODB loads one
 * that leads to no object.
 */
export function referenceOfValue(id: Value): Reference | undefined {
  if (!isStructured(id)) return strong(id, undefined);
  const [first, second] = itemsOf(id);
  if (id.kind === 'tuple') return strong(first, second);
  if (id.kind !== 'list') return undefined;
  const args = itemsOf(second);
  switch (second === undefined ? undefined : textOf(first)) {
    case undefined:
      return second === undefined ? weak(first, undefined) : undefined;
    case 'w':
      return weak(args[0], args[1]);
    case 'n':
    case 'm':
      return foreign(args);
    default:
      return undefined;
  }
}

function strong(id: Value | undefined, itsClass: Value | undefined): Reference | undefined {
  const oid = oidOf(id);
  if (oid === undefined) return undefined;
  return { kind: 'strong', oid, className: pairName(itsClass) ?? classNamed(itsClass) };
}

function weak(id: Value | undefined, database: Value | undefined): Reference | undefined {
  const oid = oidOf(id);
  return oid === undefined ? undefined : { kind: 'weak', oid, database: textOf(database) };
}

function foreign([name, id, itsClass]: readonly Value[]): Reference | undefined {
  const oid = oidOf(id);
  const database = textOf(name);
  if (oid === undefined || database === undefined) return undefined;
  return { kind: 'foreign', oid, database, className: classNamed(itsClass) };
}

/** A class, `(class, arguments)`, or `((module, name), arguments)`, as `module.name`. */
export function classNamed(value: Value | undefined): string | undefined {
  if (!isStructured(value)) return undefined;
  if (value.kind === 'class') return nameOf(value);
  const [named] = itemsOf(value);
  return isStructured(named) && named.kind === 'class' ? nameOf(named) : pairName(named);
}

/** `module.name` of a pair of these, which stands for the class in a reference before ZODB 3.3. */
function pairName(value: Value | undefined): string | undefined {
  const [module, name] = itemsOf(value).map(textOf);
  return module === undefined || name === undefined ? undefined : `${module}.${name}`;
}

function nameOf({ module, name }: ClassValue): string {
  return `${module}.${name}`;
}

/** An oid is 8 bytes; text of 8 characters where Python 3 wrote it so, or a str of Python 2 that is UTF-8. */
function oidOf(id: Value | undefined): Oid | undefined {
  const bytes =
    typeof id === 'string' ? Buffer.from(id, id.length === OID_BYTES ? 'latin1' : 'utf8') : id;
  if (!(bytes instanceof Uint8Array) || bytes.length !== OID_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return oidFrom(view.getBigUint64(0));
}
