import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { nameSome } from '../../blobs/layout/summarize-names.ts';
import type { BlobRun } from './blob-backup.ts';

/**
 * Says that there are pipes, sockets or devices among the blobs. They hold no bytes that a backup could have.
 *
 * @param paths - below the blob directory
 */
export function warnOfSpecial({ source, context }: BlobRun, paths: readonly string[]): void {
  if (paths.length === 0) return;
  const names = nameSome(paths.map((path) => join(source, path)));
  const are = paths.length === 1 ? 'is no file' : 'are no files';
  context.onEvent({
    kind: 'warning',
    text: `${names} ${are}, but a pipe, a socket or a device, and not in the backup; no blob directory needs one: remove it`,
  });
}

/** Those that are there still: tar lists them in each archive of a chain, and tells of them in the first one only. */
export function stillSpecial({ source }: BlobRun, paths: readonly string[]): readonly string[] {
  return paths.filter((path) => {
    const status = lstatSync(join(source, path), { throwIfNoEntry: false });
    return status !== undefined && !status.isFile() && !status.isDirectory();
  });
}
