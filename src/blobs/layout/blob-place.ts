import { access, constants, lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isNoLink, leadsNowhere, leadsNowhereOrInCircles } from '../../system/absent.ts';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { isMountPoint } from '../../system/files/mount-points.ts';
import { isThere } from '../../system/files/presence.ts';

/** Links that lead to one another, before it is a circle (Linux's limit). */
const MAXIMUM_LINKS = 40;

/**
 * The real path of a blob directory, also where it isn't there: a link to one on another disk stays a
 * link, wherever it leads.
 */
export async function placeOfBlobs(path: string): Promise<string> {
  return withSystemErrors(`find the blob directory "${path}"`, async () => {
    let place = path;
    for (let count = 0; count < MAXIMUM_LINKS; count += 1) {
      const folder =
        (await realpath(dirname(place)).catch(leadsNowhereOrInCircles)) ?? dirname(place);
      place = join(folder, basename(place));
      const leadsTo = await readlink(place).catch(isNoLink);
      if (leadsTo === undefined) break;
      place = resolve(folder, leadsTo);
    }
    return place;
  });
}

/**
 * Where the disk with the blobs isn't mounted, a new directory would come to lie on another one: failure
 * `not-found`.
 */
export async function refuseLostLink(path: string, place: string): Promise<void> {
  const link = await withSystemErrors(`look at "${path}"`, () => lstat(path).catch(leadsNowhere));
  if (link?.isSymbolicLink() !== true || (await isThere(place))) return;
  throw new Failure(
    'not-found',
    `Cannot restore the blobs to "${path}": it is a link to "${place}", which does not exist`,
    { hint: 'Mount the disk that it leads to, or remove the link. Nothing was replaced.' },
  );
}

/** A mount point can't be renamed, and neither can what lies in a folder that isn't ours; what is in it can. */
export async function canBeRenamed(path: string): Promise<boolean> {
  if (!(await isThere(path))) return true;
  if (await isMountPoint(path)) return false;
  return access(dirname(path), constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}
