import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf, withSystemErrors } from '../failure.ts';
import { giveToOwnerOfFolder, openUnfollowed } from './folder-owner.ts';
import { syncDirectory } from './new-file.ts';
import { folderMode, GIVES_GROUP, type Rights, USUAL } from './rights.ts';

export interface MadeFolder {
  readonly wasMade: boolean;
  /** The uppermost of the folders that were made for it. */
  readonly uppermost: string | undefined;
}

/** Makes the folder, and those above it, unless it is there. */
export async function makeFolder(
  directory: string,
  { rights = USUAL }: { readonly rights?: Rights } = {},
): Promise<MadeFolder> {
  return withSystemErrors(`create the folder "${directory}"`, async () => {
    const uppermost = await makeMissing(directory, rights);
    return { wasMade: uppermost !== undefined, uppermost };
  });
}

/** Node's own `recursive` tries for ever where no folder can be made, as in `/proc`. */
async function makeMissing(directory: string, rights: Rights): Promise<string | undefined> {
  const parent = dirname(directory);
  try {
    return await makeUnlessThere(directory, rights);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT' || parent === directory) throw error;
  }
  const uppermost = await makeMissing(parent, rights);
  const made = await makeUnlessThere(directory, rights);
  return uppermost ?? made;
}

/** Another run may make it meanwhile. */
async function makeUnlessThere(directory: string, rights: Rights): Promise<string | undefined> {
  try {
    await makeDirectory(directory, rights);
  } catch (error) {
    const isThere = systemCodeOf(error) === 'EEXIST' && (await stat(directory)).isDirectory();
    if (isThere) return undefined;
    throw error;
  }
  await syncDirectory(dirname(directory));
  return directory;
}

/** Makes one folder, which isn't there. One that is made in a folder that gives its group does so, too. */
export async function makeDirectory(path: string, rights: Rights): Promise<void> {
  const mode = folderMode(rights);
  await mkdir(path, { mode });
  const isRightAlready = rights.kind === 'less-umask';
  if (isRightAlready && process.getuid?.() !== 0) return;
  await using folder = await openUnfollowed(path);
  await giveToOwnerOfFolder(folder, path);
  if (!isRightAlready) await folder.chmod(mode | ((await folder.stat()).mode & GIVES_GROUP));
}
