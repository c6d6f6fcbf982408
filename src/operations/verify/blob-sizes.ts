import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { BlobRevisions } from '../../filestorage/audit/blob-revisions.ts';
import {
  type BlobDirectory,
  type BlobLayout,
  blobPath,
  LAYOUT_FILE,
  parseLayout,
} from '../../filestorage/blob-layout.ts';
import type { TreeReader } from '../../stores/tree-reader.ts';
import { Failure } from '../../system/failure.ts';
import { collectSmall } from '../../system/streams/pipeline.ts';

/** A directory that doesn't say so is recognised as ZODB does: the root's bushy path, or lawn. */
export async function layoutOf(directory: TreeReader): Promise<BlobLayout> {
  const named = await namedLayout(directory);
  if (named !== undefined) return named;
  return (await directory.below('0x00/0x00').isThere()) ? 'bushy' : 'lawn';
}

/** Undefined where it names none, or something else lies in the place of the file that does. */
async function namedLayout(directory: TreeReader): Promise<BlobLayout | undefined> {
  try {
    return parseLayout((await collectSmall(directory.read(LAYOUT_FILE))).toString());
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'system') throw error;
    return undefined;
  }
}

/** The size of a blob's file; undefined where there is none. */
export function sizeOfBlob(
  { path, layout }: BlobDirectory,
  { row, blobs }: { readonly row: number; readonly blobs: BlobRevisions },
): number | undefined {
  const file = join(path, blobPath(layout, blobs.revision(row)));
  const status = statSync(file, { throwIfNoEntry: false });
  return status?.isFile() === true ? status.size : undefined;
}
