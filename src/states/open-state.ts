import { damageAt } from '../filestorage/damage.ts';
import { MAGIC_BYTES } from '../filestorage/format.ts';
import type { TransactionPlaces } from '../filestorage/index/transaction-places.ts';
import { type LogRecords, RecordCollector } from '../filestorage/records/log-records.ts';
import { scanTransactions } from '../filestorage/scan-transactions.ts';
import { nextTid, type Tid, ZERO_TID } from '../filestorage/tid.ts';
import type { OpenedSource } from '../system/files/byte-source.ts';
import type { FindBlob } from './blobs/find-blob.ts';
import { LogState } from './log-state.ts';
import type { State } from './state.ts';

/** Which state of a log. */
export interface WantedState {
  /** The last transaction that counts is the last one that is not later; undefined: the last of all. */
  readonly upTo?: Tid | undefined;
  readonly findBlob: FindBlob;
  /** Is told what is about to be read of the log; may throw to stop. */
  readonly onBytes?: (count: number) => void;
}

/**
 * Opens a state of a log, which is closed with it, or if this fails. All of the log is read once, for the table of its
 * records. Memory: 28 bytes for each record meanwhile, 20 then, and 16 for each transaction. Failure `damaged`.
 *
 * @param log - it ends where a transaction does
 */
export async function openState(
  log: OpenedSource,
  { upTo, findBlob, onBytes = () => {} }: WantedState,
): Promise<State> {
  try {
    const records = await readRecords(log, onBytes);
    const { transactions } = records;
    refuseDisorder(log, transactions);
    const behind =
      upTo === undefined ? transactions.count : transactions.firstNotBefore(nextTid(upTo));
    return new LogState(log, {
      records,
      sizeBytes: behind < transactions.count ? transactions.position(behind) : log.sizeBytes,
      tid: behind === 0 ? ZERO_TID : transactions.tid(behind - 1),
      findBlob,
    });
  } catch (error) {
    await log[Symbol.asyncDispose]();
    throw error;
  }
}

async function readRecords(
  log: OpenedSource,
  onBytes: (count: number) => void,
): Promise<LogRecords> {
  const collector = new RecordCollector();
  const { committedEnd } = await scanTransactions(log, {
    from: MAGIC_BYTES,
    visitor: { transaction: (transaction) => collector.apply(transaction) },
    onBytes,
  });
  if (committedEnd !== log.sizeBytes) {
    throw damageAt(log.name, committedEnd, `it does not lead to ${log.sizeBytes}, the log's end`);
  }
  return collector.finish();
}

/** States are found by their tids, which rise in what a server writes. */
function refuseDisorder(log: OpenedSource, transactions: TransactionPlaces): void {
  for (let row = 1; row < transactions.count; row++) {
    if (transactions.tid(row) > transactions.tid(row - 1)) continue;
    throw damageAt(
      log.name,
      transactions.position(row),
      'its tid is not later than the one before',
    );
  }
}
