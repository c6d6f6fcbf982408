import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '../failure.ts';

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
  const [folder, status] = [await stat(dirname(path)), await handle.stat()];
  if (folder.uid === 0 || status.uid !== 0 || !isOursAlone(status)) return;
  await handle.chown(folder.uid, folder.gid).catch((error: unknown) => {
    if (!CAN_NOT_GIVE.includes(systemCodeOf(error) ?? '')) throw error;
  });
}

/**
 * Whether changing its rights changes nothing else: a file of another name may be anybody's, and a device is the
 * system's.
 */
export function isOursAlone(status: Stats): boolean {
  return status.isDirectory() || (status.isFile() && status.nlink === 1);
}

/**
 * Opens what we have made, a file or a folder, to change its rights: by a path, a link that somebody has put in its
 * place would be followed. The caller closes it.
 */
export async function openUnfollowed(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}
