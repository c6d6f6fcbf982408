import { PointingRecords } from '../../filestorage/audit/pointing-records.ts';
import { OidIndex } from '../../filestorage/index/oid-index.ts';
import { TransactionPlaces } from '../../filestorage/index/transaction-places.ts';
import { type Oid, oidFromParts } from '../../filestorage/oid.ts';
import type { RecordTable } from '../../filestorage/record-table.ts';
import type { ScannedTransaction } from '../../filestorage/scan-visitor.ts';
import { ZERO_TID } from '../../filestorage/tid.ts';

/** Which records of a log, or of its end, are current, and of which transactions they are. */
export class PointState {
  readonly index = new OidIndex();
  readonly pointing = new PointingRecords();
  readonly places = new TransactionPlaces();
  readonly #gone = new Set<Oid>();

  /** Takes over a complete transaction. */
  apply({ header, records }: ScannedTransaction): void {
    this.places.add(header.position, header.tid);
    this.pointing.apply(records);
    this.index.apply(records);
    for (let row = 0; row < records.count; row++) this.#noteCreation(records, row);
  }

  /** Objects of which the creation is undone. */
  get gone(): ReadonlySet<Oid> {
    return this.#gone;
  }

  #noteCreation(records: RecordTable, row: number): void {
    const isPointing = records.pickleLength(row) === 0;
    const isGone = isPointing && this.pointing.dataPositionOf(records.position(row)) === 0;
    if (!isGone && this.#gone.size === 0) return;
    const oid = oidFromParts(records.oidHigh(row), records.oidLow(row));
    if (isGone) this.#gone.add(oid);
    else this.#gone.delete(oid);
  }

  /** Tid of the object's current record; 0 where there is no such object. */
  tidOf(oid: Oid): bigint {
    const position = this.index.get(oid);
    return position === undefined || this.gone.has(oid) ? ZERO_TID : this.places.tidAt(position);
  }

  /** The objects that there are. */
  *[Symbol.iterator](): Generator<Oid, undefined> {
    for (const prefix of this.index.prefixes()) {
      for (const [suffix] of this.index.entriesOf(prefix)) {
        const oid = oidFromParts(prefix, suffix);
        if (!this.gone.has(oid)) yield oid;
      }
    }
  }
}
