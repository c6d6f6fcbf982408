import { adopting, systemCodeOf } from '../../system/failure.ts';
import { inPortions } from '../../system/streams/cooperative.ts';
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
  return adopting(`read "${path}"`, () =>
    inPortions(hasher.hash(path, onBytes), signal).catch(unreadable),
  );
}

function unreadable(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR', 'EISDIR', 'EIO'].includes(systemCodeOf(error) ?? '')) throw error;
}
