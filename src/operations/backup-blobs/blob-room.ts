import { join } from 'node:path';
import { countTree } from '../../blobs/copy/count-tree.ts';
import { folderTree } from '../../stores/folder-tree.ts';
import { isFailure } from '../../system/failure.ts';
import { hasRoomForDisk, requireRoomFor } from '../../system/files/free-space.ts';
import { type BlobRun, entriesOf } from './blob-run.ts';

/**
 * Looks whether there is room for a blob backup, where its size can be told before it is made: of a first
 * copy that shares nothing, and of a complete archive. What a next copy, a delta or gzip will take,
 * nobody knows. Failure `system`.
 */
export async function requireRoomForBlobs(run: BlobRun): Promise<void> {
  const bytes = await foreseenBytes(run);
  if (bytes === undefined) return;
  await requireRoomFor([{ path: join(run.settings.folder, run.base), bytes }]);
}

async function foreseenBytes(run: BlobRun): Promise<number | undefined> {
  const { format, copier } = run.settings;
  switch (format.kind) {
    case 'directories': {
      const isShared = entriesOf(run, 'directory').length > 0 || copier.firstCopy === 'link';
      return isShared ? undefined : bytesOf(run);
    }
    case 'archives': {
      if (format.naming === 'stamps' && entriesOf(run, 'archive')[0]?.stamp === run.stamp)
        return undefined;
      if (format.compression === 'none') return bytesOf(run);
      return entriesOf(run, 'archive')[0]?.record?.archive?.sizeBytes;
    }
    case 'incremental-archives':
      return undefined;
    default:
      return format satisfies never;
  }
}

/**
 * Undefined where files go while they are counted: a site is alive, and a guess will do. Nothing is counted where nobody
 * sees how far the copy is, and the disk has room for anything: that takes a third as long as the copy.
 */
async function bytesOf(run: BlobRun): Promise<number | undefined> {
  const { source, settings, context } = run;
  try {
    const isUnwatched = context.isWatched === false;
    if (isUnwatched && (await hasRoomForDisk({ from: source, to: settings.folder })))
      return undefined;
    const { content } = await countTree(folderTree(run.source), run.context.signal);
    run.expectedBytes = content.bytes;
    return content.bytes;
  } catch (error) {
    if (isFailure(error, 'not-found')) return undefined;
    throw error;
  }
}
