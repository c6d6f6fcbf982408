import * as v from 'valibot';
import { readJsonRecord, writeJsonRecord } from '../../stores/json-record.ts';
import type { Store } from '../../stores/store.ts';
import { parseStamp, type Stamp } from '../layout/stamp.ts';

/** A file in the repository; no pattern of repozo matches it. */
const FILE = '.zodbvault.going.json';

export const GoingBlobsSchema = v.object({
  format: v.literal(1),
  /** Of restore points that a run takes away: their blobs go with them. */
  stamps: v.array(v.string()),
});

/**
 * Stamps of restore points that a run has begun to take away, until their blobs are gone, too: a killed run may have
 * left these, and by themselves they don't tell that their point was not lost by mistake. Nothing where the file is
 * missing, or can't be read: then the blobs stay.
 */
export async function readGoingBlobs(store: Store): Promise<readonly Stamp[]> {
  const record = await readJsonRecord(store, FILE, GoingBlobsSchema);
  return record.kind === 'read' ? record.value.stamps.flatMap((one) => parseStamp(one) ?? []) : [];
}

/** Adds to them, before the first file goes. The caller holds the repository's lock. */
export async function noteGoingBlobs(store: Store, stamps: readonly Stamp[]): Promise<void> {
  const all = new Set([...(await readGoingBlobs(store)), ...stamps]);
  await writeJsonRecord(store, FILE, { format: 1, stamps: [...all].sort() });
}

/** Forgets them, when the blobs are gone; but not those of which some are left. The caller holds the repository's lock. */
export async function forgetGoingBlobs(
  store: Store,
  { but }: { readonly but: (stamp: Stamp) => boolean },
): Promise<void> {
  const noted = await readGoingBlobs(store);
  const left = noted.filter(but);
  if (left.length === noted.length) return;
  if (left.length > 0) await writeJsonRecord(store, FILE, { format: 1, stamps: left });
  else await store.remove(FILE);
}
