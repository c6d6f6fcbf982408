import { formatStamp, type Stamp } from '../../repository/layout/stamp.ts';
import type { Store } from '../../stores/store.ts';
import { severalAtATime } from '../../system/streams/cooperative.ts';
import type { EntryName } from './entry-name.ts';
import type { HeadAndTailHash } from './head-and-tail-hash.ts';
import { type BlobRecord, isRecordOf } from './record.ts';

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
  readonly store: Store;
  /** Newest first; at one stamp, what GNU tar makes last comes first. */
  readonly entries: readonly BlobEntry[];
  /** Entries of blob directories of another name: never touched. */
  readonly foreign: readonly BlobEntry[];
}

/** A name in a folder that an entry may have. */
export interface FoundEntry {
  readonly parsed: EntryName;
  /** When it was last written: see `StoredEntry`. */
  readonly modifiedMs: number;
}

/** What reads of an entry, in or beside it, what tells of its moment. */
export interface EntryReader {
  /** The record beside an entry, or in it, of whichever file it speaks. */
  readonly recordOf: (entry: EntryName) => Promise<BlobRecord | undefined>;
  /** The ends of an archive. */
  readonly headAndTailHashOf: (name: string) => Promise<HeadAndTailHash>;
}

/** Finds out what the entries of a folder are of, in the order of {@link BlobCatalogue.entries}. */
export async function readEntries(
  found: readonly FoundEntry[],
  reader: EntryReader,
): Promise<readonly BlobEntry[]> {
  const read = await severalAtATime(found, (one) => readEntry(one, reader));
  const times = new Map(found.map(({ parsed, modifiedMs }) => [parsed.name, modifiedMs]));
  return inOrder(await withDisplacedRecords(read, { times, reader }));
}

/** Those of one blob directory: see `OpenBlobFolder`. @param all - of whichever blob directory */
export function catalogueOf(
  all: readonly BlobEntry[],
  { store, base }: { readonly store: Store; readonly base: string },
): BlobCatalogue {
  const own = all.filter((entry) => entry.base === base);
  if (own.length === 0 && new Set(all.map((entry) => entry.base)).size === 1) {
    return { store, entries: all, foreign: [] };
  }
  return { store, entries: own, foreign: all.filter((entry) => entry.base !== base) };
}

async function readEntry(
  { parsed, modifiedMs }: FoundEntry,
  reader: EntryReader,
): Promise<BlobEntry> {
  const recorded = await recordedOf(parsed, reader);
  const one = { ...parsed, ...recorded };
  if (one.record !== undefined) return { ...one, stamp: one.record.stamp, stampFrom: 'record' };
  if (one.id.kind === 'stamp') return { ...one, stamp: one.id.stamp, stampFrom: 'name' };
  const stamp = formatStamp(new Date(Math.round(modifiedMs)));
  return { ...one, stamp, stampFrom: 'file-time' };
}

/** The recipe renames and rewrites files without their records: one that is another's doesn't count. */
async function recordedOf(
  entry: EntryName,
  { recordOf, headAndTailHashOf }: EntryReader,
): Promise<Pick<BlobEntry, 'record' | 'recordedAs'>> {
  const record = await recordOf(entry);
  if (record === undefined) return { record, recordedAs: 'nothing' };
  if (record.archive === undefined) return { record, recordedAs: 'this' };
  return isRecordOf(record, await headAndTailHashOf(entry.name))
    ? { record, recordedAs: 'this' }
    : { record: undefined, recordedAs: 'other' };
}

/**
 * Gives numbered archives their records, where the recipe has renamed them without. Where blobs didn't change, several
 * archives have the same bytes: the record of one is the first that was written after it.
 */
async function withDisplacedRecords(
  entries: readonly BlobEntry[],
  {
    times,
    reader: { recordOf, headAndTailHashOf },
  }: { readonly times: ReadonlyMap<string, number>; readonly reader: EntryReader },
): Promise<readonly BlobEntry[]> {
  const rotation = entries.filter(isOfRotation);
  if (!rotation.some(({ recordedAs }) => recordedAs === 'other')) return entries;
  const read = await severalAtATime(rotation, recordOf);
  const records = read
    .flatMap((record) => record ?? [])
    .sort((one, other) => Date.parse(one.madeAt) - Date.parse(other.madeAt));
  return severalAtATime(entries, async (entry) => {
    if (!isOfRotation(entry)) return entry;
    const edges = await headAndTailHashOf(entry.name);
    const written = times.get(entry.name) ?? 0;
    const own = records.filter((one) => isRecordOf(one, edges));
    const later = own.find(({ madeAt }) => Date.parse(madeAt) >= written);
    const record = later ?? entry.record ?? own[0];
    if (record === undefined) return entry;
    return { ...entry, record, recordedAs: 'this', stamp: record.stamp, stampFrom: 'record' };
  });
}

/** Whether it is an archive that gets another name when a new one is made. */
export function isOfRotation({ form, id }: EntryName): boolean {
  return form === 'archive' && id.kind === 'number';
}

/** File times say little: they may only put a numbered entry behind those with smaller numbers. */
function inOrder(entries: readonly BlobEntry[]): readonly BlobEntry[] {
  const byNumber = entries
    .filter((entry) => entry.id.kind === 'number')
    .sort((a, b) => numberOf(a) - numberOf(b));
  const renamed = new Map<BlobEntry, BlobEntry>();
  const limits = new Map<string, Stamp>();
  for (const entry of byNumber) {
    const limit = limits.get(rotationOf(entry));
    const isTooNew = entry.stampFrom === 'file-time' && limit !== undefined && entry.stamp > limit;
    const one = isTooNew ? { ...entry, stamp: limit } : entry;
    renamed.set(entry, one);
    limits.set(rotationOf(entry), one.stamp);
  }
  return entries.map((entry) => renamed.get(entry) ?? entry).sort(newestFirst);
}

/** Copies and archives are numbered apart, and so are those of each name. */
function rotationOf({ form, base }: BlobEntry): string {
  return `${form === 'directory' ? 'directories' : 'archives'} ${base}`;
}

const FORM_ORDER = ['delta', 'state', 'archive', 'directory'] as const;

function newestFirst(a: BlobEntry, b: BlobEntry): number {
  if (a.stamp !== b.stamp) return a.stamp < b.stamp ? 1 : -1;
  if (a.id.kind === 'number' && b.id.kind === 'number' && numberOf(a) !== numberOf(b))
    return numberOf(a) - numberOf(b);
  const order = FORM_ORDER.indexOf(a.form) - FORM_ORDER.indexOf(b.form);
  return order !== 0 ? order : a.name < b.name ? -1 : 1;
}

/** Its place in the rotation; -1 where it has none. */
export function numberOf({ id }: BlobEntry): number {
  return id.kind === 'number' ? id.number : -1;
}

/** A blob directory, and the folder for its backups. */
export interface BlobPlace {
  readonly source: string;
  readonly folder: string;
}
