import type { BlobCatalogue, BlobEntry } from '../layout/catalogue.ts';
import type { LostBlobs } from '../layout/record.ts';

/**
 * The copy that has what the live directory has lost; undefined where it is gone. Of numbered ones, several may be
 * of one moment, some from after the loss.
 */
export function holderOf({ stamp }: LostBlobs, { entries }: BlobCatalogue): BlobEntry | undefined {
  return entries.find(
    (entry) =>
      entry.form === 'directory' &&
      entry.stamp === stamp &&
      entry.record?.lost?.some((lost) => lost.stamp === stamp) !== true,
  );
}

/** The newest copy that tells what its blob directory had lost. @param entries - newest first */
export function newestRecordedCopy(entries: readonly BlobEntry[]): BlobEntry | undefined {
  return entries.find(({ form, record }) => form === 'directory' && record !== undefined);
}
