import { type BackupRecord, encodeBackupRecord } from '../../repository/layout/backup-record.ts';
import { encodeDatLine } from '../../repository/layout/dat.ts';
import {
  completeFileName,
  datFileName,
  indexFileName,
  parseDataFileName,
  recordFileName,
  recordIndexFileName,
} from '../../repository/layout/file-names.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { CHECKS_FILE, type Check, encodeChecks } from '../../repository/records/check-results.ts';
import { formatRun, RUN_LOG_FILE } from '../../repository/records/run-history.ts';
import { fileOfTags, type Tag } from '../../repository/records/tags.ts';
import { encodeJsonRecord } from '../../stores/json-record.ts';
import { derivedFile, type ShownFile } from '../../stores/shown/shown-file.ts';
import type { ToldOfFile } from '../../stores/store.ts';
import type { CopiedRun } from '../layout/copied-run.ts';
import type { DataFileDetails, PointDetails } from '../layout/point-details.ts';
import type { CopiedDataFile } from '../layout/point-record.ts';
import type { StoredObjectRecord } from '../layout/stored-object.ts';
import type { ReadPoint } from '../read-copy.ts';
import { type ReadableObjects, type SizeOfStored, storedFile } from './stored-file.ts';

/** A restore point with what its record keeps closed; undefined where nobody could open that. */
export interface OpenedPoint extends ReadPoint {
  readonly details: PointDetails | undefined;
}

/** What the files of a repository are made of. */
export interface RepositoryContent extends ReadableObjects {
  /** How messages call the repository. */
  readonly name: string;
  /** How they call the place of its blobs. */
  readonly blobs: string;
  /** The same in each record of a backup of blobs. */
  readonly id: string;
  /** Oldest first. */
  readonly points: readonly OpenedPoint[];
  /** What looks have found out about them. */
  readonly checks: readonly Check[];
  /** Runs of the site that the folder has logged, the oldest first. */
  readonly runs: readonly CopiedRun[];
  /** Those of which only the data files are needed. */
  readonly before: readonly OpenedPoint[];
  readonly tags: readonly Tag[];
  /** Whether an object is there, and how large; undefined: it isn't. Nobody has looked: as the record says. */
  readonly sizeOf: SizeOfStored;
}

/** A data file of the place, and what is known of it. */
interface ShownData {
  readonly file: CopiedDataFile;
  readonly details: DataFileDetails | undefined;
  /** The point of which it is the end; undefined: others need it. */
  readonly point: OpenedPoint | undefined;
}

/** Of a data file about which nothing could be opened: it proves nothing. */
const NO_MD5 = '0'.repeat(32);

/** The files of a repository as the restore points of a copy tell them, by name. */
export function repositoryFiles(content: RepositoryContent): ReadonlyMap<string, ShownFile> {
  const files = new Map<string, ShownFile>();
  const data = dataOf(content);
  for (const one of data) addData(files, one, content);
  for (const [stamp, dat] of datsOf(data, content.name)) {
    addDerived(files, datFileName(stamp), { bytes: Buffer.from(dat), modifiedMs: 0, content });
  }
  const { checks, runs } = content;
  if (runs.length > 0) {
    const bytes = Buffer.from(`${runs.map(formatRun).join('\n')}\n`);
    addDerived(files, RUN_LOG_FILE, { bytes, modifiedMs: 0, content });
  }
  if (checks.length > 0) {
    addDerived(files, CHECKS_FILE, { bytes: encodeChecks(checks), modifiedMs: 0, content });
  }
  const [first] = data;
  if (first !== undefined) {
    const identity = { id: content.id, since: first.file.stamp };
    const bytes = encodeJsonRecord(identity);
    addDerived(files, '.zodbvault.id.json', { bytes, modifiedMs: 0, content });
  }
  const tags = fileOfTags(content.tags);
  if (tags !== undefined)
    addDerived(files, tags.name, { bytes: tags.content, modifiedMs: 0, content });
  return files;
}

/** Oldest first. What a point says of its own data file comes before what others say of it. */
function dataOf({ points, before }: RepositoryContent): readonly ShownData[] {
  const found = new Map<Stamp, ShownData>();
  for (const point of [...points, ...before]) {
    const { data } = point.record;
    for (const file of data?.earlier ?? []) {
      const details = point.details?.data[file.stamp];
      if (found.get(file.stamp)?.details === undefined)
        found.set(file.stamp, { file, details, point: undefined });
    }
  }
  for (const point of before) addOwn(point, undefined);
  for (const point of points) addOwn(point, point);
  return [...found.values()].sort((one, other) => (one.file.stamp < other.file.stamp ? -1 : 1));

  function addOwn({ record, details }: OpenedPoint, point: OpenedPoint | undefined): void {
    if (record.data === null) return;
    const { file } = record.data;
    found.set(file.stamp, { file, details: details?.data[file.stamp], point });
  }
}

function addData(
  files: Map<string, ShownFile>,
  { file, details, point }: ShownData,
  content: RepositoryContent,
): void {
  const { stamp, name, stored, members, transactionCount, lastTid } = file;
  const modifiedMs = point === undefined ? 0 : Date.parse(point.record.copiedAt);
  const addStored = (name: string, { stored, sizeBytes, members, told }: Sized) => {
    const there = content.sizeOf(stored);
    if (there === undefined) return;
    // One that is stored as it is, and was cut, has the size that it has.
    const size = stored.form.length === 0 ? there : sizeBytes;
    const shown = storedFile(content, { stored, sizeBytes: size, members, modifiedMs });
    files.set(name, { ...shown, told });
  };
  const storedBytes = content.sizeOf(stored) ?? 0;
  const told = { storedBytes, transactionCount, lastTid };
  addStored(name, { stored, sizeBytes: file.sizeBytes, members, told });
  const { record } = details ?? {};
  const { index, records } = point?.record.data ?? {};
  if (index !== undefined)
    addStored(indexFileName(stamp), { stored: index, sizeBytes: record?.index.sizeBytes });
  if (records !== undefined)
    addStored(recordIndexFileName(stamp), {
      stored: records,
      sizeBytes: record?.records?.sizeBytes,
    });
  if (record !== undefined) {
    const bytes = Buffer.from(encodeBackupRecord(recordIn(content, record)));
    addDerived(files, recordFileName(stamp), { bytes, modifiedMs, content });
  }
  if (point?.record.run === 'complete') {
    const { tool, copiedAt: at } = point.record;
    const bytes = encodeJsonRecord({ format: 1, tool, at, blobs: content.blobs });
    addDerived(files, completeFileName(stamp), { bytes, modifiedMs, content });
  }
}

interface Sized {
  readonly stored: StoredObjectRecord;
  readonly sizeBytes: number | undefined;
  readonly members?: StoredObjectRecord | undefined;
  readonly told?: ToldOfFile;
}

/** Its blobs are where those of the copy are. */
function recordIn({ blobs }: RepositoryContent, record: BackupRecord): BackupRecord {
  return record.blobs == null ? record : { ...record, blobs: { folder: blobs } };
}

/** The `.dat` of each chain, by the stamp of its full backup. */
function datsOf(data: readonly ShownData[], name: string): ReadonlyMap<Stamp, string> {
  const dats = new Map<Stamp, string>();
  let chain: Stamp | undefined;
  for (const { file, details } of data) {
    const { stamp, start, end } = file;
    if (parseDataFileName(file.name)?.kind === 'full') chain = stamp;
    if (chain === undefined) continue; // Without its full backup, nothing can be made of it.
    const line = { fileName: file.name, range: { start, end }, md5: details?.md5 ?? NO_MD5 };
    dats.set(chain, (dats.get(chain) ?? '') + encodeDatLine(line, name));
  }
  return dats;
}

function addDerived(
  files: Map<string, ShownFile>,
  name: string,
  {
    bytes,
    modifiedMs,
    content,
  }: {
    readonly bytes: Uint8Array;
    readonly modifiedMs: number;
    readonly content: RepositoryContent;
  },
): void {
  files.set(name, derivedFile(bytes, { path: `${content.name}/${name}`, modifiedMs }));
}
