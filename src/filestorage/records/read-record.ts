import type { ByteSource } from '../../system/files/byte-source.ts';
import { damageAt } from '../damage.ts';
import { BACK_POINTER_BYTES, RECORD_HEADER_BYTES } from '../format.ts';
import { type Oid, oidFrom } from '../oid.ts';
import { safeInteger } from '../record-table.ts';
import { decodeTid, type Tid } from '../tid.ts';
import { viewOf } from '../uncommitted-tail.ts';

/** Bytes of a record that are read at once where nobody knows how many it has. */
const USUAL_BYTES = 4096;

/** A record as it stands in the log. */
export interface StoredRecord {
  readonly tid: Tid;
  /** Where its transaction stands. */
  readonly transaction: number;
  readonly content:
    | { readonly kind: 'data'; readonly data: Uint8Array }
    /** 0: the creation is undone. */
    | { readonly kind: 'back-pointer'; readonly position: number };
}

/**
 * Reads a record of an object. Failure `damaged` where something else stands there.
 *
 * @param dataBytes - how many it has, where that is known: then one read is enough
 */
export async function readStoredRecord(
  log: ByteSource,
  {
    oid,
    position,
    dataBytes = USUAL_BYTES,
  }: { readonly oid: Oid; readonly position: number; readonly dataBytes?: number },
): Promise<StoredRecord> {
  const start = position + RECORD_HEADER_BYTES;
  if (start + BACK_POINTER_BYTES > log.sizeBytes) {
    throw damageAt(log.name, position, 'the log ends within a record of it');
  }
  const guess = Math.max(dataBytes, BACK_POINTER_BYTES);
  const end = Math.min(start + guess, log.sizeBytes);
  const bytes = await log.read({ start: position, end });
  const view = viewOf(bytes);
  const transaction = safeInteger(view, 24);
  if (oidFrom(view.getBigUint64(0)) !== oid || transaction >= position) {
    throw damageAt(log.name, position, 'no record of the object stands there');
  }
  const common = { tid: decodeTid(view, 8), transaction };
  const length = safeInteger(view, 34);
  if (length === 0) {
    const target = safeInteger(view, RECORD_HEADER_BYTES);
    if (target >= position) {
      throw damageAt(log.name, position, `its record points back to ${target}`);
    }
    return { ...common, content: { kind: 'back-pointer', position: target } };
  }
  if (start + length > log.sizeBytes) {
    throw damageAt(log.name, position, `its record of ${length} bytes passes the end of the log`);
  }
  const data =
    start + length <= end
      ? bytes.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + length)
      : await log.read({ start, end: start + length });
  return { ...common, content: { kind: 'data', data } };
}

/** The data that a record has or points back to; undefined where the creation of its object is undone. */
export async function dataOf(
  log: ByteSource,
  { oid, content }: Pick<StoredRecord, 'content'> & { readonly oid: Oid },
): Promise<Uint8Array | undefined> {
  let found = content;
  while (found.kind === 'back-pointer') {
    if (found.position === 0) return undefined;
    found = (await readStoredRecord(log, { oid, position: found.position })).content;
  }
  return found.data;
}
