import { writeJsonRecord } from '../../stores/json-record.ts';
import type { Store } from '../../stores/store.ts';
import type { ChainLink } from '../layout/chain.ts';
import { completeFileName } from '../layout/file-names.ts';
import type { Stamp } from '../layout/stamp.ts';

/**
 * How the run that made a backup has ended, as far as it has written that down:
 *
 * - `unrecorded`: it was no run of ours, or one of a version that wrote nothing of it (format 1);
 * - `alone`: no blobs belong to it, so that its line in the `.dat` is all that it takes;
 * - `complete`: the blobs that belong to it were complete, too, and no pack came between;
 * - `incomplete`: they were not, whatever ended the run, or it goes on.
 */
export type RunEnd = 'unrecorded' | 'alone' | 'complete' | 'incomplete';

export function runEndOf({ record, file }: Pick<ChainLink, 'record' | 'file'>): RunEnd {
  if (record?.blobs === undefined) return 'unrecorded';
  if (record.blobs === null) return 'alone';
  return file.isMarked ? 'complete' : 'incomplete';
}

/** What the mark says, for people: that it is there is what counts. */
interface Mark {
  /** Name and version of this program. */
  readonly tool: string;
  readonly at: Date;
  /** Path of the blob backup that belongs to it. */
  readonly blobs: string;
}

/**
 * Writes `STAMP.complete.json`, the mark of a backup that is complete with its blobs. No pattern of repozo matches its
 * name. It is written once, as the last thing that a run does for a backup, and the first that goes with it. The caller
 * holds the repository's lock.
 */
export async function markComplete(
  store: Store,
  { stamp, mark: { tool, at, blobs } }: { readonly stamp: Stamp; readonly mark: Mark },
): Promise<void> {
  const record = { format: 1, tool, at: at.toISOString(), blobs };
  await writeJsonRecord(store, completeFileName(stamp), record);
}
