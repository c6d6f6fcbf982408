import { Failure } from '../system/failure.ts';
import { isWithin, realPlaceOf } from './real-place.ts';
import type { Site } from './site.ts';

/**
 * Refuses a site that would live in the folders of its own backups: what is restored there takes the
 * place of a backup, and nobody would find out. Failure `usage`.
 */
export async function refuseAmongBackups({ storages }: Site): Promise<void> {
  const folders = storages.flatMap(({ folders }) =>
    Object.values(folders).flatMap((one) => [one?.filestorage ?? [], one?.blobs ?? []].flat()),
  );
  const targets = storages.flatMap(({ dataFs, blobs }) => [dataFs, blobs ?? []].flat());
  const places = await Promise.all(folders.map(realPlaceOf));
  for (const target of targets) {
    const place = await realPlaceOf(target);
    const at = places.findIndex((folder) => isWithin(place, folder) || isWithin(folder, place));
    if (at === -1) continue;
    throw new Failure(
      'usage',
      `Cannot restore to "${target}": "${folders[at]}" holds backups of the site`,
      { hint: 'Name a folder elsewhere with --to.' },
    );
  }
}
