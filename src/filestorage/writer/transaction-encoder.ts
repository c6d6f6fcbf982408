import { Failure } from '../../system/failure.ts';
import {
  BACK_POINTER_BYTES,
  LENGTH_AGAIN_BYTES,
  RECORD_HEADER_BYTES,
  TRANSACTION_HEADER_BYTES,
  type TransactionStatus,
} from '../format.ts';
import type { Oid } from '../oid.ts';
import type { Tid } from '../tid.ts';
import { viewOf } from '../uncommitted-tail.ts';

/** A transaction as it is to stand in the file. */
export interface TransactionContent {
  readonly tid: Tid;
  readonly status: TransactionStatus;
  readonly user: Uint8Array;
  readonly description: Uint8Array;
  /** A pickled dict, or empty. */
  readonly extension: Uint8Array;
  readonly records: readonly RecordContent[];
}

export interface RecordContent {
  readonly oid: Oid;
  /** Position of the object's previous record, 0 if there is none. */
  readonly previous: number;
  readonly data: RecordBody;
}

/** What a record holds; a back pointer of 0 says that the object's creation is undone. */
export type RecordBody =
  | { readonly kind: 'pickle'; readonly bytes: Uint8Array }
  | { readonly kind: 'back-pointer'; readonly position: number };

/** A transaction's bytes, and where its records stand in the file. */
export interface EncodedTransaction {
  readonly bytes: Buffer;
  readonly recordPositions: readonly number[];
}

/** Offset of the status in a transaction's header. */
export const STATUS_OFFSET = 16;

const LONGEST_STRING_BYTES = 0xffff;

/** Lays out a transaction that is to stand at `position`. Failure `usage`: a string too long. */
export function encodeTransaction(
  content: TransactionContent,
  position: number,
): EncodedTransaction {
  const { user, description, extension, records } = content;
  const strings = [user, description, extension];
  const stringBytes = strings.reduce((sum, { length }) => sum + length, 0);
  const recordBytes = records.reduce(
    (sum, { data }) => sum + RECORD_HEADER_BYTES + bodyBytes(data),
    0,
  );
  const length = TRANSACTION_HEADER_BYTES + stringBytes + recordBytes;
  const bytes = Buffer.alloc(length + LENGTH_AGAIN_BYTES);
  const view = viewOf(bytes);
  view.setBigUint64(0, content.tid);
  view.setBigUint64(8, BigInt(length));
  bytes.write(content.status, STATUS_OFFSET, 'latin1');
  let offset = TRANSACTION_HEADER_BYTES;
  for (const [number, string] of strings.entries()) {
    if (string.length > LONGEST_STRING_BYTES) throw stringTooLong(string.length);
    view.setUint16(17 + 2 * number, string.length);
    bytes.set(string, offset);
    offset += string.length;
  }
  const recordPositions: number[] = [];
  for (const record of records) {
    recordPositions.push(position + offset);
    view.setBigUint64(offset, record.oid);
    view.setBigUint64(offset + 8, content.tid);
    view.setBigUint64(offset + 16, BigInt(record.previous));
    view.setBigUint64(offset + 24, BigInt(position));
    offset += RECORD_HEADER_BYTES;
    const { data } = record;
    if (data.kind === 'pickle') {
      view.setBigUint64(offset - 8, BigInt(data.bytes.length));
      bytes.set(data.bytes, offset);
    } else {
      view.setBigUint64(offset, BigInt(data.position));
    }
    offset += bodyBytes(data);
  }
  view.setBigUint64(offset, BigInt(length));
  return { bytes, recordPositions };
}

function bodyBytes(data: RecordBody): number {
  return data.kind === 'pickle' ? data.bytes.length : BACK_POINTER_BYTES;
}

function stringTooLong(length: number): Failure {
  return new Failure(
    'usage',
    `Cannot write the transaction: its user, description or extension has ${length} bytes, more than ${LONGEST_STRING_BYTES}`,
    { hint: 'Use a shorter text.' },
  );
}
