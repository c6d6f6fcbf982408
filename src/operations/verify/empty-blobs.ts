import type { TreeCounter } from '../../blobs/copy/count-tree.ts';
import type { BlobChoice } from '../../blobs/layout/choose.ts';
import { folderTree } from '../../stores/folder-tree.ts';
import type { Store } from '../../stores/store.ts';
import type { EmptyCheck, EmptyVerdict } from './blob-file-states.ts';
import type { BlobFileFinding } from './blob-finding.ts';
import { layoutOf, sizeOfBlob } from './blob-sizes.ts';
import { countCopy } from './verify-blob-files.ts';

/**
 * The Data.fs doesn't say how large a blob is, and an empty one is legal. What tells: the same revision
 * in the live blob directory, which never changes; or else that the backup as a whole is still what was
 * counted when it was made.
 */
export async function findEmptyCheck(
  choice: BlobChoice,
  {
    store,
    live,
    files,
    count,
  }: {
    readonly store: Store;
    readonly live: string;
    readonly files: readonly BlobFileFinding[];
    readonly count: TreeCounter;
  },
): Promise<EmptyCheck> {
  const otherwise: EmptyVerdict = (await isAsCounted(choice, { store, files, count }))
    ? { kind: 'was-empty' }
    : { kind: 'unknown' };
  const directory = { path: live, layout: await layoutOf(folderTree(live)) };
  return (row, blobs) => {
    const sizeBytes = sizeOfBlob(directory, { row, blobs });
    if (sizeBytes === undefined) return otherwise;
    return sizeBytes === 0 ? { kind: 'empty' } : { kind: 'larger', sizeBytes };
  };
}

async function isAsCounted(
  choice: BlobChoice,
  {
    store,
    files,
    count,
  }: {
    readonly store: Store;
    readonly files: readonly BlobFileFinding[];
    readonly count: TreeCounter;
  },
): Promise<boolean> {
  switch (choice.kind) {
    case 'directory':
      return (
        choice.entry.record?.content !== undefined &&
        (await countCopy(choice, { store, count })).length === 0
      );
    case 'archives':
      return (
        choice.chain.every(({ record }) => record?.archive !== undefined) &&
        files.every(({ kind }) => kind === 'note')
      );
    default:
      return choice satisfies never;
  }
}
