import { type Dirent, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { isAbsent } from '../absent.ts';
import { cooperatively } from '../streams/cooperative.ts';

const SLASH = Buffer.from('/');

/**
 * Removes a file, or a directory with all that is in it; nothing where there is nothing. Links are
 * removed, not followed.
 *
 * Node's own `rm` holds everything below a directory in memory, 400 MB for a hundred thousand blobs,
 * and doesn't find names that are not UTF-8.
 *
 * Errors: those of the system, as they come.
 */
export async function removeRecursively(path: string): Promise<void> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isDirectory()) return unlinkSync(path);
  await cooperatively(removeDirectory(Buffer.from(path)));
}

/** Yields after each entry. */
function* removeDirectory(path: Buffer): Generator<void> {
  for (const entry of list(path)) {
    const below = Buffer.concat([path, SLASH, entry.name]);
    if (entry.isDirectory()) yield* removeDirectory(below);
    else ifThere(() => unlinkSync(below));
    yield;
  }
  ifThere(() => rmdirSync(path));
}

function list(path: Buffer): readonly Dirent<Buffer>[] {
  return ifThere(() => readdirSync(path, { withFileTypes: true, encoding: 'buffer' })) ?? [];
}

function ifThere<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
