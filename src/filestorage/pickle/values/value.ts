import type { Reference } from '../reference.ts';

/**
 * What a pickle describes, as a value. Nothing of Python is called or imported: an object is the name of its
 * class with what the class would get. Values may be shared, and may hold themselves.
 *
 * A str of Python 2 is a string where its bytes are UTF-8, else bytes.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | SequenceValue
  | DictValue
  | ClassValue
  | ObjectValue
  | ReferenceValue;

export interface SequenceValue {
  readonly kind: 'list' | 'tuple' | 'set';
  readonly items: readonly Value[];
}

/** In the order in which the pickle has them; a later entry of the same key wins. */
export interface DictValue {
  readonly kind: 'dict';
  readonly entries: readonly (readonly [key: Value, value: Value])[];
}

/** A class or function by its name. */
export interface ClassValue {
  readonly kind: 'class';
  readonly module: string;
  readonly name: string;
}

/** What a call gives: an object of a class, or what a function makes. */
export interface ObjectValue {
  readonly kind: 'object';
  /** What is called; a class nearly always. */
  readonly callable: Value;
  readonly args: readonly Value[];
  /** What it gets after it was made; undefined: nothing. */
  readonly state: Value | undefined;
  /** What is appended to it, and set in it, where it is a kind of list or dict. */
  readonly items: readonly Value[];
  readonly entries: DictValue['entries'];
}

/** Another persistent object; undefined where it leads to none, as a weak one whose oid is no oid. */
export interface ReferenceValue {
  readonly kind: 'reference';
  readonly reference: Reference | undefined;
  /** Where the opcode that makes it ends, in the pickles of the record. */
  readonly end: number;
}

/** Whether it is one of those that have a kind. */
export function isStructured(
  value: Value | undefined,
): value is SequenceValue | DictValue | ClassValue | ObjectValue | ReferenceValue {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** What a dict has under a text; undefined where it has nothing there, or is no dict. */
export function entryOf(value: Value | undefined, key: string): Value | undefined {
  if (!isStructured(value) || value.kind !== 'dict') return undefined;
  return value.entries.findLast(([name]) => textOf(name) === key)?.[1];
}

/** The items of a list, tuple or set, and of an object that is a kind of list; none of anything else. */
export function itemsOf(value: Value | undefined): readonly Value[] {
  if (!isStructured(value)) return [];
  if (value.kind === 'object') return value.items;
  return 'items' in value ? value.items : [];
}

/** The text that a value is; bytes are none. */
export function textOf(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * `module.name` of the class of an object. Python 2 and 3 make an object of a class of their own kind through
 * `copy_reg._reconstructor`, `copyreg._reconstructor` or `copyreg.__newobj__`: the class is its first argument then.
 */
export function classOfObject({ callable, args }: ObjectValue): string | undefined {
  if (!isStructured(callable) || callable.kind !== 'class') return undefined;
  const { module, name } = callable;
  const isMaker = /^copy_?reg$/.test(module) && /^(_reconstructor|__newobj__)$/.test(name);
  const [first] = args;
  const named = isMaker && isStructured(first) && first.kind === 'class' ? first : callable;
  return `${named.module}.${named.name}`;
}
