import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { absent } from '../../system/absent.ts';
import { adopting } from '../../system/failure.ts';
import { severalAtATime } from '../../system/streams/cooperative.ts';
import { type EntryName, parseEntryName } from './entry-name.ts';
import { type BlobRecord, isRecordOf, readEdges, readRecord, recordPath } from './record.ts';

/** An entry of a blob folder. */
export type BlobEntry = EntryName & {
  /** Undefined where another program made it. */
  readonly record: BlobRecord | undefined;
  /**
   * `this`: a record speaks of it. The recipe renames numbered archives without their records: theirs lies
   * beside another one. `other`: the record beside it speaks of another file. A numbered one was made by another
   * program; a stamped one was exchanged or is damaged.
   */
  readonly recordedAs: 'this' | 'other' | 'nothing';
  /**
   * The moment of its blobs: its record's stamp or that of its name. Only a numbered entry that
   * another program made has nothing but its file time, in the order of the numbers.
   */
  readonly stamp: Stamp;
  readonly stampFrom: 'record' | 'name' | 'file-time';
};

/** A folder with backups of one blob directory. */
export interface BlobCatalogue {
  readonly folder: string;
  /** Newest first; at one stamp, what GNU tar makes last comes first. */
  readonly entries: readonly BlobEntry[];
  /** Entries of blob directories of another name: never touched. */
  readonly foreign: readonly BlobEntry[];
}

/**
 * Reads a folder. `base` is the name of the blob directory: entries of that name count. Where there
 * are none, and all others have one other name, those count: the directory was renamed, or the folder
 * came from another machine.
 *
 * A folder that isn't there is an empty one.
 */
export async function readBlobCatalogue(folder: string, base: string): Promise<BlobCatalogue> {
  const found = await adopting(`list the folder "${folder}"`, async () => {
    const listed = (await readdir(folder, { withFileTypes: true }).catch(absent)) ?? [];
    return severalAtATime(listed, async ({ name }) => {
      const status = await stat(join(folder, name)).catch(() => undefined); // A link to nowhere.
      const type = status?.isDirectory() ? 'directory' : status?.isFile() ? 'file' : undefined;
      const parsed = type === undefined ? undefined : parseEntryName(name, type);
      return parsed === undefined || status === undefined ? [] : [{ parsed, time: status.mtime }];
    });
  });
  const read = await severalAtATime(found.flat(), (one) => readEntry(folder, one));
  const entries = inOrder(await withDisplacedRecords(folder, read));
  const own = entries.filter((entry) => entry.base === base);
  if (own.length === 0 && new Set(entries.map((entry) => entry.base)).size === 1) {
    return { folder, entries, foreign: [] };
  }
  return { folder, entries: own, foreign: entries.filter((entry) => entry.base !== base) };
}

async function readEntry(
  folder: string,
  { parsed, time }: { readonly parsed: EntryName; readonly time: Date },
): Promise<BlobEntry> {
  const recorded = await recordOf(folder, parsed);
  const one = { ...parsed, ...recorded };
  if (one.record !== undefined) return { ...one, stamp: one.record.stamp, stampFrom: 'record' };
  if (one.mark.kind === 'stamp') return { ...one, stamp: one.mark.stamp, stampFrom: 'name' };
  return { ...one, stamp: formatStamp(time), stampFrom: 'file-time' };
}

/** The recipe renames and rewrites files without their records: one that is another's doesn't count. */
async function recordOf(
  folder: string,
  name: EntryName,
): Promise<Pick<BlobEntry, 'record' | 'recordedAs'>> {
  const record = await readRecord(recordPath(folder, name));
  if (record === undefined) return { record, recordedAs: 'nothing' };
  if (record.archive === undefined) return { record, recordedAs: 'this' };
  return isRecordOf(record, await readEdges(join(folder, name.name)))
    ? { record, recordedAs: 'this' }
    : { record: undefined, recordedAs: 'other' };
}

/**
 * Gives numbered archives their records, where the recipe has renamed them without. Where blobs didn't change, several
 * archives have the same bytes: the record of one is the first that was written after it.
 */
async function withDisplacedRecords(
  folder: string,
  entries: readonly BlobEntry[],
): Promise<readonly BlobEntry[]> {
  const rotation = entries.filter(isOfRotation);
  if (!rotation.some(({ recordedAs }) => recordedAs === 'other')) return entries;
  const read = await severalAtATime(rotation, (one) => readRecord(recordPath(folder, one)));
  const records = read
    .flatMap((record) => record ?? [])
    .sort((one, other) => Date.parse(one.madeAt) - Date.parse(other.madeAt));
  return severalAtATime(entries, async (entry) => {
    if (!isOfRotation(entry)) return entry;
    const path = join(folder, entry.name);
    const [edges, { mtimeMs }] = await Promise.all([readEdges(path), stat(path)]);
    const own = records.filter((one) => isRecordOf(one, edges));
    const later = own.find(({ madeAt }) => Date.parse(madeAt) >= mtimeMs);
    const record = later ?? entry.record ?? own[0];
    if (record === undefined) return entry;
    return { ...entry, record, recordedAs: 'this', stamp: record.stamp, stampFrom: 'record' };
  });
}

/** Whether it is an archive that gets another name when a new one is made. */
export function isOfRotation({ form, mark }: EntryName): boolean {
  return form === 'archive' && mark.kind === 'number';
}

/** File times say little: they may only put a numbered entry behind those with smaller numbers. */
function inOrder(entries: readonly BlobEntry[]): readonly BlobEntry[] {
  const byNumber = entries
    .filter((entry) => entry.mark.kind === 'number')
    .sort((a, b) => numberOf(a) - numberOf(b));
  const settled = new Map<BlobEntry, BlobEntry>();
  const limits = new Map<string, Stamp>();
  for (const entry of byNumber) {
    const limit = limits.get(rotationOf(entry));
    const isTooNew = entry.stampFrom === 'file-time' && limit !== undefined && entry.stamp > limit;
    const one = isTooNew ? { ...entry, stamp: limit } : entry;
    settled.set(entry, one);
    limits.set(rotationOf(entry), one.stamp);
  }
  return entries.map((entry) => settled.get(entry) ?? entry).sort(newestFirst);
}

/** Copies and archives are numbered apart, and so are those of each name. */
function rotationOf({ form, base }: BlobEntry): string {
  return `${form === 'directory' ? 'directories' : 'archives'} ${base}`;
}

const FORM_ORDER = ['delta', 'state', 'archive', 'directory'] as const;

function newestFirst(a: BlobEntry, b: BlobEntry): number {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp ? 1 : -1;
  if (a.mark.kind === 'number' && b.mark.kind === 'number' && numberOf(a) !== numberOf(b))
    return numberOf(a) - numberOf(b);
  const order = FORM_ORDER.indexOf(a.form) - FORM_ORDER.indexOf(b.form);
  return order !== 0 ? order : a.name < b.name ? -1 : 1;
}

/** Its place in the rotation; -1 where it has none. */
export function numberOf({ mark }: BlobEntry): number {
  return mark.kind === 'number' ? mark.number : -1;
}

/** A blob directory, and the folder for its backups. */
export interface BlobPlace {
  readonly source: string;
  readonly folder: string;
}
