import type { ByteSource } from '../system/files/byte-source.ts';
import { damageAt } from './damage.ts';
import { readMagic } from './file-format-version.ts';
import { LENGTH_AGAIN_BYTES, MAGIC_BYTES, TRANSACTION_HEADER_BYTES } from './format.ts';
import { type Tid, ZERO_TID } from './tid.ts';
import {
  decodeTransactionHeader,
  judgeHeader,
  type TransactionHeader,
  transactionEnd,
} from './transaction-header.ts';
import { refuseDamage, type Stop, transactionEndingAt, viewOf } from './uncommitted-tail.ts';
import { Window } from './window.ts';

/** Where the database in a Data.fs ends: a state of the log. */
export interface CommittedEnd {
  /** Offset behind the last complete transaction; 0 for a file of 0 bytes. */
  readonly position: number;
  /** Tid of that transaction; 0 if there is none. */
  readonly lastTid: Tid;
  /** Why the walk ended here. */
  readonly stop: Stop;
}

/**
 * Finds the committed end by hopping from header to header, without a look at the records.
 *
 * @param from - a position that is known to be the end of a transaction, or the end of the magic;
 *   the caller vouches for it (see {@link isTransactionBoundary})
 * Failure `damaged`: a header or a lengthAgain in front of the end that doesn't fit.
 */
export async function findCommittedEnd(source: ByteSource, from: number): Promise<CommittedEnd> {
  if ((await readMagic(source)) === undefined || source.sizeBytes < MAGIC_BYTES) {
    return { position: 0, lastTid: ZERO_TID, stop: { position: 0, reason: 'end-of-file' } };
  }
  const window = new Window(source);
  let position = from;
  let lastTid = await lastTidBefore(source, from);
  for (;;) {
    const left = source.sizeBytes - position;
    if (left < TRANSACTION_HEADER_BYTES) {
      const reason = left === 0 ? 'end-of-file' : 'cut-short';
      return { position, lastTid, stop: { position, reason } };
    }
    const header = await readHeader(window, position);
    const verdict = judgeHeader(header, source.sizeBytes);
    if (verdict.kind === 'damaged') throw damageAt(source.name, position, verdict.state);
    if (verdict.kind === 'stop') {
      const stop = { position, reason: verdict.reason };
      await refuseDamage(source, stop);
      return { position, lastTid, stop };
    }
    await checkLengthAgain(window, header);
    position = transactionEnd(header);
    lastTid = header.tid;
  }
}

/** Whether a complete transaction ends at `position`, or the magic does. */
export async function isTransactionBoundary(
  source: ByteSource,
  position: number,
): Promise<boolean> {
  if (position === MAGIC_BYTES) return source.sizeBytes >= MAGIC_BYTES;
  return (await transactionEndingAt(source, position)) !== undefined;
}

/**
 * The transaction in which a position is, hopping from header to header; undefined where none is.
 *
 * @param from - a transaction begins there
 */
export async function transactionOver(
  source: ByteSource,
  { from, position }: { readonly from: number; readonly position: number },
): Promise<TransactionHeader | undefined> {
  if (position < from) return undefined;
  for await (const header of headersFrom(source, from)) {
    if (transactionEnd(header) > position) return header;
  }
  return undefined;
}

/**
 * The headers of the complete transactions from a position on, where one begins; the first that is not
 * complete, or damaged, ends it.
 */
export async function* headersFrom(
  source: ByteSource,
  from: number,
): AsyncGenerator<TransactionHeader> {
  const window = new Window(source);
  for (let start = from; source.sizeBytes - start >= TRANSACTION_HEADER_BYTES; ) {
    const header = await readHeader(window, start);
    if (judgeHeader(header, source.sizeBytes).kind !== 'complete') return;
    yield header;
    start = transactionEnd(header);
  }
}

async function lastTidBefore(source: ByteSource, position: number): Promise<Tid> {
  return (await transactionEndingAt(source, position))?.tid ?? ZERO_TID;
}

async function readHeader(window: Window, position: number): Promise<TransactionHeader> {
  const bytes = await window.bytesAt(position, TRANSACTION_HEADER_BYTES);
  return decodeTransactionHeader(viewOf(bytes), { offset: 0, position });
}

async function checkLengthAgain(window: Window, header: TransactionHeader): Promise<void> {
  const place = header.position + header.length;
  const bytes = await window.bytesAt(place, LENGTH_AGAIN_BYTES);
  const again = viewOf(bytes).getBigUint64(0);
  if (again === BigInt(header.length)) return;
  throw damageAt(
    window.source.name,
    header.position,
    `its length is ${header.length}, the copy behind it says ${again}`,
  );
}
