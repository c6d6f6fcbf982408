import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import { statOf } from '../../system/files/presence.ts';
import { findProgram, runProgram } from '../../system/processes/programs.ts';
import { userName } from '../../system/processes/users.ts';

/** As whom the machine's systemd is to run the jobs of a site: the owner of its data, by name or number. */
export async function ownerOfData({ storages }: Site): Promise<string | undefined> {
  const data = storages.at(-1)?.dataFs;
  const found = data === undefined ? undefined : await statOf(await nearest(data));
  return found && (userName(found.uid) ?? String(found.uid));
}

/**
 * Checks that who runs the jobs can read the site and write its backups. What isn't there yet says
 * nothing. Failure `refused`, with all that can't be done; `system` where it can't be looked at.
 *
 * @param user - who runs them, if it is another user than this; one without a name isn't asked for
 */
export async function requireRights(
  { storages, contents }: Site,
  { user, signal }: { readonly user: string | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const who = user ?? userInfo().username;
  const may = async (right: 'r' | 'w', path: string) =>
    user === undefined || user === userInfo().username
      ? mayAccess(right, path)
      : mayAs(user, { right, path, signal });
  const problems: string[] = [];
  for (const { dataFs, blobs, folders } of storages) {
    const read = [
      ...(contents === 'blobs' ? [] : [dataFs]),
      ...(blobs === undefined ? [] : [blobs]),
    ];
    for (const path of read) {
      if ((await statOf(path)) !== undefined && !(await may('r', path)))
        problems.push(`read "${path}"`);
    }
    const { filestorage, blobs: blobBackups } = folders.backup;
    for (const path of [filestorage, ...(blobBackups === undefined ? [] : [blobBackups])]) {
      const folder = await nearest(path);
      if (!(await may('w', folder))) problems.push(`write to "${folder}"`);
    }
  }
  if (problems.length === 0) return;
  const list = [...new Set(problems)].join(', and cannot ');
  throw new Failure('refused', `Cannot schedule backups: the user ${who} cannot ${list}`, {
    hint: 'Nothing was changed. Run this command as the user that owns the site, or change the rights.',
  });
}

/** The path, or the folder above it that is there. */
async function nearest(path: string): Promise<string> {
  const isFound = (await statOf(path)) !== undefined || dirname(path) === path;
  return isFound ? path : nearest(dirname(path));
}

function mayAccess(right: 'r' | 'w', path: string): Promise<boolean> {
  return access(path, right === 'r' ? constants.R_OK : constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** With the groups of that user, which only a program of the system knows for sure. */
async function mayAs(
  user: string,
  { right, path, signal }: { right: 'r' | 'w'; path: string; signal: AbortSignal },
): Promise<boolean> {
  const program = await findProgram('runuser');
  if (program === undefined || process.getuid?.() !== 0 || /^\d+$/.test(user)) return true;
  const argv = ['-u', user, '--', 'test', `-${right}`, path];
  const end = await runProgram({ path: program, arguments: argv }, { onOutput: () => {}, signal });
  // What else went wrong says nothing about rights.
  return end.status !== 1 || end.errors !== '';
}
