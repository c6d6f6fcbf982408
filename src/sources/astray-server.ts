import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readMagic } from '../filestorage/file-format-version.ts';
import { Failure } from '../system/failure.ts';
import { type FileIdentity, openFileSource } from '../system/files/byte-source.ts';
import { namesOfFile, realPlaceOf } from '../system/files/real-path.ts';
import { isOfRestore } from '../system/files/replacement.ts';
import {
  identityAt,
  identityFor,
  isWritable,
  type OpenFile,
  openFilesOf,
  pathOfDescriptor,
  processIds,
} from '../system/processes/open-files.ts';

/** A server of a Data.fs that writes into another file: the one that was there when it began. */
export interface AstrayServer {
  readonly pid: number;
  /** Of the file that it writes into. */
  readonly descriptor: number;
  /** Where that file is now; undefined: it was deleted. */
  readonly path: string | undefined;
}

/** A Data.fs of which the servers are looked for. */
interface Served {
  readonly place: string;
  /** Of the Data.fs; undefined: it isn't there. */
  readonly identity: FileIdentity | undefined;
  readonly locks: readonly Lock[];
}

interface Lock {
  readonly path: string;
  readonly identity: FileIdentity | undefined;
}

/**
 * The servers that have lost a Data.fs: it was deleted, or renamed, while they had it open. Such a process still has
 * the lock beside the path open, and can write into a FileStorage that is at no path with a lock that it has. It
 * closes the Data.fs before a pack renames it. What can't be looked into is left out: see `findHiddenServer`.
 */
export async function findAstrayServers(dataFs: string): Promise<readonly AstrayServer[]> {
  const served = await servedAt(dataFs);
  const found = new Map<string, AstrayServer>();
  for (const pid of await processIds()) {
    if (pid === process.pid) continue;
    const files = openFilesOf(pid);
    if (files === undefined || !(await isServer(pid, files, served))) continue;
    const strays = await strayFilesOf(pid, files, served);
    if (strays.length === 0) continue;
    // A server that packs closes files, and opens others with their numbers, while it is looked at: look twice.
    const again = await strayFilesOf(pid, openFilesOf(pid) ?? [], served);
    const isStill = ({ key, server }: StrayFile) =>
      again.some((one) => one.key === key && one.server.path === server.path);
    for (const { key, server } of strays.filter(isStill)) {
      // A process that was forked has the same files.
      if (!found.has(key)) found.set(key, server);
    }
  }
  return [...found.values()];
}

async function servedAt(dataFs: string): Promise<Served> {
  const place = await realPlaceOf(dataFs);
  const paths = (await namesOfFile(dataFs)).map((path) => `${path}.lock`);
  const locks = paths.map(async (path) => ({ path, identity: await identityAt(path) }));
  return {
    place,
    identity: await identityAt(place),
    locks: await Promise.all(locks),
  };
}

/** Whether a process has a lock of the Data.fs open, be it one that was deleted. */
async function isServer(
  pid: number,
  files: readonly OpenFile[],
  { locks }: Served,
): Promise<boolean> {
  for (const file of files.filter(({ path }) => path.endsWith('.lock'))) {
    for (const { path, identity } of locks) {
      if (file.isDeleted) {
        if (file.path === path && (await seesSameFolder(pid, path))) return true;
      } else if (isSame(identity, await identityAt(pathOfDescriptor(pid, file.descriptor)))) {
        return true;
      }
    }
  }
  return false;
}

/** In a container, the same path may be elsewhere. */
async function seesSameFolder(pid: number, path: string): Promise<boolean> {
  const folder = dirname(path);
  return isSame(await identityAt(folder), await identityFor(pid, folder));
}

interface StrayFile {
  /** Tells files apart. */
  readonly key: string;
  readonly server: AstrayServer;
}

/** The FileStorages that a process can write into, and that aren't where a lock of it says; none if it has the Data.fs. */
async function strayFilesOf(
  pid: number,
  files: readonly OpenFile[],
  served: Served,
): Promise<readonly StrayFile[]> {
  const locked = await lockedBy(pid, files);
  const strays: StrayFile[] = [];
  for (const { descriptor, path, isDeleted } of files) {
    if (!(await isWritable(pid, descriptor))) continue;
    const identity = await identityAt(pathOfDescriptor(pid, descriptor));
    if (identity === undefined) continue;
    if (isSame(identity, served.identity)) return [];
    if (locked.some((one) => isSame(one, identity)) || isOfRestore(path)) continue;
    if (!(await isFileStorage(pathOfDescriptor(pid, descriptor)))) continue;
    if (await isJustPacked(path, served)) continue;
    strays.push({
      key: keyOf(identity),
      server: { pid, descriptor, path: isDeleted ? undefined : path },
    });
  }
  return strays;
}

/** The files that stand beside the locks that a process has open. */
async function lockedBy(pid: number, files: readonly OpenFile[]): Promise<readonly FileIdentity[]> {
  const paths = files.filter(({ path }) => path.endsWith('.lock'));
  const found = await Promise.all(
    paths.map(({ path }) => identityFor(pid, path.slice(0, -'.lock'.length))),
  );
  return found.filter((identity) => identity !== undefined);
}

async function isFileStorage(path: string): Promise<boolean> {
  try {
    await using source = await openFileSource(path);
    return (await readMagic(source)) !== undefined;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** Milliseconds for which a server may still have the file open that it has packed. */
const PACK_ENDS = 60_000;

async function isJustPacked(path: string, { place }: Served): Promise<boolean> {
  if (path !== `${place}.old`) return false;
  const packed = await stat(place).catch(() => undefined);
  return packed !== undefined && Date.now() - packed.ctimeMs < PACK_ENDS;
}

function isSame(one: FileIdentity | undefined, other: FileIdentity | undefined): boolean {
  return one !== undefined && other !== undefined && keyOf(one) === keyOf(other);
}

function keyOf({ device, inode }: FileIdentity): string {
  return `${device}:${inode}`;
}
