import { TransactionPlaces } from '../index/transaction-places.ts';
import type { RecordTable } from '../record-table.ts';
import type { ScannedTransaction } from '../scan-visitor.ts';
import { LARGE, POINTS_BACK, RecordRows, UNCREATED } from './record-rows.ts';
import { sortRows } from './sort-rows.ts';
import { SortedRecords } from './sorted-records.ts';

/** Which records a log has, of which transactions: 20 bytes for each record, 16 for each transaction. */
export interface LogRecords {
  readonly records: SortedRecords;
  readonly transactions: TransactionPlaces;
}

/** Collects the records of a log while somebody walks through it. */
export class RecordCollector {
  readonly #rows = new RecordRows();
  readonly #transactions = new TransactionPlaces();
  /** Positions of those with which the creation of an object is undone: a few. */
  readonly #uncreated = new Set<number>();

  /** Takes over a complete transaction. */
  apply({ header, records }: ScannedTransaction): void {
    this.#transactions.add(header.position, header.tid);
    for (let row = 0; row < records.count; row++) {
      const oidHigh = records.oidHigh(row);
      const position = records.position(row);
      this.#rows.add({
        oidHigh: Math.floor(oidHigh / 2 ** 16),
        oidLow: (oidHigh % 2 ** 16) * 2 ** 16 + records.oidLow(row),
        position,
        length: this.#lengthOf(records, row),
      });
    }
  }

  /** What was collected, sorted. Nothing may be added any more. */
  finish(): LogRecords {
    sortRows(this.#rows);
    return { records: new SortedRecords(this.#rows), transactions: this.#transactions };
  }

  #lengthOf(records: RecordTable, row: number): number {
    const length = records.pickleLength(row);
    if (length > 0) return Math.min(length, LARGE);
    const target = records.backPointer(row);
    if (target > 0 && !this.#uncreated.has(target)) return POINTS_BACK;
    this.#uncreated.add(records.position(row));
    return UNCREATED;
  }
}
