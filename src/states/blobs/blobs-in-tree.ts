import { blobPath } from '../../filestorage/blob-layout.ts';
import type { TreeReader } from '../../stores/tree-reader.ts';
import type { StateBlob } from '../state.ts';
import type { FindBlob } from './find-blob.ts';

/** The blobs in a blob directory, or a copy of one, in either layout. */
export function blobsInTree(tree: TreeReader): FindBlob {
  return async (revision) => {
    const paths = [blobPath('bushy', revision), blobPath('lawn', revision)];
    const sizes = await tree.sizesOf(paths);
    const place = sizes.findIndex((sizeBytes) => sizeBytes !== undefined);
    const [path, sizeBytes] = [paths[place], sizes[place]];
    if (path === undefined || sizeBytes === undefined) return undefined;
    return { sizeBytes, read: () => tree.read(path) } satisfies StateBlob;
  };
}
