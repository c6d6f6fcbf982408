import {
  type CommittedEnd,
  findCommittedEnd,
  headersFrom,
} from '../../filestorage/committed-end.ts';
import { MAGIC_BYTES } from '../../filestorage/format.ts';
import { ObjectComparison } from '../../filestorage/object-comparison.ts';
import type { ScannedTransaction } from '../../filestorage/scan-visitor.ts';
import { TransactionScanner } from '../../filestorage/scanner.ts';
import type { Tid } from '../../filestorage/tid.ts';
import { newestTransactionUpTo, tidBehind } from '../../filestorage/uncommitted-tail.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import type { ByteSource } from '../../system/files/byte-source.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import { readLinks } from '../content/read-backup.ts';
import type { ChainLink } from '../layout/chain.ts';
import type { ContinuityFacts, ObjectFacts } from './continuity.ts';

/** A Data.fs, as far as its continuity goes. */
export interface JudgedSource {
  readonly source: ByteSource;
  readonly end: CommittedEnd;
  /** What a pack has left beside it; undefined: nothing, or it can't be read. */
  readonly old: ByteSource | undefined;
}

/**
 * What costs next to nothing: a look at the ends of the files.
 *
 * @param last - the last transaction that was backed up
 */
export async function readFewFacts(
  { source, end, old }: JudgedSource,
  last: Tid,
): Promise<ContinuityFacts> {
  const reached = await newestTransactionUpTo(source, { end: end.position, limit: last });
  const remains = await tidBehind(source, end.position);
  return {
    holdsLast: reached?.tid === last,
    hasRemains: remains > end.lastTid && remains <= last,
    isPackedFromOld: old !== undefined && (await isPackedFrom(old, { source, end, last })),
    isMarkedByPack: (reached ?? (await firstHeader(source)))?.status === 'p',
    objects: undefined,
  };
}

/**
 * Holds the objects of a Data.fs against those of a backup: reads all of both. Undefined where one of them can't be
 * read.
 *
 * @param base - from a full backup on
 */
export function readObjectFacts(
  { source, end }: JudgedSource,
  {
    store,
    base,
    progress,
  }: {
    readonly store: Store;
    readonly base: readonly ChainLink[];
    readonly progress: WorkProgress;
  },
): Promise<ObjectFacts | undefined> {
  return unlessUnreadable(async () => {
    const comparison = new ObjectComparison();
    await walk(readLinks(store, { links: base, check: 'checksums', onFile: progress.onFile }), {
      log: { name: store.name, sizeBytes: base.at(-1)?.range.end ?? 0 },
      onTransaction: (transaction) => comparison.addEarlier(transaction),
      progress,
    });
    progress.onFile(source.name);
    await walk(source.stream({ start: 0, end: end.position }), {
      log: { name: source.name, sizeBytes: end.position },
      onTransaction: (transaction) => comparison.addLater(transaction),
      progress,
    });
    return comparison.finish();
  });
}

/** Whether a file holds a transaction, and its own last one is in another. */
async function isPackedFrom(
  old: ByteSource,
  { source, end, last }: Omit<JudgedSource, 'old'> & { readonly last: Tid },
): Promise<boolean> {
  const found = await unlessUnreadable(async () => {
    const ended = await findCommittedEnd(old, MAGIC_BYTES);
    const held = await newestTransactionUpTo(old, { end: ended.position, limit: last });
    if (held?.tid !== last) return false;
    const limit = ended.lastTid;
    const reached = await newestTransactionUpTo(source, { end: end.position, limit });
    return reached?.tid === limit;
  });
  return found === true;
}

async function firstHeader(source: ByteSource) {
  for await (const header of headersFrom(source, MAGIC_BYTES)) return header;
  return undefined;
}

async function walk(
  chunks: AsyncIterable<Uint8Array>,
  {
    log: { name, sizeBytes },
    onTransaction,
    progress,
  }: {
    readonly log: Pick<ByteSource, 'name' | 'sizeBytes'>;
    readonly onTransaction: (transaction: ScannedTransaction) => void;
    readonly progress: WorkProgress;
  },
): Promise<void> {
  const visitor = { transaction: onTransaction };
  const scanner = new TransactionScanner({ name, start: 0, sizeBytes, visitor });
  for await (const chunk of chunks) {
    scanner.feed(chunk);
    progress.onBytes(chunk.length);
  }
}

/** What can't be read tells nothing; that is for others to say. */
async function unlessUnreadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isFailure(error, 'damaged', 'not-found')) return undefined;
    throw error;
  }
}
