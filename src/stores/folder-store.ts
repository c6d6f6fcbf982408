import { constants } from 'node:fs';
import { access, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { absent } from '../system/absent.ts';
import { adopting, Failure, systemCodeOf } from '../system/failure.ts';
import { type ByteRange, openFileSource } from '../system/files/byte-source.ts';
import { appendLine } from '../system/files/line-log.ts';
import {
  isUnfinished,
  NewFile,
  removeUnfinished,
  syncDirectory,
} from '../system/files/new-file.ts';
import { confirmFile } from '../system/files/read-back.ts';
import type { Rights } from '../system/files/rights.ts';
import { IMPATIENT, type LockRequest } from '../system/locks/lock-request.ts';
import { acquireRunLock } from '../system/locks/run-lock.ts';
import { severalAtATime } from '../system/streams/cooperative.ts';
import { rightsOfBackups } from './backup-rights.ts';
import type { LineAddition, StagedFile, Store, StoredFile } from './store.ts';

/** Name of the lock file in a folder; no pattern of repozo matches it. */
export const LOCK_FILE = '.zodbvault.lock';

/**
 * A {@link Store} in a folder of this machine. The folder must exist before the first call.
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
  return {
    name: directory,
    list: () => list(directory),
    read: (name, range) => read(join(directory, name), range),
    stage: async (name, content) =>
      stage(join(directory, name), { name, content, rights: await rightsOf() }),
    append: (name, addition) => append(directory, { name, ...addition }),
    remove: (name) => remove(directory, name),
    lock: (request = IMPATIENT) => lock(directory, request),
  };
}

async function list(directory: string): Promise<readonly StoredFile[]> {
  return adopting(`list the folder "${directory}"`, async () => {
    const names = (await readdir(directory)).filter(
      (name) => name !== LOCK_FILE && !isUnfinished(name),
    );
    const files = await severalAtATime(names, async (name) => {
      const file = await stat(join(directory, name)).catch(absent);
      return file?.isFile() === true ? [{ name, sizeBytes: file.size }] : [];
    });
    return files.flat();
  });
}

async function* read(path: string, range: ByteRange | undefined): AsyncGenerator<Uint8Array> {
  await using source = await openFileSource(path);
  yield* source.stream(range ?? { start: 0, end: source.sizeBytes });
}

async function stage(
  path: string,
  {
    name,
    content,
    rights,
  }: {
    readonly name: string;
    readonly rights: Rights;
    readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  },
): Promise<StagedFile> {
  const file = await NewFile.create(path, { rights });
  try {
    await file.write(content);
    await file.complete();
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
  return {
    name,
    sizeBytes: file.sizeBytes,
    confirm: (sha256, watch) =>
      confirmFile(file.temporaryPath, {
        name: path,
        sizeBytes: file.sizeBytes,
        sha256,
        ...watch,
      }),
    publish: () => file.publish(),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
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

async function remove(directory: string, name: string): Promise<void> {
  await adopting(`remove "${join(directory, name)}"`, async () => {
    await unlink(join(directory, name)).catch(absent);
    await syncDirectory(directory);
  });
}

async function lock(directory: string, request: LockRequest): Promise<AsyncDisposable> {
  const held = await acquireLock(directory, request);
  try {
    await removeUnfinished(directory);
    return held;
  } catch (error) {
    await held[Symbol.asyncDispose]();
    throw error;
  }
}

function acquireLock(directory: string, request: LockRequest): Promise<AsyncDisposable> {
  return acquireRunLock(join(directory, LOCK_FILE), {
    target: `the repository "${directory}"`,
    request,
  });
}

/**
 * Keeps other runs out of a folder that is read from. Undefined where no run of ours ever was, as then
 * none goes on, and nothing is left in a folder that may be somebody else's; and where the lock can't be
 * had: backups on read-only media, or of another user, must be restorable. Who removes something there
 * meanwhile doesn't spoil what is restored: every byte of it is checked.
 */
export async function holdFolder(
  directory: string,
  request: LockRequest,
): Promise<AsyncDisposable | undefined> {
  try {
    await access(join(directory, LOCK_FILE), constants.R_OK | constants.W_OK);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
  try {
    return await acquireLock(directory, request);
  } catch (error) {
    // The file system knows no flock(2).
    if (error instanceof Failure && error.code === 'program') return undefined;
    throw error;
  }
}

/** Whether the path is a folder that can be read. Failure `not-found` or `system` otherwise. */
export async function requireFolder(directory: string): Promise<void> {
  await adopting(`read the folder "${directory}"`, async () => {
    const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.close();
  });
}

/** The same for one that should have backups: a site that has none yet, most often. Failure `not-found`, in words for who looks for them. */
export async function requireBackups(directory: string): Promise<void> {
  try {
    await requireFolder(directory);
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== 'not-found') throw cause;
    throw new Failure('not-found', `Cannot find backups: there is no folder "${directory}"`, {
      hint: { kind: 'find-backups' },
      cause,
    });
  }
}
