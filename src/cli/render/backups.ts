import { type BlobContent, blobsBackedUp } from '../../blobs/layout/blob-content.ts';
import type { Site } from '../../config/model/site.ts';
import type { StorageBackup } from '../../operations/backup/backup-site.ts';
import type { WrittenBackup } from '../../repository/write-backup.ts';
import { count, formatBytes } from '../format/units.ts';
import { describePlan } from './backup-plan.ts';

/** What a backup of a site has written: a line for each file, or why there is none. */
export async function describeBackups(
  results: readonly StorageBackup[],
  { storages }: Site,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const result of results) {
    const of = results.length === 1 ? '' : `${result.storage}: `;
    const folder = storages.find(({ name }) => name === result.storage)?.blobs;
    const content = result.blobs && (await blobsBackedUp(result.blobs, folder));
    lines.push(...describeStorage(result, content).map((line) => of + line));
  }
  return lines;
}

function describeStorage(
  { filestorage, blobs }: StorageBackup,
  content: BlobContent | undefined,
): readonly string[] {
  const lines: string[] = [];
  if (filestorage !== undefined) {
    const { written, plan } = filestorage;
    lines.push(written === undefined ? describePlan(plan) : describeWritten(written));
  }
  if (blobs?.kind === 'made') {
    const amount =
      content === undefined
        ? ''
        : `: ${count(content.files, 'blob')}, ${formatBytes(content.bytes)}`;
    lines.push(`Wrote ${blobs.name}${amount}`);
  }
  return lines;
}

function describeWritten({ record, file }: WrittenBackup): string {
  const size = formatBytes(record.end - record.start);
  const stored = formatBytes(record.stored.sizeBytes);
  return `Wrote ${file.name}: ${size}, ${count(record.transactionCount, 'transaction')}, stored as ${stored}`;
}
