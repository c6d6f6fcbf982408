import {
  classOfObject,
  type DictValue,
  entryOf,
  isStructured,
  itemsOf,
  type ReferenceValue,
  type Value,
} from '../filestorage/pickle/values/value.ts';
import type { State } from '../states/state.ts';
import { requireObject, type StoredObject } from './stored-object.ts';

/**
 * The attributes in the state of an object: a dict, or the dict of a pair where its class has slots, too. Undefined
 * where the state is something else, as that of a BTree.
 */
export function attributesOf(state: Value | undefined): DictValue | undefined {
  if (!isStructured(state)) return undefined;
  if (state.kind === 'dict') return state;
  if (state.kind !== 'tuple' || state.items.length !== 2) return undefined;
  const [attributes, slots] = state.items;
  const isPair = isStructured(slots) && slots.kind === 'dict';
  return isPair && isStructured(attributes) && attributes.kind === 'dict' ? attributes : undefined;
}

/** An attribute of an object; undefined where its record has none of that name. */
export function attributeOf(object: Pick<StoredObject, 'state'>, name: string): Value | undefined {
  return entryOf(attributesOf(object.state), name);
}

/** Attributes in which a mapping keeps its entries: `persistent.mapping`, and before ZODB 3.3. */
const DATA_OF_MAPPINGS = ['data', '_container'];
const MAPPING = /^(persistent|Persistence)\.((mapping|dict)\.)?Persistent(Mapping|Dict)$/;

/** What a persistent mapping holds; undefined where the object is none. */
export function mappingOf({ className, state }: StoredObject): DictValue | undefined {
  if (className === undefined || !MAPPING.test(className)) return undefined;
  for (const name of DATA_OF_MAPPINGS) {
    const data = entryOf(attributesOf(state), name);
    if (isStructured(data) && data.kind === 'dict') return data;
  }
  return { kind: 'dict', entries: [] };
}

/** Whether a value leads to another object of this database, which is loaded with it. */
export function isStrong(value: Value | undefined): value is ReferenceValue & {
  readonly reference: Extract<ReferenceValue['reference'], { readonly kind: 'strong' }>;
} {
  return isStructured(value) && value.kind === 'reference' && value.reference?.kind === 'strong';
}

/** The dict that a value is, or that a persistent mapping has to which it leads; undefined: neither. */
export async function dictFrom(
  state: State,
  value: Value | undefined,
): Promise<DictValue | undefined> {
  if (isStrong(value)) return mappingOf(await requireObject(state, value.reference.oid));
  return isStructured(value) && value.kind === 'dict' ? value : undefined;
}

/** The items of a list or tuple that a value is, or of the persistent list to which it leads. */
export async function itemsFrom(state: State, value: Value | undefined): Promise<readonly Value[]> {
  if (!isStrong(value)) return itemsOf(value);
  return itemsOf(attributeOf(await requireObject(state, value.reference.oid), 'data'));
}

/** `module.name` of the class of an object that is part of another one's record. */
export function classOfValue(value: Value | undefined): string | undefined {
  return isStructured(value) && value.kind === 'object' ? classOfObject(value) : undefined;
}
