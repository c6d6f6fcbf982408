import type { Store } from '../../stores/store.ts';
import { type FoundSums, readSums } from '../checksums/checksums-file.ts';
import type { BlobCatalogue, BlobEntry } from '../layout/catalogue.ts';
import type { LostBlobs } from '../layout/record.ts';

/**
 * The backup that has what the live directory has lost; undefined where it is gone. Of numbered ones, several may be
 * of one moment, some from after the loss. A copy comes first: its files are at hand.
 */
export function survivingCopyOf(
  { stamp }: LostBlobs,
  { entries }: BlobCatalogue,
): BlobEntry | undefined {
  const holders = entries.filter(
    (entry) =>
      entry.form !== 'state' &&
      entry.stamp === stamp &&
      entry.record?.lost?.some((lost) => lost.stamp === stamp) !== true,
  );
  return holders.find(({ form }) => form === 'directory') ?? holders[0];
}

/** The sums that such a backup has; archives have none. */
export async function sumsOfSurvivingCopy(
  store: Store,
  { form, name, record }: BlobEntry,
): Promise<FoundSums> {
  return form === 'directory' ? readSums(store.tree(name), record) : { kind: 'none' };
}

/**
 * The newest backup that tells what its blob directory had lost; archives of earlier versions don't.
 *
 * @param entries - newest first
 */
export function newestThatTells(entries: readonly BlobEntry[]): BlobEntry | undefined {
  return entries.find(
    ({ form, record }) =>
      record !== undefined && (form === 'directory' || record.blobs !== undefined),
  );
}
