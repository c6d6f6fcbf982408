import type { Tid } from '../filestorage/tid.ts';
import type { LogPart } from '../repository/content/open-log.ts';
import type { OpenedSource } from '../system/files/byte-source.ts';
import type { FindBlob } from './blobs/find-blob.ts';
import { LogState } from './log-state.ts';
import { readRecords } from './read-records.ts';
import type { State } from './state.ts';

/** Which state of a log. */
export interface WantedState {
  /** The last transaction that counts is the last one that is not later; undefined: the last of all. */
  readonly upTo?: Tid | undefined;
  readonly findBlob: FindBlob;
  /** Is told what is about to be read of the log; may throw to stop. */
  readonly onBytes?: (count: number) => void;
}

/**
 * Opens a state of a log, which is closed with it, or if this fails. What has no record index is read once. Memory: 20
 * bytes for each record, up to 30 while they are sorted, and 16 for each transaction. Failure `damaged`.
 *
 * @param log - it ends where a transaction does, and each of its parts, too, of which the last may go on behind it;
 *   without parts, it has no record index
 */
export async function openState(
  log: OpenedSource & { readonly parts?: readonly LogPart[] },
  { upTo, findBlob, onBytes = () => {} }: WantedState,
): Promise<State> {
  try {
    return new LogState(log, { ...(await readRecords(log, { upTo, onBytes })), findBlob });
  } catch (error) {
    await log[Symbol.asyncDispose]();
    throw error;
  }
}
