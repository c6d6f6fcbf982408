import { statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobRevisions } from '../../filestorage/audit/blob-revisions.ts';
import {
  type BlobDirectory,
  type BlobLayout,
  blobPath,
  readBlobLayout,
} from '../../filestorage/blob-layout.ts';

/** A directory that doesn't say so is recognised as ZODB does: the root's bushy path, or lawn. */
export async function layoutOf(path: string): Promise<BlobLayout> {
  const named = await readBlobLayout(path);
  if (named !== undefined) return named;
  const status = await stat(join(path, '0x00/0x00')).catch(() => undefined);
  return status?.isDirectory() === true ? 'bushy' : 'lawn';
}

/** The size of a blob's file; undefined where there is none. */
export function sizeOfBlob(
  { path, layout }: BlobDirectory,
  { row, blobs }: { readonly row: number; readonly blobs: BlobRevisions },
): number | undefined {
  return sizeOfFile(join(path, blobPath(layout, blobs.revision(row))));
}

/** Undefined where there is no file. */
export function sizeOfFile(path: string): number | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isFile() === true ? status.size : undefined;
}
