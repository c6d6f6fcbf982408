import type { Oid } from '../filestorage/oid.ts';
import type { PlainData } from '../filestorage/pickle/plain/plain-data.ts';
import type { Tid } from '../filestorage/tid.ts';
import { Iterators } from './iterators.ts';
import type { ServedStorage } from './served-storage.ts';
import type { Statistics } from './statistics.ts';

/** A storage with what is counted of its clients. */
export interface CountedStorage extends ServedStorage {
  readonly statistics: Statistics;
}

/** A blob, by its record. */
export interface BlobRevision {
  readonly oid: Oid;
  readonly tid: Tid;
}

/** A client that has chosen its storage. */
export interface Session {
  readonly storage: CountedStorage;
  readonly iterators: Iterators;
  /** Calls a method of the client, which doesn't answer; waits while it reads too slowly. */
  readonly callClient: (method: string, args: readonly PlainData[]) => Promise<void>;
  /** No source has the file of this blob. */
  readonly onMissingBlob: (revision: BlobRevision) => void;
  /** How messages call the client from now on. */
  readonly setLabel: (label: string) => void;
}

export function newSession(
  storage: CountedStorage,
  client: Omit<Session, 'storage' | 'iterators'>,
): Session {
  return { storage, iterators: new Iterators(storage.state), ...client };
}
