import { BLOB_CLASS_NAME } from '../filestorage/format.ts';
import { formatOid, type Oid } from '../filestorage/oid.ts';
import type { State } from '../states/state.ts';
import { attributeOf } from './attributes.ts';
import { childrenOf } from './children.ts';
import type { LocatedObject } from './path.ts';
import { referencesOf } from './references.ts';
import { readObject, type StoredObject } from './stored-object.ts';

/** What belongs to an object: itself, and what is reached from it without going into its children or other content. */
export interface OwnObjects {
  readonly objects: number;
  /** Of their records. */
  readonly sizeBytes: number;
  readonly blobs: readonly OwnBlob[];
  /** Whether it has more objects than {@link MOST_OWN_OBJECTS}: then the others are not counted. */
  readonly isCut: boolean;
}

export interface OwnBlob {
  /** 16 hex digits. */
  readonly oid: string;
  /** The way to it, as Python writes it: `.file._blob`. */
  readonly attribute: string;
  /** Undefined where no copy has the blob. */
  readonly sizeBytes: number | undefined;
}

/** A tool of a site may lead to all of it. */
export const MOST_OWN_OBJECTS = 10_000;

/** An object that belongs to another one, and the way from that. */
export interface OwnObject {
  readonly object: StoredObject;
  /** As Python writes it; empty for the other one itself. */
  readonly attribute: string;
}

/**
 * The object itself, and those that belong to it, at most {@link MOST_OWN_OBJECTS} and one; what is missing is left out.
 * Failure `damaged`.
 *
 * @param isPassed - whether an object is passed over, and what is reached by it alone
 */
export async function* ownObjectsOf(
  state: State,
  { object, ancestors }: LocatedObject,
  isPassed: (attribute: string) => boolean = () => false,
): AsyncGenerator<OwnObject> {
  const seen = new Set<Oid>([...ancestors, object.oid]);
  for await (const { target } of childrenOf(state, object)) {
    if (target.kind === 'object') seen.add(target.oid);
  }
  const ahead: OwnObject[] = [{ object, attribute: '' }];
  let count = 0;
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    yield next;
    count += 1;
    if (count > MOST_OWN_OBJECTS) return;
    for (const { reference, attribute: step } of referencesOf(next.object)) {
      const attribute = next.attribute + step;
      if (reference.kind !== 'strong' || seen.has(reference.oid) || isPassed(attribute)) continue;
      seen.add(reference.oid);
      const found = await readObject(state, reference.oid);
      if (found !== undefined && !isContent(found)) ahead.push({ object: found, attribute });
    }
  }
}

/** Failure `damaged`. */
export async function readOwnObjects(state: State, located: LocatedObject): Promise<OwnObjects> {
  const blobs: OwnBlob[] = [];
  let objects = 0;
  let sizeBytes = 0;
  for await (const own of ownObjectsOf(state, located)) {
    if (objects === MOST_OWN_OBJECTS) return { objects, sizeBytes, blobs, isCut: true };
    objects += 1;
    sizeBytes += own.object.pickles.length;
    if (own.object.className === BLOB_CLASS_NAME) blobs.push(await describeBlob(state, own));
  }
  return { objects, sizeBytes, blobs, isCut: false };
}

function isContent(object: StoredObject): boolean {
  return attributeOf(object, 'portal_type') !== undefined;
}

async function describeBlob(state: State, { object, attribute }: OwnObject): Promise<OwnBlob> {
  const blob = await state.blob(object.oid, object.tid);
  return { oid: formatOid(object.oid), attribute, sizeBytes: blob?.sizeBytes };
}
