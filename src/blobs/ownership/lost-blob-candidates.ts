import { parseBlobPath } from '../../filestorage/blob-layout.ts';
import type { FoundSums } from '../checksums/checksums-file.ts';
import type { LostBlobs } from '../layout/record.ts';

/**
 * The blobs to look for. Where more were lost than are recorded, any that their copy has may be one of them; undefined
 * where nobody can tell which those are.
 */
export function lostBlobCandidates(
  { count, paths }: LostBlobs,
  survivingCopy: FoundSums,
): readonly string[] | undefined {
  if (count <= paths.length) return paths;
  if (survivingCopy.kind !== 'found') return undefined;
  const blobs = [...survivingCopy.sums].map(({ path }) => path);
  return [...new Set([...paths, ...blobs.filter((path) => parseBlobPath(path) !== undefined)])];
}
