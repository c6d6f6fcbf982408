import { TransactionPlaces } from '../index/transaction-places.ts';
import type { RecordTable } from '../record-table.ts';
import type { ScannedTransaction } from '../scan-visitor.ts';
import { LARGE, POINTS_BACK, RecordRows, UNCREATED } from './record-rows.ts';
import { sortRows } from './sort-rows.ts';

/** Which records a log has, or a part of it, and which transactions: 20 bytes for each record, 16 for each transaction. */
export class LogRecords {
  readonly rows = new RecordRows();
  readonly transactions = new TransactionPlaces();

  /** Takes over a complete transaction: those of a log come in its order. */
  apply({ header, records }: ScannedTransaction): void {
    this.transactions.add(header.position, header.tid);
    for (let row = 0; row < records.count; row++) {
      const oidHigh = records.oidHigh(row);
      this.rows.add({
        oidHigh: Math.floor(oidHigh / 2 ** 16),
        oidLow: (oidHigh % 2 ** 16) * 2 ** 16 + records.oidLow(row),
        position: records.position(row),
        length: lengthOf(records, row),
      });
    }
  }

  /** Sorts the records by their oids, then by their positions: then they can be looked up, or written. */
  sort(): void {
    sortRows(this.rows);
  }
}

function lengthOf(records: RecordTable, row: number): number {
  const length = records.pickleLength(row);
  if (length > 0) return Math.min(length, LARGE);
  return records.backPointer(row) === 0 ? UNCREATED : POINTS_BACK;
}
