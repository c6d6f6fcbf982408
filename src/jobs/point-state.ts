import { PointingRecords } from '../filestorage/audit/pointing-records.ts';
import { OidIndex } from '../filestorage/index/oid-index.ts';
import { TransactionPlaces } from '../filestorage/index/transaction-places.ts';
import { type Oid, oidFromParts } from '../filestorage/oid.ts';
import type { ScannedTransaction } from '../filestorage/scanner.ts';
import { ZERO_TID } from '../filestorage/tid.ts';

/** Which records of a log, or of its end, are current, and of which transactions they are. */
export class PointState {
  readonly index = new OidIndex();
  readonly pointing = new PointingRecords();
  readonly places = new TransactionPlaces();
  #gone: ReadonlySet<Oid> | undefined;

  /** Takes over a complete transaction. */
  apply({ header, records }: ScannedTransaction): void {
    this.places.add(header.position, header.tid);
    this.pointing.apply(records);
    this.index.apply(records);
    this.#gone = undefined;
  }

  /** Objects of which the creation is undone. */
  get gone(): ReadonlySet<Oid> {
    this.#gone ??= new Set(
      [...this.pointing]
        .filter(({ oid, position, dataPosition }) => {
          return dataPosition === 0 && this.index.get(oid) === position;
        })
        .map(({ oid }) => oid),
    );
    return this.#gone;
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
