import type { ByteSource } from '../system/files/byte-source.ts';
import { RECORD_HEADER_BYTES } from './format.ts';
import { type Oid, oidFrom } from './oid.ts';
import { safeInteger } from './record-table.ts';
import { decodeTid, type Tid } from './tid.ts';
import { viewOf } from './uncommitted-tail.ts';

/** The header of one record, for those who look at few; a scan makes a `RecordTable`. */
export interface RecordHeader {
  readonly oid: Oid;
  readonly tid: Tid;
  /** Position of the object's previous record, or 0. */
  readonly previous: number;
  /** Position of the transaction that it belongs to. */
  readonly transaction: number;
  /** 0: a back pointer follows. */
  readonly pickleLength: number;
}

/** Reads the header at `position`; the caller knows that the file goes on for as long. */
export async function readRecordHeader(
  source: ByteSource,
  position: number,
): Promise<RecordHeader> {
  const end = position + RECORD_HEADER_BYTES;
  const header = viewOf(await source.read({ start: position, end }));
  return {
    oid: oidFrom(header.getBigUint64(0)),
    tid: decodeTid(header, 8),
    previous: safeInteger(header, 16),
    transaction: safeInteger(header, 24),
    pickleLength: safeInteger(header, 34),
  };
}
