import { BLOB_CLASS_NAME } from '../../filestorage/format.ts';
import { formatOid, oidFrom } from '../../filestorage/oid.ts';
import { formatTid } from '../../filestorage/tid.ts';
import { referencesOf } from '../../objects/references.ts';
import { readObject, type StoredObject } from '../../objects/stored-object.ts';
import { type JsonValue, valueAsJson } from '../../objects/value-as-json.ts';
import type { State } from '../../states/state.ts';
import { Failure } from '../../system/failure.ts';
import { type ContentPlace, openContent } from './content-place.ts';
import { locatePath } from './locate-path.ts';

export type { JsonValue };

/** A record, as values. */
export interface DumpedObject {
  /** 16 hex digits, as its transaction. */
  readonly oid: string;
  readonly tid: string;
  readonly className: string | undefined;
  readonly state: JsonValue;
}

/**
 * The record of an object. Failures: `not-found`; `damaged`; `refused`, where it has too much in it; `program`; those of
 * {@link openContent}.
 *
 * @param name - a path, which begins with a slash, or an oid in hex digits
 */
export async function dumpObject(place: ContentPlace, name: string): Promise<DumpedObject> {
  await using opened = await openContent(place);
  const { oid, tid, className, state } = await objectNamed(opened.state, name);
  return { oid: formatOid(oid), tid: formatTid(tid), className, state: valueAsJson(state) };
}

/**
 * The bytes of a blob: of the object itself, or of the only one that it or its attributes refer to. Failures: as those
 * of {@link dumpObject}; `not-found`, where there is none, or several are.
 */
export async function* readBlob(place: ContentPlace, name: string): AsyncGenerator<Uint8Array> {
  await using opened = await openContent(place);
  const { state } = opened;
  const { oid, tid } = await blobOf(state, await objectNamed(state, name), name);
  const blob = await state.blob(oid, tid);
  if (blob !== undefined) {
    yield* blob.read();
    return;
  }
  throw new Failure('not-found', `Cannot read the blob ${formatOid(oid)}: no copy has it`, {
    hint: 'Look at another backup, or into the blob directory.',
  });
}

async function objectNamed(state: State, name: string): Promise<StoredObject> {
  if (name.startsWith('/')) return (await locatePath(state, name)).object;
  const digits = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(name)?.[1];
  if (digits === undefined) {
    throw new Failure('usage', `Cannot use "${name}": it is no path and no oid`, {
      hint: 'A path begins with a slash, as /Plone/news; an oid is in hex digits, as 0x2a.',
    });
  }
  const object = await readObject(state, oidFrom(BigInt(`0x${digits}`)));
  if (object !== undefined) return object;
  throw new Failure('not-found', `Cannot find the object "${name}": there is none`, {
    hint: 'Look at another moment, or follow a path to it.',
  });
}

/** As far as an attribute of an attribute, where files of Plone have their blob. */
const LEVELS = 2;

async function blobOf(state: State, object: StoredObject, name: string): Promise<StoredObject> {
  const found = await blobsIn(state, object, LEVELS);
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  const what = first === undefined ? 'it has no blob' : `it has ${found.length} blobs`;
  throw new Failure('not-found', `Cannot read the blob of "${name}": ${what}`, {
    hint: 'Name the blob itself by its oid: the record of the object, or of what it refers to, says which it is.',
  });
}

async function blobsIn(
  state: State,
  object: StoredObject,
  levels: number,
): Promise<readonly StoredObject[]> {
  if (object.className === BLOB_CLASS_NAME) return [object];
  if (levels === 0) return [];
  const found: StoredObject[] = [];
  for (const { reference, isWholeAttribute } of referencesOf(object)) {
    if (reference.kind !== 'strong' || !isWholeAttribute) continue;
    const inside = await readObject(state, reference.oid);
    if (inside !== undefined) found.push(...(await blobsIn(state, inside, levels - 1)));
  }
  return found;
}
