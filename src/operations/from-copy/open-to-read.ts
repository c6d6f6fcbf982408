import type { ObjectReader, ObjectStore } from '../../stores/objects/object-store.ts';
import {
  type ObjectStoreSettings,
  openObjectStore,
} from '../../stores/objects/open-object-store.ts';
import { Failure } from '../../system/failure.ts';

/** A place of objects that is read, and closed. */
export type OpenedObjects = ObjectReader & AsyncDisposable;

/** As of when a place is read. */
export interface ReadAsOf {
  /** The newest version of each object before that time is wanted: milliseconds since 1970; undefined: what is there. */
  readonly beforeMs: number | undefined;
}

/**
 * Opens a place of copies to read what is in it, or what was. Failures: those of the store; `usage` where it keeps no
 * versions, and earlier ones are wanted.
 *
 * @param place - a URL or a path
 */
export async function openToRead(
  place: string,
  { access, beforeMs }: ReadAsOf & { readonly access?: ObjectStoreSettings | undefined },
): Promise<OpenedObjects> {
  const store = await openObjectStore(place, access);
  if (beforeMs === undefined) return store;
  try {
    return { ...(await past(store, beforeMs)), [Symbol.asyncDispose]: () => close(store) };
  } catch (error) {
    await close(store);
    throw error;
  }
}

async function past(store: ObjectStore, beforeMs: number): Promise<ObjectReader> {
  if (store.versionsBefore !== undefined) return store.versionsBefore(beforeMs);
  throw new Failure('usage', `Cannot read "${store.name}" as it was: it keeps no versions`, {
    hint: { kind: 'leave-out-versions' },
  });
}

async function close(store: ObjectStore): Promise<void> {
  await store[Symbol.asyncDispose]();
}
