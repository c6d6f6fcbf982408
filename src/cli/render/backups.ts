import type { StorageBackup } from '../../jobs/backup-site.ts';
import type { WrittenBackup } from '../../repository/writing.ts';
import { describePlan } from './events.ts';
import { count, formatBytes } from './units.ts';

/** What a backup of a site has written: a line for each file, or why there is none. */
export function describeBackups(results: readonly StorageBackup[]): readonly string[] {
  return results.flatMap((result) => {
    const of = results.length === 1 ? '' : `${result.storage}: `;
    return describeStorage(result).map((line) => of + line);
  });
}

function describeStorage({ filestorage, blobs }: StorageBackup): readonly string[] {
  const lines: string[] = [];
  if (filestorage !== undefined) {
    const { written, plan } = filestorage;
    lines.push(written === undefined ? describePlan(plan) : describeWritten(written));
  }
  if (blobs?.kind === 'made') {
    const content =
      blobs.content === undefined
        ? ''
        : `: ${count(blobs.content.files, 'file')}, ${formatBytes(blobs.content.bytes)}`;
    lines.push(`Wrote ${blobs.name}${content}`);
  }
  return lines;
}

function describeWritten({ record, file }: WrittenBackup): string {
  const size = formatBytes(record.end - record.start);
  const stored = formatBytes(record.stored.sizeBytes);
  return `Wrote ${file.name}: ${size}, ${count(record.transactionCount, 'transaction')}, stored as ${stored}`;
}
