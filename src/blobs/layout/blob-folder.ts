import { lstat, readlink, rename, symlink, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Store } from '../../stores/store.ts';
import { absent } from '../../system/absent.ts';
import { adopting, Failure, systemCodeOf } from '../../system/failure.ts';
import { removeTree } from '../../system/files/new-directory.ts';
import { syncDirectory, unfinishedName } from '../../system/files/new-file.ts';
import { isTaken } from '../../system/files/presence.ts';
import type { LockRequest } from '../../system/locks/lock-request.ts';
import type { BlobEntry } from './catalogue.ts';
import { LATEST } from './entry-name.ts';
import type { OpenBlobFolder } from './open-blob-folder.ts';
import { settleOrphanRecords } from './orphan-records.ts';
import { recordPath } from './record.ts';
import type { EntrySet } from './sets.ts';

/** Keeps other runs out of a blob folder, and clears away what killed ones left. */
export async function lockBlobFolder(
  { store }: OpenBlobFolder,
  request?: LockRequest,
): Promise<AsyncDisposable> {
  const lock = await store.lock(request);
  return settled(store, lock);
}

/**
 * Keeps backups from moving or removing entries while they are restored, where the folder can be
 * locked: `Store.hold`.
 */
export async function holdBlobFolder(
  { store }: OpenBlobFolder,
  request: LockRequest,
): Promise<AsyncDisposable | undefined> {
  const lock = await store.hold(request);
  if (lock === undefined || !(await store.isWritable())) return lock;
  return settled(store, lock);
}

async function settled(store: Store, lock: AsyncDisposable): Promise<AsyncDisposable> {
  try {
    await store.settleTrees();
    await settleOrphanRecords(store.name);
    return lock;
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** A rename of a rotation. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

/**
 * Makes room for a new number 0: each numbered entry of the family gets the next number, the highest
 * first. Failure `refused` where something else has a name that is needed.
 */
export async function rotate(
  opened: OpenBlobFolder,
  {
    entries,
    base,
    family,
    onRename,
  }: {
    /** All that is there. */
    readonly entries: readonly BlobEntry[];
    readonly base: string;
    readonly family: EntrySet['family'];
    readonly onRename: (renaming: Renaming) => void;
  },
): Promise<void> {
  const { path: folder } = opened;
  const numbered = entries
    .filter(
      (entry) => entry.base === base && (entry.form === 'directory') === (family === 'directories'),
    )
    .flatMap((entry) =>
      entry.mark.kind === 'number' ? [{ entry, number: entry.mark.number }] : [],
    )
    .sort((a, b) => b.number - a.number);
  const names = new Set(numbered.map(({ entry }) => entry.name));
  const moves = numbered.map(({ entry, number }) => ({
    entry,
    to: `${base}.${number + 1}${entry.name.slice(`${base}.${number}`.length)}`,
  }));
  for (const { to } of moves) {
    if (!names.has(to) && (await isTaken(join(folder, to)))) throw nameIsTaken(join(folder, to));
  }
  for (const { entry, to } of moves) {
    await adopting(`rename "${join(folder, entry.name)}"`, async () => {
      await rename(join(folder, entry.name), join(folder, to));
      const record = recordPath(folder, { name: entry.name, form: entry.form });
      if (entry.form !== 'directory' && (await isTaken(record))) {
        await rename(record, recordPath(folder, { name: to, form: entry.form }));
      }
    });
    await opened.renamed(entry.name, to);
    onRename({ from: entry.name, to });
  }
}

/**
 * Failure `refused` where the name is taken by something that isn't an entry. A link in the place of a
 * directory is none: where the blob directory is a link, the recipe copies no more than that.
 */
export async function refuseTaken(path: string, type: 'directory' | 'file'): Promise<void> {
  const found = await lstat(path).catch(absent);
  if (found === undefined) return;
  const isLink = type === 'directory' && found.isSymbolicLink();
  if (isLink || (type === 'directory' ? found.isDirectory() : found.isFile())) return;
  throw nameIsTaken(path);
}

function nameIsTaken(path: string): Failure {
  return new Failure('refused', `Cannot use the name "${path}": something else has it`, {
    hint: 'Nothing was changed. Look at it, and move it away.',
  });
}

/**
 * Points `latest` to an entry, in one step, or takes it away. Something of that name that isn't a
 * link is nobody's of ours: `other` then.
 */
export async function pointLatest(
  folder: string,
  name: string | undefined,
): Promise<'set' | 'unchanged' | 'removed' | 'none' | 'other'> {
  const path = join(folder, LATEST);
  return adopting(`write the link "${path}"`, async () => {
    const found = await lstat(path).catch(absent);
    if (found !== undefined && !found.isSymbolicLink()) return 'other';
    if (name === undefined) {
      if (found === undefined) return 'none';
      await unlink(path);
      await syncDirectory(folder);
      return 'removed';
    }
    if (found !== undefined && (await readlink(path)) === name) return 'unchanged';
    const temporary = join(folder, unfinishedName(basename(path)));
    try {
      await symlink(name, temporary);
    } catch (error) {
      // A file system without links has no `latest`; the backup is no worse for it.
      if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP'].includes(systemCodeOf(error) ?? '')) return 'none';
      throw error;
    }
    await rename(temporary, path);
    await syncDirectory(folder);
    return 'set';
  });
}

/** The name of the entry to which `latest` leads; undefined where it is no link. */
export function latestIn(folder: string): Promise<string | undefined> {
  return readlink(join(folder, LATEST)).catch(() => undefined);
}

/** Removes a set: what continues something goes before it, so that what is left can be used. */
export async function removeSet(
  folder: OpenBlobFolder,
  { set, onFile }: { readonly set: EntrySet; readonly onFile: (path: string) => void },
): Promise<readonly string[]> {
  for (const entry of set.entries) {
    onFile(join(folder.path, entry.name));
    await removeEntry(folder, entry);
  }
  return set.entries.map(({ name }) => name);
}

/** Removes an entry with its record. */
export async function removeEntry(
  folder: OpenBlobFolder,
  entry: BlobEntry,
): Promise<readonly string[]> {
  const path = join(folder.path, entry.name);
  if (entry.form === 'directory') await removeTree(path);
  else {
    await adopting(`remove "${path}"`, async () => {
      await unlink(path);
      await unlinkIfThere(recordPath(folder.path, entry));
      await syncDirectory(folder.path);
    });
  }
  await folder.removed(entry.name);
  return [entry.name];
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch(absent);
}
