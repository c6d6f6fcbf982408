import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { absent } from '../system/absent.ts';
import { withSystemErrors } from '../system/failure.ts';
import { type MadeFolder, makeFolder } from '../system/files/make-folder.ts';
import { type Rights, rightsForCopy, rightsLike } from '../system/files/rights.ts';

/** Data files of a repository, archives of blobs, and folders with copies of them. */
const DATA_FILE =
  /^\d{4}(?:-\d\d){5}\.(?:delta)?fsz?$|\.(?:\d+|\d{4}(?:-\d\d){5})(?:(?:\.delta)?\.tar(?:\.gz)?)?$/;

/**
 * The rights of what is added to backups: as the newest of them has, which somebody may have chosen. The first has the
 * usual ones, and is for nobody who may not read what is backed up.
 *
 * @param original - what is backed up; undefined where nothing is
 */
export async function rightsOfBackups(
  folder: string,
  original: string | undefined,
): Promise<Rights> {
  return withSystemErrors(`look at the rights in "${folder}"`, async () => {
    const newest = await newestIn(folder);
    if (newest !== undefined) return rightsLike(newest);
    return original === undefined ? rightsLike(folder) : rightsForCopy(original, folder);
  });
}

/** Makes a folder for backups, unless it is there. */
export async function makeBackupFolder(folder: string, original: string): Promise<MadeFolder> {
  const rights = await withSystemErrors(`look at the rights of "${original}"`, () =>
    rightsForCopy(original, folder),
  );
  return makeFolder(folder, { rights });
}

async function newestIn(folder: string): Promise<string | undefined> {
  let newest: { readonly path: string; readonly time: number } | undefined;
  for (const name of await readdir(folder)) {
    if (name.startsWith('.') || !DATA_FILE.test(name)) continue;
    const path = join(folder, name);
    const status = await stat(path).catch(absent); // A link to nowhere.
    if (status === undefined || (newest !== undefined && status.mtimeMs < newest.time)) continue;
    newest = { path, time: status.mtimeMs };
  }
  return newest?.path;
}
