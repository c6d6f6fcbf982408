import { damageAt } from '../filestorage/damage.ts';
import { MAGIC_BYTES } from '../filestorage/format.ts';
import type { TransactionPlaces } from '../filestorage/index/transaction-places.ts';
import { LogRecords } from '../filestorage/records/log-records.ts';
import { readStoredRecord } from '../filestorage/records/read-record.ts';
import { addRecordIndex } from '../filestorage/records/record-index.ts';
import { POINTS_BACK, type RecordRows, UNCREATED } from '../filestorage/records/record-rows.ts';
import { SortedRecords } from '../filestorage/records/sorted-records.ts';
import { scanTransactions } from '../filestorage/scan-transactions.ts';
import { nextTid, type Tid, ZERO_TID } from '../filestorage/tid.ts';
import type { LogPart } from '../repository/content/open-log.ts';
import type { ByteSource } from '../system/files/byte-source.ts';
import { each, inParallel } from '../system/streams/pipeline.ts';

/** Record indexes that are asked for at once: where they are far away, each waits for an answer. */
const INDEXES_AT_ONCE = 4;

/** How the records of a log are read. */
export interface RecordReading {
  /** What lies behind the part with this transaction is left out; undefined: nothing is. */
  readonly upTo: Tid | undefined;
  /** Is told how much of the log is known; may throw to stop. */
  readonly onBytes: (count: number) => void;
}

/** Which records a log has, and where a state of it ends. */
export interface RecordsOfState {
  /** Sorted; some may stand behind its end. */
  readonly records: LogRecords;
  /** Where its last transaction ends, or the magic. */
  readonly sizeBytes: number;
  /** Of that transaction; 0: there is none. */
  readonly tid: Tid;
}

/** Reads what a state of a log takes. Failure `damaged`. */
export async function readRecords(
  log: ByteSource & { readonly parts?: readonly LogPart[] },
  reading: RecordReading,
): Promise<RecordsOfState> {
  const { records, end } = await readLogRecords(log, reading);
  const { transactions } = records;
  refuseDisorder(log, transactions);
  const { upTo } = reading;
  const notLater = upTo === undefined ? Infinity : transactions.firstNotBefore(nextTid(upTo));
  const count = Math.min(transactions.countUpTo(end - 1), notLater);
  return {
    records,
    sizeBytes: count < transactions.count ? transactions.position(count) : end,
    tid: count === 0 ? ZERO_TID : transactions.tid(count - 1),
  };
}

/** States are found by their tids, which rise in what a server writes. */
function refuseDisorder({ name }: ByteSource, transactions: TransactionPlaces): void {
  for (let row = 1; row < transactions.count; row++) {
    if (transactions.tid(row) > transactions.tid(row - 1)) continue;
    throw damageAt(name, transactions.position(row), 'its tid is not later than the one before');
  }
}

/**
 * Which records a log has, sorted: out of the record indexes of its parts; a part without one is read. There may be
 * some that stand behind `end`, where what is known of the log ends. Failure `damaged`.
 */
async function readLogRecords(
  log: ByteSource & { readonly parts?: readonly LogPart[] },
  { upTo, onBytes }: RecordReading,
): Promise<{ readonly records: LogRecords; readonly end: number }> {
  const records = new LogRecords();
  let end = 0;
  const work = async ({ range, recordIndex }: LogPart) => ({ range, bytes: await recordIndex() });
  const parts = each(log.parts ?? [wholeOf(log)]);
  for await (const { range, bytes } of inParallel(parts, { limit: INDEXES_AT_ONCE, work })) {
    if (upTo !== undefined && records.transactions.lastTid >= upTo) break;
    end = Math.min(range.end, log.sizeBytes);
    if (range.start > end) break;
    if (bytes !== undefined && addRecordIndex(records, { bytes, range })) {
      onBytes(end - range.start);
    } else await scanPart(log, { range: { ...range, end }, records, onBytes });
  }
  records.sort();
  await settleUncreated(log, records.rows);
  return { records, end };
}

function wholeOf({ sizeBytes }: ByteSource): LogPart {
  return { range: { start: 0, end: sizeBytes }, recordIndex: async () => undefined };
}

async function scanPart(
  log: ByteSource,
  {
    range: { start, end },
    records,
    onBytes,
  }: {
    readonly range: LogPart['range'];
    readonly records: LogRecords;
    readonly onBytes: (count: number) => void;
  },
): Promise<void> {
  const part = { ...log, sizeBytes: end };
  const { committedEnd } = await scanTransactions(part, {
    from: Math.max(start, MAGIC_BYTES),
    visitor: { transaction: (transaction) => records.apply(transaction) },
    onBytes,
  });
  if (committedEnd === end) return;
  throw damageAt(log.name, committedEnd, `it does not lead to ${end}, where the log goes on`);
}

/**
 * An undo of an undo may point back to a record with which the creation of its object is undone: then there is none
 * any more. That is looked up here, for those few, so that the table tells by itself which objects there are.
 */
async function settleUncreated(log: ByteSource, rows: RecordRows): Promise<void> {
  if (!rows.hasUncreated()) return;
  const sorted = new SortedRecords(rows);
  let hasUncreated = false;
  for (let row = 0; row < rows.count; row++) {
    if (sorted.previous(row) === undefined) hasUncreated = false;
    if (rows.length(row) === UNCREATED) hasUncreated = true;
    if (!hasUncreated || rows.length(row) !== POINTS_BACK) continue;
    if (rows.position(row) >= log.sizeBytes) continue;
    const oid = sorted.oid(row);
    const { content } = await readStoredRecord(log, { oid, position: rows.position(row) });
    if (content.kind !== 'back-pointer') continue;
    const target = sorted.lastOf(oid, content.position + 1);
    if (target !== undefined && rows.length(target) === UNCREATED) rows.markUncreated(row);
  }
}
