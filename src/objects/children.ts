import type { Oid } from '../filestorage/oid.ts';
import { entryOf, isStructured, textOf, type Value } from '../filestorage/pickle/values/value.ts';
import type { State } from '../states/state.ts';
import {
  attributeOf,
  classOfValue,
  dictFrom,
  isStrong,
  itemsFrom,
  mappingOf,
} from './attributes.ts';
import { entriesOfTree, isTree } from './btree.ts';
import { requireObject, type StoredObject } from './stored-object.ts';

/** What a folder has under a name. */
export interface Child {
  readonly name: string;
  readonly target: ChildTarget;
}

/**
 * - `object`: a persistent object; its class is the one that the folder says
 * - `inside`: an object without an oid, which is part of the folder's own record
 * - `elsewhere`: an object of another database
 * - `nothing`: the folder names it, and has nothing under that name
 */
export type ChildTarget =
  | { readonly kind: 'object'; readonly oid: Oid; readonly className: string | undefined }
  | { readonly kind: 'inside'; readonly className: string | undefined }
  | { readonly kind: 'elsewhere'; readonly database: string }
  | { readonly kind: 'nothing' };

/** Where a folder keeps a BTree of its children: `Products.BTreeFolder2` (Plone), and `zope.container`. */
const TREES = ['_tree', '_SampleContainer__data'];

/**
 * The children of an object, by their names; none where it is no folder. Folders are: a BTree folder of Zope, with
 * `_tree`; an older one, whose `_objects` names the attributes that are its children, or their keys in `_mapping` (parts
 * of a workflow); both in one; a container of `zope.container`; a BTree itself; and a persistent mapping, which has other objects under text. Failure `damaged`.
 */
export async function* childrenOf(state: State, object: StoredObject): AsyncGenerator<Child> {
  yield* entriesOf(state, object);
  if (isTree(object)) yield* childrenInTree(state, object);
  for (const [key, value] of mappingOf(object)?.entries ?? []) {
    if (isStrong(value)) yield childAt(nameFrom(key), value);
  }
}

/** The same for folders of Zope alone: what lies in one lies nowhere else. Failure `damaged`. */
export async function* entriesOf(state: State, folder: StoredObject): AsyncGenerator<Child> {
  for (const name of TREES) {
    const tree = attributeOf(folder, name);
    if (isStrong(tree)) {
      yield* childrenInTree(state, await requireObject(state, tree.reference.oid));
    }
  }
  const entries = await itemsFrom(state, attributeOf(folder, '_objects'));
  const inMapping = entries.length === 0 ? undefined : attributeOf(folder, '_mapping');
  const mapping = await dictFrom(state, inMapping);
  for (const entry of entries) {
    const name = textOf(entryOf(entry, 'id'));
    if (name === undefined) continue;
    yield childAt(name, attributeOf(folder, name) ?? entryOf(mapping, name));
  }
}

/** Whether what a folder, or a part of its tree, leads to may have the names of its children. */
export function keepsNames(
  object: StoredObject,
  to: { readonly attribute: string; readonly className: string | undefined },
): boolean {
  if (isTree(object)) return isTree(to);
  return [...TREES, '_objects', '_mapping'].some((name) => to.attribute.startsWith(`.${name}`));
}

/** The child of a name; undefined where there is none. */
export async function childNamed(
  state: State,
  folder: StoredObject,
  name: string,
): Promise<Child | undefined> {
  for await (const child of childrenOf(state, folder)) if (child.name === name) return child;
  return undefined;
}

async function* childrenInTree(state: State, tree: StoredObject): AsyncGenerator<Child> {
  for await (const [key, value] of entriesOfTree(state, tree)) yield childAt(nameFrom(key), value);
}

function childAt(name: string, value: Value | undefined): Child {
  return { name, target: targetOf(value) };
}

function targetOf(value: Value | undefined): ChildTarget {
  if (!isStructured(value)) return { kind: 'nothing' };
  if (value.kind !== 'reference') return { kind: 'inside', className: classOfValue(value) };
  const { reference } = value;
  switch (reference?.kind) {
    case 'strong':
      return { kind: 'object', oid: reference.oid, className: reference.className };
    case 'foreign':
      return { kind: 'elsewhere', database: reference.database };
    case 'weak':
    case undefined:
      return { kind: 'nothing' };
    default:
      return reference satisfies never;
  }
}

/** Keys are text but in trees that are no folder of Zope. */
function nameFrom(key: Value): string {
  if (key instanceof Uint8Array) return Buffer.from(key).toString('latin1');
  return isStructured(key) ? JSON.stringify(key) : String(key);
}
