import type { BackupKind, BlobFormat } from '../../config/model/site.ts';

/** Snapshots are complete; zips are complete archives with numbers, whatever the format is else. */
export function formatOfKind(
  kind: Exclude<BackupKind, 'alternative'>,
  format: BlobFormat,
): BlobFormat {
  const compression = format.kind === 'directories' ? 'none' : format.compression;
  switch (kind) {
    case 'backup':
      return format;
    case 'snapshot':
      return format.kind === 'incremental-archives'
        ? { kind: 'archives', naming: 'stamps', compression }
        : format;
    case 'zip':
      return { kind: 'archives', naming: 'numbers', compression };
    default:
      return kind satisfies never;
  }
}
