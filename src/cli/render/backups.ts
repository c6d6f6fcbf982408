import { type BlobContent, blobsBackedUp } from '../../blobs/layout/blob-content.ts';
import type { Site } from '../../config/model/site.ts';
import type { StorageBackup } from '../../operations/backup/backup-site.ts';
import type { UsedCompressor } from '../../repository/content/compression.ts';
import { stampOfFileName } from '../../repository/layout/file-names.ts';
import type { WrittenBackup } from '../../repository/write-backup.ts';
import { count, formatBytes, formatCount, formatSeconds } from '../format/units.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { describePlan, describePlanReason } from './backup-plan.ts';

/**
 * Says what a backup of a site came to, one line for each storage: what was backed up, what was removed, what there is
 * now. Each file that was written is a detail. Returns the lines, which the ping carries too.
 *
 * @param seconds - how long all of it took
 */
export async function sayBackups(
  results: readonly StorageBackup[],
  {
    site: { storages },
    seconds,
    terminal,
  }: { readonly site: Site; readonly seconds: number; readonly terminal: Terminal },
): Promise<readonly string[]> {
  const isOne = results.length === 1;
  const lines: string[] = [];
  for (const [index, result] of results.entries()) {
    const of = isOne ? '' : `${result.storage}: `;
    const folder = storages.find(({ name }) => name === result.storage)?.blobs;
    const content = result.blobs && (await blobsBackedUp(result.blobs, folder));
    for (const detail of detailsOf(result, content)) terminal.detail(of + detail);
    const isLast = index === results.length - 1;
    const took = isLast ? `${isOne ? '' : 'all '}in ${formatSeconds(seconds)}` : undefined;
    const sentences = [describeBackedUp(result, { content, took }), ...describeKept(result)];
    lines.push(of + sentences.map((sentence) => `${sentence}.`).join(' '));
  }
  for (const line of lines) terminal.log(line);
  return lines;
}

function detailsOf(
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

const COMPRESSOR_NAMES: Readonly<Record<UsedCompressor, string>> = {
  node: 'zlib',
  isal: 'ISA-L',
  igzip: 'igzip',
  pigz: 'pigz',
};

function describeWritten({ record, file, compressor }: WrittenBackup): string {
  const size = formatBytes(record.end - record.start);
  const stored = formatBytes(record.stored.sizeBytes);
  const by = compressor === undefined ? '' : `, compressed by ${COMPRESSOR_NAMES[compressor]}`;
  return `Wrote ${file.name}: ${size}, ${count(record.transactionCount, 'transaction')}, stored as ${stored}${by}`;
}

/** @param took - the time, where the line has it */
function describeBackedUp(
  { filestorage, blobs }: StorageBackup,
  {
    content,
    took,
  }: { readonly content: BlobContent | undefined; readonly took: string | undefined },
): string {
  const time = took === undefined ? [] : [took];
  const written = filestorage?.written;
  const newBlobs = blobs?.kind === 'made' ? [describeBlobs(blobs.newFiles, content)] : [];
  if (filestorage !== undefined && written !== undefined) {
    const { record, file } = written;
    const kind = filestorage.plan.kind === 'full' ? 'full backup' : 'increment';
    const size = `${formatBytes(record.end - record.start)} (${whyOf(filestorage.plan)})`;
    return `Backed up: ${[`${kind} ${file.stamp}`, size, ...newBlobs, ...time].join(', ')}`;
  }
  const nothing = 'nothing was committed since the last backup';
  if (newBlobs.length > 0) {
    const only = filestorage === undefined ? [] : [`only the blobs (${nothing})`];
    return `Backed up: ${[...only, ...newBlobs, ...time].join(', ')}`;
  }
  if (filestorage !== undefined) return [`Nothing to back up (${nothing})`, ...time].join(', ');
  const why = blobs === undefined ? 'the site has no blobs' : 'the newest backup has all blobs';
  return [`Nothing to back up (${why})`, ...time].join(', ');
}

type Plan = NonNullable<StorageBackup['filestorage']>['plan'];

function whyOf(plan: Plan): string {
  return plan.kind === 'increment' ? 'the Data.fs grew' : describePlanReason(plan);
}

/** As in `12 new blobs of 3,412`, `no new blobs of 58`; of a first backup, `58 blobs`. */
function describeBlobs(newFiles: number | undefined, content: BlobContent | undefined): string {
  if (content === undefined) return 'the blobs';
  const { files } = content;
  if (newFiles === undefined || newFiles >= files) return count(files, 'blob');
  if (newFiles === 0) return `no new blobs of ${formatCount(files)}`;
  return `${count(newFiles, 'new blob')} of ${formatCount(files)}`;
}

/** What went, by restore points, and what is there now. */
function describeKept({ removed, kept }: StorageBackup): readonly string[] {
  const stamps = [...new Set(removed.flatMap((name) => stampOfFileName(name) ?? []))].sort();
  const points = stamps.length === 0 ? [] : [describeStamps(stamps)];
  const isOfPoint = (name: string) => stamps.some((stamp) => name.includes(stamp));
  const others = removed.filter((name) => !isOfPoint(name)).length;
  const gone = [...points, ...(others === 0 ? [] : [count(others, 'blob backup')])];
  const now = kept && `${count(kept.restorePoints, 'restore point')} now`;
  const stored = kept?.storedBytes ? `, ${formatBytes(kept.storedBytes)}` : '';
  return [
    ...(gone.length === 0 ? [] : [`Removed: ${gone.join(' and ')}`]),
    ...(now === undefined ? [] : [now + stored]),
  ];
}

function describeStamps(stamps: readonly string[]): string {
  const [first = '', ...more] = stamps;
  if (more.length === 0) return `restore point ${first}`;
  return `${count(stamps.length, 'restore point')}, ${first} to ${more.at(-1)}`;
}
