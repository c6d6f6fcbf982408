import {
  access,
  constants,
  lstat,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { absent, isNoLink, leadsNowhereOrInCircles } from '../system/absent.ts';
import { withSystemErrors } from '../system/failure.ts';
import { openFileSource } from '../system/files/byte-source.ts';
import { appendLine } from '../system/files/line-log.ts';
import {
  recoverReplaced,
  removeTree,
  removeUnfinishedDirectories,
} from '../system/files/new-directory.ts';
import { isUnfinished, NewFile, syncDirectory } from '../system/files/new-file.ts';
import { leadToOne } from '../system/files/place.ts';
import { isThere } from '../system/files/presence.ts';
import { ReadBack } from '../system/files/read-back.ts';
import type { Rights } from '../system/files/rights.ts';
import { IMPATIENT } from '../system/locks/lock-request.ts';
import { readHolder } from '../system/locks/run-lock.ts';
import { severalAtATime } from '../system/streams/cooperative.ts';
import { DisposableStack } from '../system/streams/disposable-stack.ts';
import { tap } from '../system/streams/pipeline.ts';
import { rightsOfBackups } from './backup-rights.ts';
import { pointLink } from './folder-link.ts';
import { holdFolder, LOCK_FILE, lockFolder } from './folder-lock.ts';
import { folderTree } from './folder-tree.ts';
import { localFolder } from './local-folder.ts';
import { readFile } from './read-file.ts';
import type {
  LineAddition,
  NameUse,
  Renaming,
  StagedFile,
  Store,
  StoredEntry,
  StoredFile,
} from './store.ts';

/**
 * A {@link Store} in a folder of this machine. The folder must exist before something is written.
 *
 * @param originalOf - tells, when something is written, what is backed up there: see {@link rightsOfBackups}
 */
export function folderStore(
  directory: string,
  { originalOf = () => undefined }: { readonly originalOf?: () => string | undefined } = {},
): Store {
  let known:
    | { readonly original: string | undefined; readonly rights: Promise<Rights> }
    | undefined;
  const rightsOf = () => {
    const original = originalOf();
    if (known === undefined || known.original !== original) {
      known = { original, rights: rightsOfBackups(directory, original) };
    }
    return known.rights;
  };
  const pathOf = (name: string) => join(directory, name);
  return {
    name: directory,
    localFolder: localFolder(directory, rightsOf),
    nameOf: pathOf,
    location: () => withSystemErrors(`find the folder "${directory}"`, () => realpath(directory)),
    isAt: (location) => leadToOne(directory, location),
    requireThere: () => requireFolder(directory),
    list: () => list(directory),
    entries: () => entries(directory),
    look: (name) => entryOf(directory, name),
    useOf: (name) => useOf(pathOf(name)),
    read: (name, range) => readFile(pathOf(name), range),
    open: (name) => openFileSource(pathOf(name)),
    tree: (name) => folderTree(pathOf(name)),
    stage: async (name, content, { willConfirm = false } = {}) =>
      stage(pathOf(name), { name, content, rights: await rightsOf(), willConfirm }),
    append: (name, addition) => append(directory, { name, ...addition }),
    rename: (renamings) => renameAll(directory, renamings),
    remove: (...names) => remove(directory, names),
    removeTree: (name) => removeTree(pathOf(name)),
    link: (name, to) => pointLink(directory, { name, to }),
    linkedTo: (name) =>
      withSystemErrors(`read the link "${pathOf(name)}"`, () =>
        readlink(pathOf(name)).catch(isNoLink),
      ),
    lock: (request = IMPATIENT) => lockFolder(directory, request),
    hold: (request) => holdFolder(directory, request),
    holder: () => readHolder(pathOf(LOCK_FILE)),
    wasLocked: () => isThere(pathOf(LOCK_FILE)),
    recoverTrees: async () => {
      await removeUnfinishedDirectories(directory);
      await recoverReplaced(directory);
    },
    isWritable: () =>
      access(directory, constants.W_OK).then(
        () => true,
        () => false,
      ),
  };
}

/** Failure `not-found` where there is no such folder, or `system` where it can't be read. */
export async function requireFolder(directory: string): Promise<void> {
  await withSystemErrors(`read the folder "${directory}"`, async () => {
    const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.close();
  });
}

async function list(directory: string): Promise<readonly StoredFile[]> {
  return withSystemErrors(`list the folder "${directory}"`, async () => {
    const files = await severalAtATime(await namesIn(directory), async (name) => {
      const file = await stat(join(directory, name)).catch(absent);
      return file?.isFile() === true ? [{ name, sizeBytes: file.size }] : [];
    });
    return files.flat();
  });
}

async function entries(directory: string): Promise<readonly StoredEntry[]> {
  return withSystemErrors(`list the folder "${directory}"`, async () => {
    const found = await severalAtATime(await namesIn(directory), (name) =>
      entryOf(directory, name),
    );
    return found.flatMap((entry) => entry ?? []);
  });
}

/** Without the lock, and what is in the making. */
async function namesIn(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  return names.filter((name) => name !== LOCK_FILE && !isUnfinished(name));
}

/** A link that leads nowhere, or to itself, is none. What can't be looked at is an error: it may be a backup. */
async function entryOf(directory: string, name: string): Promise<StoredEntry | undefined> {
  const path = join(directory, name);
  const status = await withSystemErrors(`look at "${path}"`, () =>
    stat(path).catch(leadsNowhereOrInCircles),
  );
  if (status === undefined) return undefined;
  const { size, mtimeMs: modifiedMs } = status;
  if (status.isFile()) return { name, kind: 'file', sizeBytes: size, modifiedMs };
  return status.isDirectory() ? { name, kind: 'tree', modifiedMs } : undefined;
}

async function useOf(path: string): Promise<NameUse | undefined> {
  const found = await withSystemErrors(`look at "${path}"`, () => lstat(path).catch(absent));
  if (found === undefined) return undefined;
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'tree';
  return found.isSymbolicLink() ? 'link' : 'other';
}

async function stage(
  path: string,
  {
    name,
    content,
    rights,
    willConfirm,
  }: {
    readonly name: string;
    readonly rights: Rights;
    readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
    readonly willConfirm: boolean;
  },
): Promise<StagedFile> {
  await using open = new DisposableStack();
  const onSynced = (position: number) => {
    if (willConfirm) readBack.follow(position);
  };
  const file = open.use(await NewFile.create(path, { rights, onSynced }));
  const readBack = open.use(new ReadBack(file.temporaryPath, path));
  await file.write(tap(content, (chunk) => readBack.wrote(chunk)));
  await file.complete();
  const kept = open.move();
  return {
    name,
    sizeBytes: file.sizeBytes,
    confirm: (watch) => readBack.finish(watch),
    publish: () => file.publish(),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

async function append(
  directory: string,
  { name, earlier, ...addition }: LineAddition & { readonly name: string },
): Promise<readonly StoredFile[]> {
  const { sizeBytes, earlierBytes } = await appendLine(join(directory, name), {
    ...addition,
    earlier: join(directory, earlier),
  });
  return [
    { name, sizeBytes },
    ...(earlierBytes === undefined ? [] : [{ name: earlier, sizeBytes: earlierBytes }]),
  ];
}

async function renameAll(directory: string, renamings: readonly Renaming[]): Promise<void> {
  for (const { from, to } of renamings) {
    const path = join(directory, from);
    await withSystemErrors(`rename "${path}"`, () => rename(path, join(directory, to)));
  }
  if (renamings.length > 0) await syncDirectory(directory);
}

async function remove(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await withSystemErrors(`remove "${join(directory, name)}"`, () =>
      unlink(join(directory, name)).catch(absent),
    );
  }
  await withSystemErrors(`clean up "${directory}"`, () => syncDirectory(directory));
}
