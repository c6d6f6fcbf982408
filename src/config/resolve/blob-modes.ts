import type { BlobCopier, BlobFormat } from '../model/site.ts';
import type { Resolution } from './resolution.ts';
import { splitWords } from './words.ts';

/** In which form blobs are backed up: six options with few legal combinations. */
export function resolveBlobFormat(resolution: Resolution): BlobFormat {
  const { part, options, problems, warnings, is23, flag } = resolution;
  const isGzipArchive = flag('gzip_blob', false);
  const isArchive = flag('archive_blob', isGzipArchive);
  const isCompressed = flag('compress_blob', false);
  const isIncremental = flag('incremental_blobs', false);
  const written = options.written('blob_timestamps');
  const hasStamps = flag('blob_timestamps', isIncremental || !is23);
  if (isIncremental && !hasStamps) {
    problems.add('Cannot have blob_timestamps false and incremental_blobs true.', written?.origin);
  }
  if (written !== undefined && !hasStamps && !is23) {
    warnings.push({ kind: 'advice', code: 'numbered-blob-backups', part });
  }
  const naming = hasStamps ? 'stamps' : 'numbers';
  const compression = isCompressed ? 'gzip' : 'none';
  if (!isArchive) return { kind: 'directories', naming };
  if (isIncremental) return { kind: 'incremental-archives', compression };
  return { kind: 'archives', naming, compression };
}

/** Who copies them, and how. */
export function resolveBlobCopier(resolution: Resolution): BlobCopier {
  const { options, problems, flag, defaults } = resolution;
  const value = options.written('rsync_options');
  const words = splitWords(options.text('rsync_options'));
  if (words === undefined) {
    problems.add('rsync_options: a quote is not closed', value?.origin);
  }
  return {
    kind: flag('use_rsync', defaults.blobCopier === 'rsync') ? 'rsync' : 'own',
    rsyncOptions: [...(words ?? [])],
    firstCopy: flag('rsync_hard_links_on_first_copy', false) ? 'link' : 'copy',
  };
}
