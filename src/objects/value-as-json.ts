import { formatOid } from '../filestorage/oid.ts';
import type { Reference } from '../filestorage/pickle/reference.ts';
import { type DictValue, isStructured, type Value } from '../filestorage/pickle/values/value.ts';
import { Failure } from '../system/failure.ts';

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Values in a record that are written; one that is in it at several places counts at each. */
const MOST_VALUES = 1_000_000;
/** How deep values may lie in each other. */
const DEEPEST = 500;

/**
 * A value as JSON. Text, numbers, lists, and dicts with text alone for keys are what they are in JSON. All else is an
 * object with one name that begins with `$`:
 *
 * | | |
 * | --- | --- |
 * | `$bytes` | in Base64 |
 * | `$tuple`, `$set` | a list |
 * | `$dict` | a list of pairs, where a key is no text, or begins with `$` |
 * | `$integer`, `$float` | in digits, what JSON has no number for |
 * | `$class` | `module.name` |
 * | `$object` | what is called: a class nearly always; `args`, `state`, `items`, `entries`, where there are some |
 * | `$ref`, `$weak` | an oid, with `class` and `database` where they are known |
 * | `$inside` | it is one of the values in which it lies, so many levels above |
 *
 * Failure `refused` where there are too many, or too deep.
 */
export function valueAsJson(value: Value): JsonValue {
  return new JsonWriter().write(value);
}

class JsonWriter {
  readonly #around: Value[] = [];
  #count = 0;

  write(value: Value): JsonValue {
    this.#count += 1;
    if (this.#count > MOST_VALUES) throw tooMuch(`more than ${MOST_VALUES} values`);
    if (!isStructured(value)) return plainAsJson(value);
    const level = this.#around.lastIndexOf(value);
    if (level >= 0) return { $inside: this.#around.length - level };
    if (this.#around.length >= DEEPEST) throw tooMuch(`values in each other, ${DEEPEST} deep`);
    this.#around.push(value);
    const written = this.#structured(value);
    this.#around.pop();
    return written;
  }

  #structured(value: Extract<Value, { readonly kind: unknown }>): JsonValue {
    switch (value.kind) {
      case 'list':
        return this.#all(value.items);
      case 'tuple':
        return { $tuple: this.#all(value.items) };
      case 'set':
        return { $set: this.#all(value.items) };
      case 'dict':
        return this.#dict(value.entries);
      case 'class':
        return { $class: `${value.module}.${value.name}` };
      case 'object': {
        const { callable, args, state, items, entries } = value;
        const isClass = isStructured(callable) && callable.kind === 'class';
        return {
          $object: isClass ? `${callable.module}.${callable.name}` : this.write(callable),
          ...(args.length > 0 && { args: this.#all(args) }),
          ...(state !== undefined && { state: this.write(state) }),
          ...(items.length > 0 && { items: this.#all(items) }),
          ...(entries.length > 0 && { entries: this.#dict(entries) }),
        };
      }
      case 'reference':
        return referenceAsJson(value.reference);
      default:
        return value satisfies never;
    }
  }

  #all(items: readonly Value[]): readonly JsonValue[] {
    return items.map((item) => this.write(item));
  }

  #dict(entries: DictValue['entries']): JsonValue {
    const isPlain = entries.every(([key]) => typeof key === 'string' && !key.startsWith('$'));
    if (!isPlain) return { $dict: entries.map((pair) => this.#all(pair)) };
    return Object.fromEntries(entries.map(([key, value]) => [String(key), this.write(value)]));
  }
}

function plainAsJson(value: null | boolean | number | bigint | string | Uint8Array): JsonValue {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (typeof value === 'bigint') return { $integer: String(value) };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $float: String(value) };
  return value;
}

function referenceAsJson(reference: Reference | undefined): JsonValue {
  switch (reference?.kind) {
    case undefined:
      return { $weak: null };
    case 'strong': {
      const { oid, className } = reference;
      return { $ref: formatOid(oid), ...(className !== undefined && { class: className }) };
    }
    case 'weak': {
      const { oid, database } = reference;
      return { $weak: formatOid(oid), ...(database !== undefined && { database }) };
    }
    case 'foreign': {
      const { oid, database, className } = reference;
      return {
        $ref: formatOid(oid),
        ...(className !== undefined && { class: className }),
        database,
      };
    }
    default:
      return reference satisfies never;
  }
}

function tooMuch(what: string): Failure {
  return new Failure('refused', `Cannot show the record: it has ${what}`, {
    hint: 'Look at it with Python.',
  });
}
