import { Failure } from '../../system/failure.ts';
import { type FileIdentity, isStillAt } from '../../system/files/byte-source.ts';
import { checkDataFs } from './backup-filestorage.ts';

/** Times that a pack may come in between. */
export const PACK_ATTEMPTS = 3;

/** Gives a function that tells whether a Data.fs has another file by then. */
export async function watchPacks(
  paths: readonly string[],
): Promise<(path: string) => Promise<boolean>> {
  const watched = new Map<string, FileIdentity>();
  for (const path of paths) watched.set(path, await checkDataFs(path));
  return async (path) => {
    const identity = watched.get(path);
    return identity !== undefined && !(await isStillAt(path, identity));
  };
}

export function packedAgain(path: string): Failure {
  return new Failure(
    'refused',
    `Cannot back up the blobs of "${path}": it was packed or replaced in each of ${PACK_ATTEMPTS} attempts`,
    {
      hint: 'Nothing old was removed. Run the backup again when whatever writes the file has ended.',
    },
  );
}
