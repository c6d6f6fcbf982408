import { LAYOUT_FILE } from '../../filestorage/blob-layout.ts';
import { folderTree } from '../../stores/folder-tree.ts';
import type { TreeReader } from '../../stores/tree-reader.ts';

/** What was counted when a blob backup was made: blobs, without the file that names the layout. */
export interface BlobContent {
  readonly files: number;
  readonly bytes: number;
}

/** The blobs among some files. @param layoutBytes - of the file that names the layout; undefined: it isn't there */
export function blobsAmong(
  { files, bytes }: BlobContent,
  layoutBytes: number | undefined,
): BlobContent {
  if (layoutBytes === undefined || files === 0) return { files, bytes };
  return { files: files - 1, bytes: Math.max(0, bytes - layoutBytes) };
}

/** Size of the file that names the layout of a blob directory; undefined where there is none. */
export async function layoutBytesIn(directory: TreeReader): Promise<number | undefined> {
  return await directory.sizesOf([LAYOUT_FILE]).then(
    ([sizeBytes]) => sizeBytes,
    () => undefined,
  );
}

/** The blobs of a backup of the live directory `source`, as it was counted. */
export async function blobsBackedUp(
  { name, content }: { readonly name: string; readonly content: BlobContent | undefined },
  source: string | undefined,
): Promise<BlobContent | undefined> {
  if (content === undefined || source === undefined) return content;
  // What a chain begins with has that file, and no increment has it again.
  return blobsAmong(
    content,
    name.includes('.delta.') ? undefined : await layoutBytesIn(folderTree(source)),
  );
}
