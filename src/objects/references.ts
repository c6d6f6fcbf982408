import type { Reference } from '../filestorage/pickle/reference.ts';
import {
  isStructured,
  type ReferenceValue,
  type Value,
} from '../filestorage/pickle/values/value.ts';
import { isTree } from './btree.ts';
import type { StoredObject } from './stored-object.ts';

/** A reference in the state of an object, with the way to it. */
export interface PlacedReference {
  readonly reference: Reference;
  readonly value: ReferenceValue;
  /** As Python would write it behind the object: `.file._blob`, `.data['a']`; of a BTree, `['a']`. */
  readonly attribute: string;
  /** Whether it is the value of an attribute, and not part of one. */
  readonly isWholeAttribute: boolean;
}

interface Place {
  readonly value: Value;
  readonly attribute: string;
  /** How many steps lead to it. */
  readonly depth: number;
}

/** All references in the state of an object, each once for each place in it, in no order that means anything. */
export function* referencesOf(object: StoredObject): Generator<PlacedReference> {
  const seen = new Set<Value>();
  const places: Place[] = [{ value: object.state, attribute: '', depth: 0 }];
  const partsIn = isTree(object) ? (place: Place) => partsOfTree(place, object) : partsOf;
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const { value, attribute, depth } = place;
    if (!isStructured(value)) continue;
    if (value.kind === 'reference') {
      const { reference } = value;
      const isWholeAttribute = depth === 1 && attribute.startsWith('.');
      if (reference !== undefined) yield { reference, value, attribute, isWholeAttribute };
      continue;
    }
    if (seen.has(value)) continue;
    seen.add(value);
    places.push(...[...partsIn(place)].reverse());
  }
}

/** The parts of a value: attributes where they are the state of an object, else entries and items. */
function* partsOf({ value, attribute, depth }: Place, isState = depth === 0): Generator<Place> {
  if (!isStructured(value)) return;
  const part = (inside: Value, step: string): Place => ({
    value: inside,
    attribute: attribute + step,
    depth: depth + 1,
  });
  switch (value.kind) {
    case 'dict':
      for (const [key, entry] of value.entries) {
        yield part(key, `.keys()[${wordFor(key)}]`);
        yield part(entry, isState ? `.${String(key)}` : `[${wordFor(key)}]`);
      }
      return;
    case 'object': {
      const { callable, args, state, items, entries } = value;
      yield part(callable, '.__class__');
      for (const [number, one] of args.entries()) yield part(one, `.__args__[${number}]`);
      if (isStructured(state) && state.kind === 'dict')
        yield* partsOf({ ...part(state, ''), depth }, true);
      else if (state !== undefined) yield part(state, '.__getstate__()');
      for (const [number, one] of items.entries()) yield part(one, `[${number}]`);
      for (const [key, one] of entries) yield part(one, `[${wordFor(key)}]`);
      return;
    }
    case 'list':
    case 'tuple':
    case 'set':
      for (const [number, one] of value.items.entries()) yield part(one, `[${number}]`);
      return;
    case 'class':
    case 'reference':
      return;
    default:
      value satisfies never;
  }
}

/** In the state of a BTree, what follows a key is its value, or another part of the tree, which has no name. */
function* partsOfTree(place: Place, tree: StoredObject): Generator<Place> {
  let key: Value | undefined;
  for (const part of partsOf(place)) {
    const isKeyed =
      typeof key === 'string' && isStructured(part.value) && !isPart(part.value, tree);
    const step = isKeyed ? `[${wordFor(key ?? null)}]` : '';
    yield { ...part, attribute: place.attribute + step };
    key = part.value;
  }
}

/** Whether a value is a bucket of a tree, or a tree below it. */
function isPart(value: Value, { className = '' }: StoredObject): boolean {
  if (!isStructured(value) || value.kind !== 'reference') return false;
  const named = value.reference?.kind === 'strong' ? value.reference.className : undefined;
  return named === className || named === className.replace(/BTree(Py)?$/, 'Bucket$1');
}

function wordFor(key: Value): string {
  return typeof key === 'string' ? `'${key}'` : String(isStructured(key) ? key.kind : key);
}
