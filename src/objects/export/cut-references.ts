import { NEWEST_PROTOCOL_OF_ZODB, OPCODES as OP } from '../../filestorage/pickle/opcodes.ts';
import { entryOf, itemsOf, textOf } from '../../filestorage/pickle/values/value.ts';
import { Failure } from '../../system/failure.ts';
import { attributeOf } from '../attributes.ts';
import { type PlacedReference, referencesOf } from '../references.ts';
import type { StoredObject } from '../stored-object.ts';

/** Attributes without which a folder is none. */
const OF_FOLDERS = ['_tree', '_objects'];

/** Whether the way to a reference ends with an attribute that was named: `related`, or `.file.related`. */
export function endsWith(way: string, attribute: string): boolean {
  return way.endsWith(`.${attribute.replace(/^\./, '')}`);
}

/**
 * Failure `refused` where an attribute can't be left out without harm to the rest: it holds the reference among other
 * things, is an entry of a folder, or its pickle has it twice.
 *
 * @param way - from the exported object, for the message
 */
export function requireCuttable(
  object: StoredObject,
  { reference, way }: { readonly reference: PlacedReference; readonly way: string },
): void {
  const { attribute, isWholeAttribute, value } = reference;
  const name = attribute.slice(1);
  const cannot = (state: string) =>
    new Failure('refused', `Cannot leave out "${way}": ${state}`, {
      hint: 'Name an attribute that holds nothing but what is to be left out.',
    });
  if (!isWholeAttribute) throw cannot('it is one of several things in an attribute');
  if (OF_FOLDERS.includes(name) || isEntry(object, name)) throw cannot('a folder needs it');
  const same = [...referencesOf(object)].filter((one) => one.value === value);
  const isPlain = object.pickles[value.end - 1] === OP.BINPERSID;
  if (same.length !== 1 || !isPlain || protocolOf(object) > NEWEST_PROTOCOL_OF_ZODB)
    throw cannot('its record is written in a way in which it can not be taken out');
}

/**
 * The pickles of an object, in which some of its references are None. What a reference is made of stays where it was,
 * for the memo; it is taken off the stack, and None put there.
 *
 * @param ends - where the opcodes of these references end
 */
export function cutReferences(pickles: Uint8Array, ends: readonly number[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (const end of [...ends].sort((a, b) => a - b)) {
    parts.push(pickles.subarray(start, end - 1), NOTHING_INSTEAD);
    start = end;
  }
  return Buffer.concat([...parts, pickles.subarray(start)]);
}

const NOTHING_INSTEAD = Uint8Array.of(OP.POP, OP.NONE);

/** From protocol 4 on, a pickle says how long its parts are. */
function protocolOf({ pickles }: StoredObject): number {
  return pickles[0] === OP.PROTO ? (pickles[1] ?? 0) : 0;
}

function isEntry(folder: StoredObject, name: string): boolean {
  return itemsOf(attributeOf(folder, '_objects')).some(
    (entry) => textOf(entryOf(entry, 'id')) === name,
  );
}
