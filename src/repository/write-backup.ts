import { createHash } from 'node:crypto';
import { damageAt } from '../filestorage/damage.ts';
import { readMagic } from '../filestorage/file-format-version.ts';
import { encodeIndex } from '../filestorage/index/index-encoder.ts';
import { OidIndex } from '../filestorage/index/oid-index.ts';
import { type ScanResult, TransactionScanner } from '../filestorage/scanner.ts';
import { formatTid } from '../filestorage/tid.ts';
import type { StagedFile, Store } from '../stores/store.ts';
import type { ByteRange, ByteSource } from '../system/files/byte-source.ts';
import { tap } from '../system/streams/pipeline.ts';
import type { WorkProgress } from '../system/streams/progress.ts';
import type { BackupPlan } from './backup-plan.ts';
import { type Compression, compressStage } from './content/compression.ts';
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
} from './layout/file-names.ts';
import type { Stamp } from './layout/stamp.ts';
import { ContentMd5, findOverwrite } from './lineage/overwritten-bytes.ts';

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
  readonly hasLostEnd: boolean;
  /** Whether another copy of the database has gone on by itself, and is backed up to the same place. */
  readonly hasOtherCopy: boolean;
  /** Whether nobody can tell if it lacks something that was backed up before. */
  readonly mayLack: boolean;
  /** For a full backup: backups that hold what the Data.fs should still begin with. */
  readonly earlier: readonly ChainLink[];
  /** What is known to be overwritten in the Data.fs, unless `earlier` shows that it no longer is. */
  readonly overwritten: BackupRecord['overwritten'];
  /** Whether the Data.fs is known to hold only the changes of a DemoStorage. */
  readonly isChanges: boolean;
  /** Where the run backs up the blobs that belong to it; null: there are none. */
  readonly blobs: NonNullable<BackupRecord['blobs']> | null;
  /** Runs when all is staged, to read it back before it counts. */
  readonly confirm: (files: readonly HashedFile[]) => Promise<void>;
  /** Runs when all is staged and nothing is visible yet; a failure there undoes the backup. */
  readonly beforePublishing: () => Promise<void>;
}

/** A backup that was written. */
export interface WrittenBackup {
  readonly file: DataFileName;
  readonly record: BackupRecord;
}

type WritingPlan = Exclude<BackupPlan, { kind: 'nothing' }>;

/**
 * Writes what the plan says. The files become visible in this order: record, index, data, and last
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
  const content = new ContentReader(source, { range, index: base, settings });
  await using data = await stageHashed(store, {
    name: file.name,
    content: compressStage(settings.compression)(content.read()),
  });
  const { scan, samples, md5, differing } = content.finish();
  const overwritten = await overwrittenIn(source, { store, differing, settings });
  await using index = await stageIndex(source, { store, stamp, index: base, end: plan.end });
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
    samples: [...samples],
    ...(settings.hasLostEnd ? { lostEnd: true } : {}),
    ...(settings.hasOtherCopy ? { otherCopy: true } : {}),
    ...(settings.mayLack ? { mayLack: true } : {}),
    ...(overwritten === undefined ? {} : { overwritten }),
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
  const all = [sideFile, index, data, dat];
  await settings.confirm(all);
  await settings.beforePublishing();
  settings.signal.throwIfAborted();
  for (const staged of all) await staged.publish();
  return { file, record };
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
  }: {
    readonly name: string;
    readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  },
): Promise<HashedFile> {
  const hash = createHash('sha256');
  const staged = await store.stage(
    name,
    tap(content, (chunk) => hash.update(chunk)),
  );
  return Object.assign(staged, { sha256: hash.digest('hex') });
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
  readonly #md5: ContentMd5;
  readonly #scanner: TransactionScanner;
  readonly #samples: SampleTaker;

  constructor(
    source: ByteSource,
    {
      range,
      index,
      settings,
    }: {
      readonly range: ByteRange;
      readonly index: OidIndex;
      readonly settings: WriteSettings;
    },
  ) {
    this.#source = source;
    this.#range = range;
    this.#settings = settings;
    this.#md5 = new ContentMd5(settings.earlier);
    this.#samples = new SampleTaker(range.start, chooseSamples(range, settings.random));
    this.#scanner = new TransactionScanner({
      name: source.name,
      start: range.start,
      sizeBytes: range.end,
      visitor: { transaction: ({ records }) => index.apply(records) },
    });
  }

  read(): AsyncIterable<Uint8Array> {
    this.#settings.progress.onFile(this.#source.name);
    return tap(this.#source.stream(this.#range), (chunk) => {
      this.#settings.signal.throwIfAborted();
      this.#md5.feed(chunk);
      this.#scanner.feed(chunk);
      this.#samples.feed(chunk);
      this.#settings.progress.onBytes(chunk.length);
    });
  }

  /** Failure `damaged` where the bytes are not whole transactions from start to end. */
  finish(): {
    readonly md5: string;
    readonly scan: ScanResult;
    readonly samples: readonly Sample[];
    /** The first of the earlier backups that had other bytes. */
    readonly differing: ChainLink | undefined;
  } {
    const scan = this.#scanner.finish();
    if (scan.committedEnd !== this.#range.end) {
      throw damageAt(
        this.#source.name,
        scan.committedEnd,
        `it does not lead to ${this.#range.end}, where the last transaction ends`,
      );
    }
    const { differing } = this.#md5;
    return { md5: this.#md5.digest(), scan, samples: this.#samples.finish(), differing };
  }
}
