import { parseBlobPath } from '../../filestorage/blob-layout.ts';
import type { Tid } from '../../filestorage/tid.ts';
import type { ExpectedBlobs } from './expected-blobs.ts';

/**
 * Those that nothing explains the loss of.
 *
 * @param last - up to there, the Data.fs has only grown since they were there
 */
export async function neededOf(
  expected: ExpectedBlobs,
  { last, paths }: { readonly last: Tid | undefined; readonly paths: readonly string[] },
): Promise<readonly string[]> {
  const isCommitted = (path: string) =>
    last !== undefined && (parseBlobPath(path)?.tid ?? last) <= last;
  const others = paths.filter((path) => !isCommitted(path));
  return [...paths.filter(isCommitted), ...(await heldOf(expected, others))];
}

/** Those of which the Data.fs still holds the record: no pack has taken them away. */
export async function heldOf(
  expected: ExpectedBlobs,
  paths: readonly string[],
): Promise<readonly string[]> {
  const revisions = paths.flatMap((path) => {
    const revision = parseBlobPath(path);
    return revision === undefined ? [] : [{ path, ...revision }];
  });
  const held = new Set((await expected.heldOf(revisions)).map(({ path }) => path));
  return paths.filter((path) => held.has(path) || parseBlobPath(path) === undefined);
}
