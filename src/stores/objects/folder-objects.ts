import { open, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { absent, isAbsent, leadsNowhere } from '../../system/absent.ts';
import { isFailure, systemCodeOf, withSystemErrors } from '../../system/failure.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { NewFile, syncDirectory, unfinishedName } from '../../system/files/new-file.ts';
import { rightsLike } from '../../system/files/rights.ts';
import { severalAtATime } from '../../system/streams/cooperative.ts';
import { readFile } from '../read-file.ts';
import { keysBelow, unfinishedBelow } from './folder-keys.ts';
import { requireKey } from './object-key.ts';
import type {
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
  UploadOptions,
} from './object-store.ts';
import { requirePut } from './put-rules.ts';
import { type Bandwidth, throttled } from './transfer/bandwidth.ts';
import { checkedContent } from './transfer/checked-content.ts';

/**
 * An {@link ObjectStore} in a folder of this machine, or of a disk or server that is mounted there: a key is a path.
 *
 * The folder itself is never made, only those in it: a disk that isn't mounted must not be taken for an empty one.
 * Objects and folders have its rights. No call of the system replaces a file only if it is still a certain one, so the
 * folder keeps to the condition `absent` alone.
 */
export function folderObjects(
  folder: string,
  { bandwidth }: { readonly bandwidth?: Bandwidth | undefined } = {},
): ObjectStore {
  const root = resolve(folder);
  const conditions = 'absent';
  const nameOf = (key: string) => join(root, key);
  const pathOf = (key: string) => {
    requireKey(key);
    return join(root, key);
  };
  return {
    name: root,
    nameOf,
    conditions,
    pages: (prefix) => pages(root, prefix),
    look: (key) => objectAt(pathOf(key), key),
    read: (key, range) => throttled(readFile(pathOf(key), range), bandwidth),
    open: (key) => openFileSource(pathOf(key)),
    put: async (key, content, condition) => {
      requirePut({ conditions, nameOf }, { key, content, condition });
      await bandwidth?.take(content.length);
      return put(root, { path: pathOf(key), content, condition });
    },
    upload: async (key, content, options = {}) =>
      upload(root, { path: pathOf(key), content: throttled(content, bandwidth), options }),
    remove: async (keys) => remove(root, keys.map(pathOf)),
    removeUnfinished: (prefix, beganBeforeMs) => removeUnfinished(root, { prefix, beganBeforeMs }),
    now: () => clockOf(root),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function* pages(root: string, prefix: string): AsyncGenerator<readonly StoredObject[]> {
  for await (const keys of keysBelow(root, prefix)) {
    const objects = await severalAtATime(keys, (key) => objectAt(join(root, key), key));
    yield objects.flatMap((object) => object ?? []);
  }
}

/** Undefined for what is no file. */
async function objectAt(path: string, key: string): Promise<StoredObject | undefined> {
  const status = await withSystemErrors(`look at "${path}"`, () =>
    stat(path, { bigint: true }).catch(leadsNowhere),
  );
  if (status?.isFile() !== true) return undefined;
  return {
    key,
    sizeBytes: Number(status.size),
    modifiedMs: Number(status.mtimeMs),
    version: versionOf(status),
  };
}

/** Another file has another number while both are there, and was written at another time if not. */
function versionOf({
  ino,
  mtimeNs,
  size,
}: {
  readonly ino: bigint;
  readonly mtimeNs: bigint;
  readonly size: bigint;
}): string {
  return [ino, mtimeNs, size].map((number) => number.toString(36)).join('-');
}

async function put(
  root: string,
  {
    path,
    content,
    condition,
  }: {
    readonly path: string;
    readonly content: Uint8Array;
    readonly condition: PutCondition | undefined;
  },
): Promise<PutOutcome> {
  await using file = await createFile(root, path);
  await file.write([content]);
  await file.complete();
  // Another run may replace it as soon as it has its name.
  const status = await withSystemErrors(`look at "${file.temporaryPath}"`, () =>
    stat(file.temporaryPath, { bigint: true }),
  );
  if (condition === undefined) await file.publish();
  else if (!(await file.publishUnlessTaken())) return { kind: 'refused' };
  return { kind: 'put', version: versionOf(status) };
}

async function upload(
  root: string,
  {
    path,
    content,
    options: { onBytes, ...expected },
  }: {
    readonly path: string;
    readonly content: AsyncIterable<Uint8Array>;
    readonly options: UploadOptions;
  },
): Promise<void> {
  await using file = await createFile(root, path);
  await file.write(reported(checkedContent(content, { name: path, ...expected }), onBytes));
  await file.complete();
  await file.publish();
}

/** Tells of each chunk when the next one is asked for. */
async function* reported(
  content: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void = () => {},
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    yield chunk;
    onBytes(chunk.length);
  }
}

/** So often, a folder that was just made may be gone again. */
const ATTEMPTS = 5;

async function createFile(root: string, path: string): Promise<NewFile> {
  const rights = await withSystemErrors(`look at the folder "${root}"`, () => rightsLike(root));
  for (let attempt = 1; ; attempt++) {
    try {
      await makeFolder(dirname(path), { rights });
      return await NewFile.create(path, { rights });
    } catch (error) {
      // Who removes the last object in a folder removes the folder.
      if (!isFailure(error, 'not-found') || attempt === ATTEMPTS) throw error;
    }
  }
}

async function remove(root: string, paths: readonly string[]): Promise<void> {
  await severalAtATime(paths, (path) =>
    withSystemErrors(`remove "${path}"`, () => unlink(path).catch(leadsNowhere)),
  );
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    await withSystemErrors(`clean up "${folder}"`, () => removeEmpty(root, folder));
  }
}

/** Removes a folder and those above it, as long as nothing is in them, and makes that last. */
async function removeEmpty(root: string, folder: string): Promise<void> {
  let left = folder;
  while (left !== root && (await isRemoved(left))) left = dirname(left);
  await syncDirectory(left);
}

/** Whatever keeps an empty folder harms nobody. */
async function isRemoved(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return isAbsent(error);
  }
}

async function removeUnfinished(
  root: string,
  { prefix, beganBeforeMs }: { readonly prefix: string; readonly beganBeforeMs: number },
): Promise<void> {
  for await (const keys of unfinishedBelow(root, prefix)) {
    const objects = await severalAtATime(keys, (key) => objectAt(join(root, key), key));
    const old = objects.filter((one) => one !== undefined && one.modifiedMs < beganBeforeMs);
    await remove(
      root,
      old.flatMap((one) => (one === undefined ? [] : [join(root, one.key)])),
    );
  }
}

/** By the clock of the disk or server that is mounted there, which may be another one than this machine's. */
async function clockOf(root: string): Promise<number> {
  const path = join(root, unfinishedName('clock'));
  return withSystemErrors(`create a file in "${root}"`, async () => {
    const file = await open(path, 'wx', 0o600);
    try {
      return Math.floor((await file.stat()).mtimeMs);
    } finally {
      await file.close();
      await unlink(path).catch(absent);
    }
  });
}
