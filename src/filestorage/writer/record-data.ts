import type { ByteSource } from '../../system/files/byte-source.ts';
import { damageAt } from '../damage.ts';
import { BACK_POINTER_BYTES, RECORD_HEADER_BYTES } from '../format.ts';
import { readRecordHeader } from '../record-header.ts';
import { safeInteger } from '../record-table.ts';
import type { Tid } from '../tid.ts';
import { viewOf } from '../uncommitted-tail.ts';

/** What an object was at one of its records. */
export interface RecordState {
  /** Tid of the record. */
  readonly tid: Tid;
  /** Its pickles, fetched from where back pointers lead; undefined where its creation is undone. */
  readonly pickle: Uint8Array | undefined;
}

/** Reads the record at `position`, which the caller knows to be one. Failure `damaged`. */
export async function readRecordState(source: ByteSource, position: number): Promise<RecordState> {
  const { tid, pickleLength } = await readRecordHeader(source, position);
  const body = position + RECORD_HEADER_BYTES;
  if (pickleLength > 0) {
    return { tid, pickle: await source.read({ start: body, end: body + pickleLength }) };
  }
  const bytes = await source.read({ start: body, end: body + BACK_POINTER_BYTES });
  const target = safeInteger(viewOf(bytes), 0);
  if (target === 0) return { tid, pickle: undefined };
  if (target >= position) {
    throw damageAt(source.name, position, `its record points back to ${target}`);
  }
  return { tid, pickle: (await readRecordState(source, target)).pickle };
}
