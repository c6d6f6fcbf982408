import type { PlainData } from '../filestorage/pickle/plain/plain-data.ts';
import { Iterators } from './iterators.ts';
import type { ServedStorage } from './served-storage.ts';
import type { Statistics } from './statistics.ts';

/** A storage with what is counted of its clients. */
export interface CountedStorage extends ServedStorage {
  readonly statistics: Statistics;
}

/** A client that has chosen its storage. */
export interface Session {
  readonly storage: CountedStorage;
  readonly iterators: Iterators;
  /** Calls a method of the client, which doesn't answer; waits while it reads too slowly. */
  readonly callClient: (method: string, args: readonly PlainData[]) => Promise<void>;
  /** How messages call the client from now on. */
  readonly setLabel: (label: string) => void;
}

export function newSession(
  storage: CountedStorage,
  client: Pick<Session, 'callClient' | 'setLabel'>,
): Session {
  return { storage, iterators: new Iterators(storage.state), ...client };
}
