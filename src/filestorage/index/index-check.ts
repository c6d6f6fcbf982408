import type { ByteSource } from '../../system/files/byte-source.ts';
import { isTransactionBoundary } from '../committed-end.ts';
import { MAGIC_BYTES, RECORD_HEADER_BYTES, TRANSACTION_HEADER_BYTES } from '../format.ts';
import { oidFromParts } from '../oid.ts';
import { readRecordHeader } from '../record-header.ts';
import { decodeTransactionHeader, judgeHeader } from '../transaction-header.ts';
import { viewOf } from '../uncommitted-tail.ts';
import type { DecodedIndex } from './index-decoder.ts';

/** Entries that are held against the file. */
const SAMPLES = 64;

/**
 * Whether an index belongs to this Data.fs: its position is where a transaction ends, and a sample
 * of its entries point at records with that oid, each in a complete transaction in front of the
 * position. The sample is spread evenly, so that an index of the file as it was before a pack is
 * found out: a pack moves most records.
 */
export async function indexFits(
  source: ByteSource,
  { index, position }: DecodedIndex,
): Promise<boolean> {
  if (index.size === 0) return position === MAGIC_BYTES && source.sizeBytes >= MAGIC_BYTES;
  if (!(await isTransactionBoundary(source, position))) return false;
  const step = Math.max(1, Math.floor(index.size / SAMPLES));
  let number = 0;
  for (const prefix of index.prefixes()) {
    for (const [suffix, recordPosition] of index.entriesOf(prefix)) {
      if (number++ % step !== 0) continue;
      const entry = { prefix, suffix, recordPosition };
      if (!(await entryFits(source, { entry, indexEnd: position }))) return false;
    }
  }
  return true;
}

interface Entry {
  readonly prefix: number;
  readonly suffix: number;
  readonly recordPosition: number;
}

async function entryFits(
  source: ByteSource,
  { entry, indexEnd }: { readonly entry: Entry; readonly indexEnd: number },
): Promise<boolean> {
  const end = entry.recordPosition + RECORD_HEADER_BYTES;
  if (end > indexEnd) return false;
  const { oid, transaction: start } = await readRecordHeader(source, entry.recordPosition);
  if (oid !== oidFromParts(entry.prefix, entry.suffix)) return false;
  if (start < MAGIC_BYTES || start + TRANSACTION_HEADER_BYTES > entry.recordPosition) return false;
  const bytes = await source.read({ start, end: start + TRANSACTION_HEADER_BYTES });
  const header = decodeTransactionHeader(viewOf(bytes), { offset: 0, position: start });
  return judgeHeader(header, indexEnd).kind === 'complete' && end <= start + header.length;
}
