import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ALL_RIGHTS } from '../../blobs/copy/file-attributes.ts';
import { systemCodeOf, withSystemErrors } from '../../system/failure.ts';
import { openUnfollowed } from '../../system/files/folder-owner.ts';
import type { NewFile } from '../../system/files/new-file.ts';
import { isThere, statOf } from '../../system/files/presence.ts';
import { type Rights, rightsLike, USUAL } from '../../system/files/rights.ts';

/** What is staged may be read by nobody who could not read what it replaces. */
export async function rightsOfRestored(target: string): Promise<Rights> {
  return (await isThere(target)) ? rightsLike(target) : USUAL;
}

/**
 * The new files belong to whom the old one did, or else to whom the folder does, with the rights of the old one. Only
 * root gives files away; others give them to the group of the old one, if they are in it.
 */
export async function keepOwnership(files: readonly NewFile[], target: string): Promise<void> {
  const old = await statOf(target);
  const owner = old ?? (await statOf(dirname(target)));
  for (const { temporaryPath } of files) {
    await withSystemErrors(`set the owner of "${target}"`, async () => {
      await using file = await openUnfollowed(temporaryPath);
      if (process.getuid?.() === 0 && owner !== undefined) {
        await file.chown(owner.uid, owner.gid);
      } else if (old !== undefined) await giveToGroup(file, old.gid);
      if (old !== undefined) await file.chmod(old.mode & 0o777);
    });
  }
}

/** A restored blob directory is for whom the one that it replaces was. */
export async function keepRightsOfFolder(tree: string, target: string): Promise<void> {
  const old = await statOf(target);
  if (old === undefined) return;
  await withSystemErrors(`set the rights of "${target}"`, async () => {
    await using folder = await openUnfollowed(tree);
    await giveToGroup(folder, old.gid);
    await folder.chmod(old.mode & ALL_RIGHTS);
  });
}

/** Who isn't in the group leaves it to their own. */
async function giveToGroup(handle: FileHandle, group: number): Promise<void> {
  const { uid, gid } = await handle.stat();
  if (gid === group) return;
  await handle.chown(uid, group).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'EPERM') throw error;
  });
}
