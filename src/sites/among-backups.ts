import { realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { adopting, Failure, systemCodeOf } from '../system/failure.ts';
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
  const places = await Promise.all(folders.map(placeOf));
  for (const target of targets) {
    const place = await placeOf(target);
    const at = places.findIndex((folder) => isWithin(place, folder) || isWithin(folder, place));
    if (at === -1) continue;
    throw new Failure(
      'usage',
      `Cannot restore to "${target}": "${folders[at]}" holds backups of the site`,
      { hint: 'Name a folder elsewhere with --to.' },
    );
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/** The real path, also of what isn't there yet. */
async function placeOf(path: string): Promise<string> {
  const found = await adopting(`find "${path}"`, () =>
    realpath(path).catch((error: unknown) => {
      if (systemCodeOf(error) === 'ENOENT') return undefined;
      throw error;
    }),
  );
  if (found !== undefined || dirname(path) === path) return found ?? path;
  return join(await placeOf(dirname(path)), basename(path));
}
