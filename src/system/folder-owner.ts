import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from './failure.ts';

/** The root of a container may lack that right, or the owner's id; some file systems have no owners. */
const CAN_NOT_GIVE: readonly string[] = ['EPERM', 'EINVAL', 'ENOTSUP'];

/**
 * What root makes in a folder of somebody else belongs to that one: else a single job of root leaves behind what
 * the next one, of the site's own user, can neither read nor replace. Other users own what they make.
 *
 * @param path - of the file that is open
 */
export async function giveToOwnerOfFolder(handle: FileHandle, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const folder = await stat(dirname(path));
  if (folder.uid === 0 || (await handle.stat()).uid !== 0) return;
  await handle.chown(folder.uid, folder.gid).catch((error: unknown) => {
    if (!CAN_NOT_GIVE.includes(systemCodeOf(error) ?? '')) throw error;
  });
}

/** The same for a directory. It is opened, so that nobody can put something else in its place meanwhile. */
export async function giveDirectoryToOwnerOfFolder(path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    await giveToOwnerOfFolder(handle, path);
  } finally {
    await handle.close();
  }
}
