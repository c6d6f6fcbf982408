import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { someOf } from '../../blobs/layout/summarize-names.ts';
import type { BlobRun } from './blob-run.ts';

/**
 * Says that there are pipes, sockets or devices among the blobs. They hold no bytes that a backup could have.
 *
 * @param paths - below the blob directory
 */
export function warnOfSpecial({ source, context }: BlobRun, paths: readonly string[]): void {
  if (paths.length === 0) return;
  const found = someOf(paths.map((path) => join(source, path)));
  context.onEvent({ kind: 'warning', code: 'blobs-special-files', ...found });
}

/** Those that are there still: tar lists them in each archive of a chain, and tells of them in the first one only. */
export function stillSpecial({ source }: BlobRun, paths: readonly string[]): readonly string[] {
  return paths.filter((path) => {
    const status = lstatSync(join(source, path), { throwIfNoEntry: false });
    return status !== undefined && !status.isFile() && !status.isDirectory();
  });
}
