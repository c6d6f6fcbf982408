import { linkSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { cooperatively } from '../../system/streams/cooperative.ts';
import type { FileHasher } from '../checksums/file-hasher.ts';
import { copyFolderAttributes } from './file-attributes.ts';
import { FileCopier } from './file-copier.ts';
import { haveSameTime } from './same-time.ts';

/**
 * Puts another file in the place of one of a new copy, with the rights and times that this has: shared, if
 * it has the same, or else copied. Those of the folder stay as they are. Returns the sha256 in hex.
 */
export async function exchangeFile(
  target: string,
  {
    by,
    sharing,
    hasher,
    signal,
  }: {
    readonly by: string;
    /** Whether the other may be shared: a live one may not. */
    readonly sharing: 'allowed' | 'refused';
    readonly hasher: FileHasher;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const status = lstatSync(target);
  const folder = dirname(target);
  const folderStatus = lstatSync(folder);
  unlinkSync(target);
  const isShared = sharing === 'allowed' && isAlike(status, lstatSync(by)) && share(by, target);
  const work = isShared
    ? hasher.hash(target, () => {})
    : copy(new FileCopier(hasher), { source: by, status, target });
  const sha256 = await cooperatively(work, signal);
  copyFolderAttributes(folder, { status: folderStatus, made: folderStatus });
  return sha256;
}

function* copy(
  copier: FileCopier,
  paths: { readonly source: string; readonly status: Stats; readonly target: string },
): Generator<void, string> {
  const sha256 = yield* copier.copy({ ...paths, isSumWanted: true }, () => {});
  if (sha256 === undefined) throw new RangeError('a sum that is wanted is made');
  return sha256;
}

function isAlike(one: Stats, other: Stats): boolean {
  return (
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    haveSameTime(one, other)
  );
}

/** Whether the file system has shared it. */
function share(other: string, target: string): boolean {
  try {
    linkSync(other, target);
    return true;
  } catch {
    return false;
  }
}
