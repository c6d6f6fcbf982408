import {
  type CommittedEnd,
  findCommittedEnd,
  isTransactionBoundary,
} from '../filestorage/committed-end.ts';
import { MAGIC_BYTES } from '../filestorage/format.ts';
import { IndexDecoder } from '../filestorage/index/index-decoder.ts';
import { firstOf } from '../filestorage/lineage.ts';
import { beginningOfFile } from '../filestorage/log-beginning.ts';
import { isUncommittedTail, transactionEndingAt } from '../filestorage/uncommitted-tail.ts';
import { Failure, isFailure } from '../system/failure.ts';
import { type FileSource, isStillAt, openFileSource } from '../system/files/byte-source.ts';
import { realPlaceOf } from '../system/files/real-path.ts';
import { DisposableStack } from '../system/streams/disposable-stack.ts';
import type { ObservedSource, Source } from './source.ts';

/** Milliseconds after which a Data.fs is there again that a pack has renamed. */
const PACK_RENAMES = 300;

/**
 * Opens a Data.fs; all of it is read through one handle. While a pack renames its files, there is no Data.fs for a
 * moment, so its absence is believed only the second time. Failures `not-found`, `system`, `usage`.
 */
export async function openFilestorageSource(path: string): Promise<Source> {
  try {
    return await open(path);
  } catch (error) {
    if (!isFailure(error, 'not-found')) throw error;
    await new Promise((resolve) => setTimeout(resolve, PACK_RENAMES));
    return open(path);
  }
}

/** The same for who doesn't need it; undefined where there is none that can be read. */
export async function findFilestorageSource(path: string): Promise<Source | undefined> {
  return unlessUnreadable(() => open(path));
}

async function open(path: string): Promise<Source> {
  const place = await realPlaceOf(path);
  const files = new DisposableStack();
  const log = files.use(await openFileSource(path));
  const beginning = beginningOfFile(log);
  let old: Promise<FileSource | undefined> | undefined;
  const source: Source = {
    path,
    place,
    log,
    beginning,
    observe: async (from) => observe(source, { log, from }),
    old: () => {
      // FileStorage renames the Data.fs to that when it has packed it, unless it keeps none.
      old ??= unlessUnreadable(() => openFileSource(`${place}.old`)).then((file) =>
        files.use(file),
      );
      return old;
    },
    wasReplaced: async () => !(await isStillAt(path, log.identity)),
    refuseOverwritten: (end) => refuseOverwritten(log, end),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
  return source;
}

async function observe(
  source: Source,
  { log, from }: { readonly log: FileSource; readonly from: number | undefined },
): Promise<ObservedSource> {
  const end = from === undefined ? await endByIndex(log) : await findCommittedEnd(log, from);
  const first = await firstOf(source.beginning);
  return { source, end, first, uncommittedBytes: await uncommittedBytes(log, end) };
}

/**
 * The committed end, walked from the position that Data.fs.index tells, if a transaction ends there. The bytes in
 * front of it are walked while they are backed up.
 */
async function endByIndex(log: FileSource): Promise<CommittedEnd> {
  const position = await unlessUnreadable(() => readIndexPosition(`${log.path}.index`));
  const isUsable =
    position !== undefined &&
    position <= log.sizeBytes &&
    (await isTransactionBoundary(log, position));
  return findCommittedEnd(log, isUsable ? position : MAGIC_BYTES);
}

/** The index begins with its position. */
async function readIndexPosition(path: string): Promise<number | undefined> {
  await using index = await openFileSource(path);
  const decoder = new IndexDecoder();
  decoder.feed(await index.read({ start: 0, end: Math.min(64, index.sizeBytes) }));
  return decoder.position;
}

async function uncommittedBytes(log: FileSource, { stop }: CommittedEnd): Promise<number> {
  if (!(await isUncommittedTail(log, stop))) return 0;
  // A server has just finished, or given up, what it was writing when the file was opened.
  const isWritten = (await log.currentSizeBytes()) !== log.sizeBytes;
  return isWritten ? 0 : log.sizeBytes - stop.position;
}

/** Something that writes into the open file itself (a copy over it) must not become a backup. */
async function refuseOverwritten(log: FileSource, end: number): Promise<void> {
  const isThere =
    (await log.currentSizeBytes()) >= end &&
    (end <= MAGIC_BYTES || (await transactionEndingAt(log, end)) !== undefined);
  if (isThere) return;
  throw new Failure('damaged', `Cannot back up "${log.path}": it was overwritten meanwhile`, {
    hint: 'Nothing was kept. Run the backup again when whatever wrote the file has ended.',
  });
}

async function unlessUnreadable<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
