import type { StorageBackup } from '../../jobs/backup-site.ts';
import { hasLayoutFile } from '../../jobs/blob-layout-file.ts';
import type { WrittenBackup } from '../../repository/writing.ts';
import type { Site } from '../../sites/site.ts';
import { describePlan } from './events.ts';
import { count, formatBytes } from './units.ts';

/** What a backup of a site has written: a line for each file, or why there is none. */
export async function describeBackups(
  results: readonly StorageBackup[],
  { storages }: Site,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const result of results) {
    const of = results.length === 1 ? '' : `${result.storage}: `;
    const folder = storages.find(({ name }) => name === result.storage)?.blobs;
    const hasLayout = folder !== undefined && (await hasLayoutFile(folder));
    lines.push(...describeStorage(result, hasLayout ? 1 : 0).map((line) => of + line));
  }
  return lines;
}

/** @param layoutFiles - files of a blob directory that are no blobs; an increment has none of them */
function describeStorage(
  { filestorage, blobs }: StorageBackup,
  layoutFiles: number,
): readonly string[] {
  const lines: string[] = [];
  if (filestorage !== undefined) {
    const { written, plan } = filestorage;
    lines.push(written === undefined ? describePlan(plan) : describeWritten(written));
  }
  if (blobs?.kind === 'made') {
    const others = blobs.name.includes('.delta.') ? 0 : layoutFiles;
    const content =
      blobs.content === undefined
        ? ''
        : `: ${count(Math.max(0, blobs.content.files - others), 'blob')}, ${formatBytes(blobs.content.bytes)}`;
    lines.push(`Wrote ${blobs.name}${content}`);
  }
  return lines;
}

function describeWritten({ record, file }: WrittenBackup): string {
  const size = formatBytes(record.end - record.start);
  const stored = formatBytes(record.stored.sizeBytes);
  return `Wrote ${file.name}: ${size}, ${count(record.transactionCount, 'transaction')}, stored as ${stored}`;
}
