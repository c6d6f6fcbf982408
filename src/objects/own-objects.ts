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

export const BLOB_CLASS = 'ZODB.blob.Blob';

/** A tool of a site may lead to all of it. */
export const MOST_OWN_OBJECTS = 10_000;

/** Failure `damaged`; what is missing is left out. */
export async function readOwnObjects(
  state: State,
  { object, ancestors }: LocatedObject,
): Promise<OwnObjects> {
  const seen = new Set<Oid>([...ancestors, object.oid]);
  for await (const { target } of childrenOf(state, object)) {
    if (target.kind === 'object') seen.add(target.oid);
  }
  const ahead = [{ object, attribute: '' }];
  const blobs: OwnBlob[] = [];
  let objects = 0;
  let sizeBytes = 0;
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    objects += 1;
    sizeBytes += next.object.pickles.length;
    if (next.object.className === BLOB_CLASS) {
      blobs.push(await describeBlob(state, next));
      continue;
    }
    for (const { reference, attribute } of referencesOf(next.object)) {
      if (reference.kind !== 'strong' || seen.has(reference.oid)) continue;
      seen.add(reference.oid);
      const found = await readObject(state, reference.oid);
      if (found === undefined || isContent(found)) continue;
      ahead.push({ object: found, attribute: next.attribute + attribute });
    }
    if (objects + ahead.length > MOST_OWN_OBJECTS)
      return { objects, sizeBytes, blobs, isCut: true };
  }
  return { objects, sizeBytes, blobs, isCut: false };
}

function isContent(object: StoredObject): boolean {
  return attributeOf(object, 'portal_type') !== undefined;
}

async function describeBlob(
  state: State,
  { object, attribute }: { readonly object: StoredObject; readonly attribute: string },
): Promise<OwnBlob> {
  const blob = await state.blob(object.oid, object.tid);
  return { oid: formatOid(object.oid), attribute, sizeBytes: blob?.sizeBytes };
}
