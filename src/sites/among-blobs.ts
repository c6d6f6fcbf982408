import { Failure } from '../system/failure.ts';
import { isWithin, realPlaceOf } from '../system/real-place.ts';
import type { Site } from './site.ts';

/**
 * Refuses a blob directory that holds a Data.fs: a backup would take it for a blob while it is written to, and a
 * restore would replace all of it. Failure `usage`.
 */
export async function refuseDataAmongBlobs({ storages, contents }: Site): Promise<void> {
  if (contents === 'filestorages') return;
  for (const { blobs } of storages) {
    if (blobs === undefined) continue;
    const folder = await realPlaceOf(blobs);
    for (const { dataFs } of storages) {
      if (!isWithin(await realPlaceOf(dataFs), folder)) continue;
      throw new Failure(
        'usage',
        `Cannot take "${blobs}" for the blob directory: it holds "${dataFs}"`,
        { hint: 'Name the folder with the blobs alone: --blob-storage, or blob_storage.' },
      );
    }
  }
}
