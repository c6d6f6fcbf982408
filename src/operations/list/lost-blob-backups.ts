import type { OpenBackups } from '../../blobs/open-backups.ts';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';

/**
 * Whether backups of a repository had their blobs backed up to a folder that isn't there any more, as its records
 * tell. False where nobody can tell: another program made the backups, or they can't be read.
 *
 * @param location - path of the repository, whether it is there or not
 */
export async function hasLostBlobBackups(location: string, backups: OpenBackups): Promise<boolean> {
  try {
    if (!(await isThere(location))) return false;
    const chains = await (await backups.repository(location)).chains();
    const folders = chains.flatMap(({ links }) =>
      links.flatMap(({ record }) => record?.blobs?.folder ?? []),
    );
    for (const folder of new Set(folders)) if (!(await isThere(folder))) return true;
    return false;
  } catch (error) {
    // Whoever reads the backups for what they hold says what is wrong with them.
    if (error instanceof Failure) return false;
    throw error;
  }
}
