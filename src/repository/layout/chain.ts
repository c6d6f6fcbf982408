import { readJsonRecord } from '../../stores/json-record.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import type { ByteRange } from '../../system/files/byte-source.ts';
import { severalAtATime } from '../../system/streams/cooperative.ts';
import { collectSmall } from '../../system/streams/pipeline.ts';
import { type BackupRecord, BackupRecordSchema, decodeBackupRecord } from './backup-record.ts';
import type { ChainFiles, DataFile } from './catalogue.ts';
import { decodeDat } from './dat.ts';
import { datFileName, parseDataFileName, recordFileName } from './file-names.ts';
import type { Stamp } from './stamp.ts';

/** One backup of a chain: a state of the log, and the bytes that lead to it from the one before. */
export interface ChainLink {
  readonly file: DataFile;
  readonly range: ByteRange;
  readonly md5: string;
  /** What we wrote beside it; undefined where repozo made the backup. */
  readonly record: BackupRecord | undefined;
}

/** Whether a data file has another size than was written: cut, as a rule. Of gzip without a record, whether it is empty. */
export function hasOtherSize({ file, record, range }: ChainLink): boolean {
  if (record !== undefined) return record.stored.sizeBytes !== file.storedBytes;
  return file.name.endsWith('z')
    ? file.storedBytes === 0
    : file.storedBytes !== range.end - range.start;
}

/** Why a chain, or the part of it behind some point, is not what it should be. */
export type ChainFault =
  /** Its `.dat` names a file that isn't there. */
  | { readonly kind: 'missing-file'; readonly fileName: string; readonly stamp: Stamp }
  /** A file of it begins elsewhere than the one before ends. */
  | {
      readonly kind: 'gap';
      readonly fileName: string;
      readonly stamp: Stamp;
      readonly start: number;
      readonly previousEnd: number;
    }
  /** There is no `.dat`: what the files hold can't be checked against it. */
  | { readonly kind: 'missing-dat'; readonly fileName: string }
  /** The `.dat` can't be read from some line on. */
  | { readonly kind: 'broken-dat'; readonly state: string }
  /** A data file that no line of the `.dat` names. */
  | { readonly kind: 'unlisted-file'; readonly fileName: string };

/** A full backup with its increments, as its `.dat` tells. */
export interface Chain {
  readonly stamp: Stamp;
  /** The backups from the full one on, up to the first fault that breaks the chain. */
  readonly links: readonly ChainLink[];
  readonly faults: readonly ChainFault[];
  /** Of the backups whose record is there, and can't be read: what their runs have noted is lost. */
  readonly unreadRecords: readonly Stamp[];
  readonly files: ChainFiles;
  /** The `.dat` as it is, to which the next line is added. */
  readonly dat: string;
}

/** Reads a chain's `.dat` and the records beside its files. Faults are part of the result. */
export async function readChain(store: Store, files: ChainFiles): Promise<Chain> {
  const stamp = files.full.stamp;
  const name = datFileName(stamp);
  if (!files.hasDat) return withoutDat(store, files);
  const dat = (await collectSmall(store.read(name))).toString('utf8');
  const present = new Map([files.full, ...files.increments].map((file) => [file.name, file]));
  const unbroken: Omit<ChainLink, 'record'>[] = [];
  const faults: ChainFault[] = [];
  const { lines, fault } = decodeDat(dat, name);
  if (lines.length === 0 && fault === undefined)
    faults.push({ kind: 'missing-dat', fileName: name });
  let previousEnd = 0;
  for (const line of lines) {
    const { fileName, range } = line;
    const stamp = parseDataFileName(fileName)?.stamp ?? files.full.stamp;
    if (files.cutAt !== undefined && stamp >= files.cutAt) break;
    const file = present.get(fileName);
    present.delete(fileName);
    if (file === undefined) faults.push({ kind: 'missing-file', fileName, stamp });
    if (range.start !== previousEnd) {
      faults.push({ kind: 'gap', fileName, stamp, start: range.start, previousEnd });
    }
    previousEnd = range.end;
    if (file === undefined || faults.length > 0) continue;
    unbroken.push({ file, range, md5: line.md5 });
  }
  if (fault !== undefined) faults.push({ kind: 'broken-dat', state: fault });
  for (const fileName of present.keys()) faults.push({ kind: 'unlisted-file', fileName });
  const links = await severalAtATime(unbroken, async (link) => ({
    ...link,
    record: await readRecord(store, link.file),
  }));
  const unreadRecords = await unreadAmong(store, links);
  return { stamp, files, dat, links, faults, unreadRecords };
}

/** Reads the chains of a repository, each once, however many ask for it. */
export type ChainReader = (files: ChainFiles) => Promise<Chain>;

/** All chains that are there, in their order. */
export async function readChains(
  { chains }: { readonly chains: readonly ChainFiles[] },
  chainOf: ChainReader,
): Promise<readonly Chain[]> {
  const read: Chain[] = [];
  for (const files of chains) read.push(await chainOf(files));
  return read;
}

/** The record that belongs to a data file; undefined where there is none, or it speaks of another. */
export async function readRecord(store: Store, file: DataFile): Promise<BackupRecord | undefined> {
  const record = await readRecordAt(store, file.stamp);
  return record?.stored.name === file.name ? record : undefined;
}

async function unreadAmong(
  store: Store,
  links: readonly Pick<ChainLink, 'file' | 'record'>[],
): Promise<readonly Stamp[]> {
  const unread = await severalAtATime(links, async ({ file: { stamp }, record }) => {
    if (record !== undefined) return [];
    const read = await readJsonRecord(store, recordFileName(stamp), BackupRecordSchema);
    return read.kind === 'unreadable' ? [stamp] : [];
  });
  return unread.flat();
}

/** The record with a stamp, of whichever file it speaks; undefined where there is none. */
export async function readRecordAt(store: Store, stamp: Stamp): Promise<BackupRecord | undefined> {
  try {
    const text = (await collectSmall(store.read(recordFileName(stamp)))).toString('utf8');
    return decodeBackupRecord(text);
  } catch (error) {
    // Something else may stand in its place: then nobody wrote one down.
    if (isFailure(error, 'not-found', 'usage', 'damaged')) return undefined;
    throw error;
  }
}

/**
 * A chain that lost its `.dat`: our own records say the same, and where all of them are there it is
 * as good as new. What follows the first file without one is left out.
 */
async function withoutDat(store: Store, files: ChainFiles): Promise<Chain> {
  const links: ChainLink[] = [];
  for (const file of [files.full, ...files.increments]) {
    const record = await readRecord(store, file);
    if (record === undefined || record.start !== (links.at(-1)?.range.end ?? 0)) break;
    const range = { start: record.start, end: record.end };
    links.push({ file, range, md5: record.md5, record });
  }
  const fileName = datFileName(files.full.stamp);
  return {
    stamp: files.full.stamp,
    files,
    dat: '',
    links,
    unreadRecords: await unreadAmong(
      store,
      [files.full, ...files.increments].map((file) => ({
        file,
        record: links.find((link) => link.file === file)?.record,
      })),
    ),
    faults: [{ kind: 'missing-dat', fileName }],
  };
}
