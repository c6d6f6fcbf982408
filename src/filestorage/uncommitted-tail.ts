import type { ByteSource } from '../system/files/byte-source.ts';
import { damageAt } from './damage.ts';
import { LENGTH_AGAIN_BYTES, MAGIC_BYTES, TRANSACTION_HEADER_BYTES } from './format.ts';
import { decodeTid, TID_BYTES, type Tid, ZERO_TID } from './tid.ts';
import {
  decodeTransactionHeader,
  judgeHeader,
  type StopReason,
  type TransactionHeader,
} from './transaction-header.ts';

/** The complete transaction of which lengthAgain ends at `end`, or undefined if none does. */
export async function transactionEndingAt(
  source: ByteSource,
  end: number,
): Promise<TransactionHeader | undefined> {
  const start = await placeOfLengthAgain(source, end);
  if (start === undefined || start < MAGIC_BYTES) return undefined;
  const bytes = await source.read({ start, end: start + TRANSACTION_HEADER_BYTES });
  const header = decodeTransactionHeader(viewOf(bytes), { offset: 0, position: start });
  if (start + header.length + LENGTH_AGAIN_BYTES !== end) return undefined;
  return judgeHeader(header, end).kind === 'complete' ? header : undefined;
}

/**
 * The newest transaction that is not later than `limit`; undefined where all are. Goes backwards from
 * `end`, where a transaction ends, so that it costs what has been committed since.
 */
export async function newestTransactionUpTo(
  source: ByteSource,
  { end, limit }: { readonly end: number; readonly limit: Tid },
): Promise<TransactionHeader | undefined> {
  let transaction = await transactionEndingAt(source, end);
  while (transaction !== undefined && transaction.tid > limit) {
    transaction = await transactionEndingAt(source, transaction.position);
  }
  return transaction;
}

/** Where a walk stopped, and why. */
export interface Stop {
  readonly position: number;
  readonly reason: StopReason;
}

/**
 * Tells an uncommitted tail from damage in the middle. If a transaction that began behind the stop ends at the file's
 * end, the bytes in between are lost: failure `damaged`.
 *
 * ZODB looks at the last 8 bytes if a length is impossible. It doesn't if a transaction would pass the file's end, or
 * has the status `c`: then it takes everything behind a flipped bit for an uncommitted tail. We look at these bytes in
 * each case, and believe them if a header fits: a server never appends behind a transaction that it has not finished.
 */
export async function refuseDamage(source: ByteSource, stop: Stop): Promise<void> {
  switch (stop.reason) {
    case 'end-of-file':
      return;
    case 'unfinished':
    case 'cut-short': {
      const last = await transactionEndingAt(source, source.sizeBytes);
      if (last === undefined || last.position <= stop.position) return;
      throw damageAt(
        source.name,
        stop.position,
        `it is ${stop.reason === 'cut-short' ? 'longer than the file' : 'not finished'}, but the file ends with the transaction at ${last.position}`,
      );
    }
    case 'impossible-length': {
      const place = await placeOfLengthAgain(source, source.sizeBytes);
      if (place === undefined || place < stop.position) return;
      throw damageAt(
        source.name,
        stop.position,
        `its length is shorter than its header, and the file goes on with the transaction at ${place}`,
      );
    }
    default:
      stop.reason satisfies never;
  }
}

/**
 * Whether what follows a stop was never the beginning of a transaction: a server that is writing one
 * has marked its header as not finished.
 */
export async function isUncommittedTail(
  source: ByteSource,
  { position, reason }: Stop,
): Promise<boolean> {
  switch (reason) {
    case 'end-of-file':
    case 'unfinished':
      return false;
    case 'impossible-length':
      return true;
    case 'cut-short': {
      const end = position + TRANSACTION_HEADER_BYTES;
      if (position < MAGIC_BYTES || end > source.sizeBytes) return false;
      const bytes = await source.read({ start: position, end });
      return decodeTransactionHeader(viewOf(bytes), { offset: 0, position }).status !== 'c';
    }
    default:
      return reason satisfies never;
  }
}

/** What would be the tid if what follows a committed end began a transaction; 0 where that is too short. */
export async function tidBehind(source: ByteSource, committedEnd: number): Promise<Tid> {
  const end = committedEnd + TID_BYTES;
  if (committedEnd < MAGIC_BYTES || end > source.sizeBytes) return ZERO_TID;
  return decodeTid(viewOf(await source.read({ start: committedEnd, end })), 0);
}

async function placeOfLengthAgain(source: ByteSource, end: number): Promise<number | undefined> {
  if (end < MAGIC_BYTES + TRANSACTION_HEADER_BYTES + LENGTH_AGAIN_BYTES) return undefined;
  if (end > source.sizeBytes) return undefined;
  const bytes = await source.read({ start: end - LENGTH_AGAIN_BYTES, end });
  const length = Number(viewOf(bytes).getBigUint64(0));
  const place = end - LENGTH_AGAIN_BYTES - length;
  return length < TRANSACTION_HEADER_BYTES || place < 0 ? undefined : place;
}

/** A view of exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
