import { damageAt } from '../filestorage/damage.ts';
import { readMagic } from '../filestorage/file-format-version.ts';
import { encodeIndex } from '../filestorage/index/index-encoder.ts';
import { OidIndex } from '../filestorage/index/oid-index.ts';
import { LogRecords } from '../filestorage/records/log-records.ts';
import { encodeRecordIndex } from '../filestorage/records/record-index.ts';
import { type ScanResult, TransactionScanner } from '../filestorage/scanner.ts';
import { formatTid } from '../filestorage/tid.ts';
import type { StagedFile, Store } from '../stores/store.ts';
import type { ByteRange, ByteSource } from '../system/files/byte-source.ts';
import { CHECKSUM } from '../system/streams/blocks/checksum.ts';
import { type Pass, passHere, passOver } from '../system/streams/blocks/pass.ts';
import type { Taking } from '../system/streams/blocks/taker.ts';
import { tap } from '../system/streams/pipeline.ts';
import type { WorkProgress } from '../system/streams/progress.ts';
import type { BackupPlan } from './backup-plan.ts';
import {
  type Compression,
  compressorOf,
  compressStage,
  type UsedCompressor,
} from './content/compression.ts';
import { CONTENT_MD5, type ContentSums } from './content/content-md5.ts';
import { chooseSamples, SampleTaker } from './content/samples.ts';
import { indexUpTo } from './content/stored-index.ts';
import { type BackupRecord, encodeBackupRecord, type Sample } from './layout/backup-record.ts';
import type { Chain, ChainLink } from './layout/chain.ts';
import { type DatLine, encodeDatLine } from './layout/dat.ts';
import {
  type DataFileName,
  datFileName,
  formatDataFileName,
  indexFileName,
  recordFileName,
  recordIndexFileName,
} from './layout/file-names.ts';
import type { Stamp } from './layout/stamp.ts';
import { findOverwrite } from './lineage/overwritten-bytes.ts';

/** What a backup is made with. */
export interface WriteSettings {
  readonly stamp: Stamp;
  readonly compression: Compression;
  /** Name and version of this program. */
  readonly tool: string;
  /** Moment of the backup, for the record. */
  readonly now: Date;
  readonly random: () => number;
  readonly progress: WorkProgress;
  readonly signal: AbortSignal;
  /** Whether the Data.fs lacks the end of what was backed up before. */
  readonly isTruncated: boolean;
  /** Whether another copy of the database has gone on by itself, and is backed up to the same place. */
  readonly hasOtherCopy: boolean;
  /** Whether nobody can tell if it lacks something that was backed up before. */
  readonly mayLack: boolean;
  /** For a full backup: backups that hold what the Data.fs should still begin with. */
  readonly earlier: readonly ChainLink[];
  /** What is known to be overwritten in the Data.fs, unless `earlier` shows that it no longer is. */
  readonly overwritten: BackupRecord['overwritten'];
  /** For a full backup: the state that the Data.fs goes on from, as far as that is known. */
  readonly continues: BackupRecord['continues'];
  /** Whether the Data.fs is known to hold only the changes of a DemoStorage. */
  readonly isChanges: boolean;
  /** Where the run backs up the blobs that belong to it; null: there are none. */
  readonly blobs: NonNullable<BackupRecord['blobs']> | null;
  /** Whether `confirm` reads back what was written. */
  readonly willConfirm: boolean;
  /** Runs when all is staged, to read it back before it counts. */
  readonly confirm: (files: readonly HashedFile[]) => Promise<void>;
  /** Runs when all is staged and nothing is visible yet; a failure there undoes the backup. */
  readonly beforePublishing: () => Promise<void>;
}

/** A backup that was written. */
export interface WrittenBackup {
  readonly file: DataFileName;
  readonly record: BackupRecord;
  /** Undefined: it is stored as it is. */
  readonly compressor: UsedCompressor | undefined;
}

type WritingPlan = Exclude<BackupPlan, { kind: 'nothing' }>;

/**
 * Writes what the plan says. The files become visible in this order: record, indexes, data, and last
 * the `.dat`, with which the backup begins to count. What a run leaves that dies in between, the
 * next one finishes or removes: the record proves that it is ours.
 */
export async function writeBackup(
  source: ByteSource,
  {
    store,
    plan,
    settings,
  }: {
    readonly store: Store;
    readonly plan: WritingPlan;
    readonly settings: WriteSettings;
  },
): Promise<WrittenBackup> {
  const { stamp } = settings;
  const range = { start: plan.kind === 'full' ? 0 : plan.start, end: plan.end };
  const file = formatDataFileName({
    stamp,
    kind: plan.kind,
    isGzip: settings.compression.kind !== 'none',
  });
  const base = await baseIndex(source, { store, plan });
  await using pass = passOver(range.end - range.start);
  const records = new LogRecords();
  const content = new ContentReader(source, { range, pass, index: base, records, settings });
  await using data = await stageHashed(store, {
    name: file.name,
    content: compressStage(settings.compression)(content.read()),
    pass,
    willConfirm: settings.willConfirm,
  });
  const { scan, samples, md5, differing } = await content.finish();
  const overwritten = await overwrittenIn(source, { store, differing, settings });
  await using index = await stageIndex(source, { store, stamp, index: base, end: plan.end });
  await using recordIndex = await stageHashed(store, {
    name: recordIndexFileName(stamp),
    content: encodeRecordIndex(records, range),
  });
  const record: BackupRecord = {
    format: 2,
    tool: settings.tool,
    source: source.name,
    madeAt: settings.now.toISOString(),
    ...range,
    md5,
    firstTid: scan.transactionCount === 0 ? null : formatTid(scan.firstTid),
    lastTid: formatTid(scan.lastTid),
    transactionCount: scan.transactionCount,
    stored: { name: file.name, sizeBytes: data.sizeBytes, sha256: data.sha256 },
    index: { sizeBytes: index.sizeBytes, sha256: index.sha256 },
    records: { sizeBytes: recordIndex.sizeBytes, sha256: recordIndex.sha256 },
    samples: [...samples],
    ...(settings.isTruncated ? { lostEnd: true } : {}),
    ...(settings.hasOtherCopy ? { otherCopy: true } : {}),
    ...(settings.mayLack ? { mayLack: true } : {}),
    overwritten,
    ...(settings.continues === undefined ? {} : { continues: settings.continues }),
    ...(settings.isChanges ? { changes: true } : {}),
    blobs: settings.blobs,
  };
  await using sideFile = await stageHashed(store, {
    name: recordFileName(stamp),
    content: [Buffer.from(encodeBackupRecord(record))],
  });
  const chain = plan.kind === 'full' ? undefined : plan.chain;
  const line = { fileName: file.name, range, md5 };
  await using dat = await stageDat(store, { chain, stamp, line });
  const all = [sideFile, recordIndex, index, data, dat];
  await settings.confirm(all);
  await settings.beforePublishing();
  settings.signal.throwIfAborted();
  for (const staged of all) await staged.publish();
  return { file, record, compressor: compressorOf(settings.compression) };
}

async function overwrittenIn(
  source: ByteSource,
  {
    store,
    differing,
    settings: { earlier, overwritten },
  }: {
    readonly store: Store;
    readonly differing: ChainLink | undefined;
    readonly settings: WriteSettings;
  },
): Promise<BackupRecord['overwritten']> {
  if (differing === undefined) return earlier.length > 0 ? undefined : overwritten;
  const found = await findOverwrite(source, { store, link: differing });
  return found === undefined ? overwritten : { ...found, tid: formatTid(found.tid) };
}

/** The `.dat` of a chain with one more line, or a new one. */
export async function stageDat(
  store: Store,
  {
    chain,
    stamp,
    line,
  }: {
    readonly chain: Chain | undefined;
    readonly stamp: Stamp;
    readonly line: DatLine;
  },
): Promise<HashedFile> {
  const text = `${chain?.dat ?? ''}${encodeDatLine(line, store.name)}`;
  return stageHashed(store, {
    name: datFileName(chain?.stamp ?? stamp),
    content: [Buffer.from(text)],
  });
}

/** A staged file, and the sha256 of what is in it. */
export type HashedFile = StagedFile & { readonly sha256: string };

/** Stages a file, and takes the sha256 of what goes into it. */
export async function stageHashed(
  store: Store,
  {
    name,
    content,
    pass = passHere(),
    willConfirm = false,
  }: {
    readonly name: string;
    readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
    /** By default, all is done in this thread. */
    readonly pass?: Pass;
    /** Whether it will be confirmed; see {@link Store.stage}. */
    readonly willConfirm?: boolean;
  },
): Promise<HashedFile> {
  await using hash = pass.begin(CHECKSUM, 'sha256');
  const bytes = tap(pass.gather(content), (chunk) => hash.take(chunk));
  const staged = await store.stage(name, bytes, { willConfirm });
  try {
    return Object.assign(staged, { sha256: await hash.result() });
  } catch (error) {
    await staged[Symbol.asyncDispose]();
    throw error;
  }
}

async function baseIndex(
  source: ByteSource,
  { store, plan }: { readonly store: Store; readonly plan: WritingPlan },
): Promise<OidIndex> {
  const link = plan.kind === 'increment' ? plan.chain.links.at(-1) : undefined;
  if (plan.kind === 'full' || link === undefined) return new OidIndex();
  return indexUpTo(source, { store, link, start: plan.start });
}

async function stageIndex(
  source: ByteSource,
  {
    store,
    stamp,
    index,
    end,
  }: {
    readonly store: Store;
    readonly stamp: Stamp;
    readonly index: OidIndex;
    readonly end: number;
  },
): Promise<HashedFile> {
  const magic = (await readMagic(source)) ?? 'FS30';
  const content = encodeIndex(index, { position: end, magic });
  return stageHashed(store, { name: indexFileName(stamp), content });
}

/** The bytes of a range of the Data.fs, with all that is learned of them on their way. */
class ContentReader {
  readonly #source: ByteSource;
  readonly #range: ByteRange;
  readonly #settings: WriteSettings;
  readonly #pass: Pass;
  readonly #md5: Taking<ContentSums>;
  readonly #scanner: TransactionScanner;
  readonly #samples: SampleTaker;
  readonly #records: LogRecords;

  constructor(
    source: ByteSource,
    {
      range,
      pass,
      index,
      records,
      settings,
    }: {
      readonly range: ByteRange;
      readonly pass: Pass;
      readonly index: OidIndex;
      readonly records: LogRecords;
      readonly settings: WriteSettings;
    },
  ) {
    this.#source = source;
    this.#range = range;
    this.#settings = settings;
    this.#pass = pass;
    this.#records = records;
    this.#md5 = pass.begin(
      CONTENT_MD5,
      settings.earlier.map(({ range: { end }, md5 }) => ({ end, md5 })),
    );
    this.#samples = new SampleTaker(range.start, chooseSamples(range, settings.random));
    this.#scanner = new TransactionScanner({
      name: source.name,
      start: range.start,
      sizeBytes: range.end,
      visitor: {
        transaction: (transaction) => {
          index.apply(transaction.records);
          records.apply(transaction);
        },
      },
    });
  }

  async *read(): AsyncGenerator<Uint8Array> {
    this.#settings.progress.onFile(this.#source.name);
    yield* tap(this.#pass.read(this.#source, this.#range), (chunk) => {
      this.#settings.signal.throwIfAborted();
      this.#md5.take(chunk);
      this.#scanner.feed(chunk);
      this.#samples.feed(chunk);
      this.#settings.progress.onBytes(chunk.length);
    });
    // While the threads are at the last bytes, and the disk, too.
    this.#records.sort();
  }

  /** Failure `damaged` where the bytes are not whole transactions from start to end. */
  async finish(): Promise<{
    readonly md5: string;
    readonly scan: ScanResult;
    readonly samples: readonly Sample[];
    /** The first of the earlier backups that had other bytes. */
    readonly differing: ChainLink | undefined;
  }> {
    const scan = this.#scanner.finish();
    if (scan.committedEnd !== this.#range.end) {
      throw damageAt(
        this.#source.name,
        scan.committedEnd,
        `it does not lead to ${this.#range.end}, where the last transaction ends`,
      );
    }
    const { md5, differing: number } = await this.#md5.result();
    const differing = number === null ? undefined : this.#settings.earlier[number];
    return { md5, scan, samples: this.#samples.finish(), differing };
  }
}
