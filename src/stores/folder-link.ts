import { lstat, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { absent } from '../system/absent.ts';
import { systemCodeOf, withSystemErrors } from '../system/failure.ts';
import { syncDirectory, unfinishedName } from '../system/files/new-file.ts';
import type { LinkOutcome } from './store.ts';

/** Makes a link in a folder lead to another name there, in one step, or takes it away. */
export async function pointLink(
  folder: string,
  { name, to }: { readonly name: string; readonly to: string | undefined },
): Promise<LinkOutcome> {
  const path = join(folder, name);
  return withSystemErrors(`write the link "${path}"`, async () => {
    const found = await lstat(path).catch(absent);
    if (found !== undefined && !found.isSymbolicLink()) return 'other';
    if (to === undefined) {
      if (found === undefined) return 'none';
      await unlink(path);
      await syncDirectory(folder);
      return 'removed';
    }
    if (found !== undefined && (await readlink(path)) === to) return 'unchanged';
    const temporary = join(folder, unfinishedName(name));
    try {
      await symlink(to, temporary);
    } catch (error) {
      // A file system without links.
      if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP'].includes(systemCodeOf(error) ?? '')) return 'none';
      throw error;
    }
    await rename(temporary, path);
    await syncDirectory(folder);
    return 'set';
  });
}
