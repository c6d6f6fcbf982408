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

/** Node's own `recursive` takes a full or a read-only disk for a folder that isn't there. */
async function makeMissing(directory: string, rights: Rights): Promise<string | undefined> {
  const parent = dirname(directory);
  try {
    await makeDirectory(directory, rights);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST' && (await stat(directory)).isDirectory()) return undefined;
    if (code !== 'ENOENT' || parent === directory) throw error;
    const uppermost = await makeMissing(parent, rights);
    // Another run may make it meanwhile.
    const made = await makeMissing(directory, rights);
    return uppermost ?? made;
  }
  await syncDirectory(parent);
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
