import { createHash } from 'node:crypto';
import type { TreeReader } from '../../stores/tree-reader.ts';
import { Failure, systemCodeOf, withSystemErrors } from '../../system/failure.ts';
import { cooperatively } from '../../system/streams/cooperative.ts';
import type { FileHasher, OnPiece } from './file-hasher.ts';

/** The sha256 of a file's bytes, in hex; undefined where there is none, or the disk doesn't give it back. */
export function readableSum(
  path: string,
  {
    hasher,
    signal,
    onBytes = () => {},
  }: {
    readonly hasher: FileHasher;
    readonly signal: AbortSignal;
    readonly onBytes?: OnPiece;
  },
): Promise<string | undefined> {
  return withSystemErrors(`read "${path}"`, () =>
    cooperatively(hasher.hash(path, onBytes), signal).catch(unreadable),
  );
}

/** The same of a file in a tree. */
export async function readableSumIn(
  tree: TreeReader,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of tree.read(path)) {
      signal.throwIfAborted();
      hash.update(chunk);
    }
    return hash.digest('hex');
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code !== 'usage') unreadable(error.cause);
    return undefined;
  }
}

function unreadable(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR', 'EISDIR', 'EIO'].includes(systemCodeOf(error) ?? '')) throw error;
}
