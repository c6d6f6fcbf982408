import { createHash } from 'node:crypto';
import { MAGIC_BYTES, type Magic } from '../filestorage/format.ts';
import { encodeIndex } from '../filestorage/index/index-encoder.ts';
import { OidIndex } from '../filestorage/index/oid-index.ts';
import { LogRecords } from '../filestorage/records/log-records.ts';
import { encodeRecordIndex } from '../filestorage/records/record-index.ts';
import { TransactionScanner } from '../filestorage/scanner.ts';
import { formatTid } from '../filestorage/tid.ts';
import type { Store } from '../stores/store.ts';
import { Failure, isFailure } from '../system/failure.ts';
import { drain, tap } from '../system/streams/pipeline.ts';
import type { WorkProgress } from '../system/streams/progress.ts';
import { hintAlternatives } from './content/alternatives.ts';
import { readLink } from './content/read-backup.ts';
import { chooseSamples, SampleTaker } from './content/samples.ts';
import { type BackupRecord, encodeBackupRecord } from './layout/backup-record.ts';
import type { Chain, ChainLink } from './layout/chain.ts';
import { indexFileName, recordFileName, recordIndexFileName } from './layout/file-names.ts';
import { momentOfStamp } from './layout/stamp.ts';
import type { RepositoryProblem } from './problem.ts';
import { stageHashed } from './write-backup.ts';

/** What recording a backup of another program came to. */
export type Recorded =
  /** It has a record now, or would have. */
  | { readonly kind: 'recorded'; readonly name: string }
  /** It had one already. */
  | { readonly kind: 'known'; readonly name: string }
  | { readonly kind: 'damaged'; readonly name: string; readonly problem: RepositoryProblem };

/** How records are made. */
export interface RecordingSettings {
  /** `look`: all is read, and nothing written. */
  readonly mode: 'look' | 'keep';
  /** Name and version of this program. */
  readonly tool: string;
  readonly random: () => number;
  readonly progress: WorkProgress;
  readonly signal: AbortSignal;
}

/**
 * Reads every byte of a chain that repozo made, and writes beside each file that is whole what repozo's
 * files have no place for: from then on it is compared and verified like those that we made. Nothing
 * that is there is changed; an index that is missing is made. Ends at the first damaged file, as nothing
 * behind it can be restored. The caller holds the repository's lock.
 */
export async function* recordChain(
  store: Store,
  { chain, settings }: { readonly chain: Chain; readonly settings: RecordingSettings },
): AsyncGenerator<Recorded> {
  const taken = new Set((await store.list()).map((file) => file.name));
  const index = new OidIndex();
  let magic: Magic = 'FS30';
  for (const link of chain.links) {
    const { name } = link.file;
    settings.progress.onFile(name);
    try {
      const { draft, records, head } = await readThrough(store, { link, index, settings });
      if (head === 'FS21') magic = head;
      if (link.record !== undefined) {
        yield { kind: 'known', name };
        continue;
      }
      const fileName = recordFileName(link.file.stamp);
      if (taken.has(fileName)) {
        yield { kind: 'damaged', name, problem: { kind: 'foreign-record', fileName } };
        return;
      }
      if (settings.mode === 'look') {
        yield { kind: 'recorded', name };
        continue;
      }
      const stored = await ensureIndex(store, { link, index, magic });
      await using recordIndex = await stageHashed(store, {
        name: recordIndexFileName(link.file.stamp),
        content: encodeRecordIndex(records, link.range),
      });
      await recordIndex.publish();
      const { sizeBytes, sha256 } = recordIndex;
      const record: BackupRecord = { ...draft, index: stored, records: { sizeBytes, sha256 } };
      await using file = await store.stage(recordFileName(link.file.stamp), [
        Buffer.from(encodeBackupRecord(record)),
      ]);
      await file.publish();
      yield { kind: 'recorded', name };
    } catch (error) {
      if (!isFailure(error, 'damaged')) throw error;
      yield { kind: 'damaged', name, problem: { kind: 'failed-read', message: error.message } };
      return;
    }
  }
}

/** All but the indexes, which are made when the bytes are known to be good. */
type RecordDraft = Omit<BackupRecord, 'index' | 'records'>;

/** Failure `damaged` where the bytes are not those of the `.dat`, or no transactions. */
async function readThrough(
  store: Store,
  {
    link,
    index,
    settings,
  }: {
    readonly link: ChainLink;
    readonly index: OidIndex;
    readonly settings: RecordingSettings;
  },
): Promise<{
  readonly draft: RecordDraft;
  readonly records: LogRecords;
  readonly head: string;
}> {
  const { file, range, md5 } = link;
  let head = '';
  const records = new LogRecords();
  const stored = createHash('sha256');
  const samples = new SampleTaker(range.start, chooseSamples(range, settings.random));
  const scanner = new TransactionScanner({
    name: file.name,
    start: range.start,
    sizeBytes: range.end,
    visitor: {
      transaction: (transaction) => {
        index.apply(transaction.records);
        records.apply(transaction);
      },
    },
  });
  const onStored = (chunk: Uint8Array) => stored.update(chunk);
  for await (const chunk of readLink(store, { link, check: 'checksums', onStored })) {
    settings.signal.throwIfAborted();
    if (head === '') head = Buffer.from(chunk.subarray(0, MAGIC_BYTES)).toString('latin1');
    scanner.feed(chunk);
    samples.feed(chunk);
    settings.progress.onBytes(chunk.length);
  }
  const scan = scanner.finish();
  if (scan.committedEnd !== range.end) {
    throw new Failure(
      'damaged',
      `Cannot use "${file.name}": it has no complete transaction after ${scan.committedEnd}`,
      { hint: await hintAlternatives(store, file.stamp) },
    );
  }
  records.sort();
  const draft: RecordDraft = {
    format: 2,
    tool: `${settings.tool}, adopted`,
    source: '', // repozo doesn't say.
    madeAt: (momentOfStamp(file.stamp) ?? new Date(0)).toISOString(),
    ...range,
    md5,
    firstTid: scan.transactionCount === 0 ? null : formatTid(scan.firstTid),
    lastTid: formatTid(scan.lastTid),
    transactionCount: scan.transactionCount,
    stored: { name: file.name, sizeBytes: file.storedBytes, sha256: stored.digest('hex') },
    samples: [...samples.finish()],
  };
  return { draft, records, head };
}

/** What is to be said of the index of a backup: of the one that is there, or of one that is made. */
async function ensureIndex(
  store: Store,
  {
    link,
    index,
    magic,
  }: { readonly link: ChainLink; readonly index: OidIndex; readonly magic: Magic },
): Promise<BackupRecord['index']> {
  const name = indexFileName(link.file.stamp);
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    await drain(
      tap(store.read(name), (chunk) => {
        hash.update(chunk);
        sizeBytes += chunk.length;
      }),
    );
    return { sizeBytes, sha256: hash.digest('hex') };
  } catch (error) {
    if (!isFailure(error, 'not-found')) throw error;
  }
  const content = encodeIndex(index, { position: link.range.end, magic });
  await using file = await stageHashed(store, { name, content });
  await file.publish();
  return { sizeBytes: file.sizeBytes, sha256: file.sha256 };
}
