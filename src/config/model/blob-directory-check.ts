import { Failure } from '../../system/failure.ts';
import { isWithin, placeOf } from '../../system/files/place.ts';
import type { Site } from './site.ts';

/**
 * Refuses a blob directory that holds a Data.fs: a backup would take it for a blob while it is written to, and a
 * restore would replace all of it. Failure `usage`.
 */
export async function refuseDataAmongBlobs({ storages, contents }: Site): Promise<void> {
  if (contents === 'filestorages') return;
  for (const { blobs } of storages) {
    if (blobs === undefined) continue;
    const folder = await placeOf(blobs);
    for (const { dataFs } of storages) {
      if (!isWithin(await placeOf(dataFs), folder)) continue;
      throw new Failure(
        'usage',
        `Cannot take "${blobs}" for the blob directory: it holds "${dataFs}"`,
        { hint: { kind: 'name-blob-directory-alone' } },
      );
    }
  }
}

/**
 * Refuses backups in a blob directory: they would be backed up with it, and leave with it when it is restored.
 * Failure `usage`.
 *
 * @param folders - for backups; they need not be there
 */
export async function refuseBackupsAmongBlobs(
  blobs: string,
  folders: readonly string[],
): Promise<void> {
  const directory = await placeOf(blobs);
  for (const folder of folders) {
    if (!isWithin(await placeOf(folder), directory)) continue;
    throw new Failure(
      'usage',
      `Cannot back up to "${folder}": it is inside the blob directory "${blobs}"`,
      { hint: 'Choose a folder elsewhere, best on another disk.' },
    );
  }
}

/** The same for all folders of a site, of which anything may make use later. */
export async function refuseOwnBackupsAmongBlobs({ storages }: Site): Promise<void> {
  const folders = storages.flatMap(({ folders: { backup, snapshot, zip } }) =>
    [backup, snapshot, zip].flatMap(({ filestorage, blobs = [] }) => [filestorage, blobs].flat()),
  );
  for (const { blobs } of storages) {
    if (blobs !== undefined) await refuseBackupsAmongBlobs(blobs, folders);
  }
}
