import { BlobRevisions } from '../../../filestorage/audit/blob-revisions.ts';
import { MAGIC_BYTES } from '../../../filestorage/format.ts';
import { encodeIndex } from '../../../filestorage/index/index-encoder.ts';
import { OidIndex } from '../../../filestorage/index/oid-index.ts';
import type { Oid } from '../../../filestorage/oid.ts';
import { RecordFollower } from '../../../filestorage/pickle/record-follower.ts';
import type { RecordTable } from '../../../filestorage/record-table.ts';
import type { ScannedTransaction } from '../../../filestorage/scan-visitor.ts';
import { TransactionScanner } from '../../../filestorage/scanner.ts';
import { formatTid, type Tid } from '../../../filestorage/tid.ts';
import type { Cut } from '../../../repository/moment/cut.ts';
import type { ListedPoint } from '../../../repository/restore-point.ts';
import { Failure } from '../../../system/failure.ts';
import { firstRowNot } from '../../../system/first-row.ts';
import type { RestorePlan } from '../restore-plan.ts';

/** A revision of a blob that a log has. */
export interface HeldBlob {
  readonly oid: Oid;
  readonly tid: Tid;
  /** Whether the log ends with it, or goes on to a later one. */
  readonly isCurrent: boolean;
}

/** A log that is cut, and what it has. */
export interface CutOfRestore {
  readonly point: ListedPoint;
  readonly cut: Cut;
  readonly log: CutLog;
}

/** Undefined where a restore takes all of a backup. */
export function cutOfRestore({ point, target }: RestorePlan): CutOfRestore | undefined {
  if (point.kind === 'unlisted' || point.cut === undefined) return undefined;
  return { point, cut: point.cut, log: new CutLog(target, point.cut) };
}

/**
 * What a log has that is cut at a moment, as its bytes pass: the index of its objects, and the blobs that it needs.
 * Memory: 6 bytes for each object, 26 for each record of a blob.
 */
export class CutLog {
  readonly #name: string;
  readonly #cut: Cut;
  readonly #scanner: TransactionScanner;
  readonly #follower = new RecordFollower();
  readonly #index = new OidIndex();
  readonly #blobs = new BlobRevisions();
  /** Of the records of blobs, in the order of the log: a back pointer may lead there. */
  readonly #positions: number[] = [];
  #blobRows = new Set<number>();
  #magic = '';

  constructor(name: string, cut: Cut) {
    this.#name = name;
    this.#cut = cut;
    this.#scanner = new TransactionScanner({
      name,
      start: 0,
      sizeBytes: cut.end,
      visitor: {
        head: (head, { row }) => {
          if (row === 0) this.#blobRows.clear();
          if (this.#follower.isOfBlob(head)) this.#blobRows.add(row);
        },
        transaction: (transaction) => this.#take(transaction),
      },
    });
  }

  /** The next bytes of the log, in chunks of any size. Failure `damaged`. */
  feed(chunk: Uint8Array): void {
    const missing = MAGIC_BYTES - this.#magic.length;
    if (missing > 0) this.#magic += Buffer.from(chunk.subarray(0, missing)).toString('latin1');
    this.#scanner.feed(chunk);
  }

  /** Failure `damaged` where the bytes are not a log that ends with the transaction of the cut, and has a root. */
  finish(): void {
    const { committedEnd, lastTid } = this.#scanner.finish();
    const { tid, end } = this.#cut;
    if (committedEnd !== end || lastTid !== tid) {
      throw this.#damage(`the transaction ${formatTid(tid)} does not end at ${end}`);
    }
    if (this.#index.at(0, 0) === 0) throw this.#damage('it has no root object then');
  }

  /** The index, as a server writes it. */
  index(): Iterable<Uint8Array> {
    const magic = this.#magic === 'FS21' ? 'FS21' : 'FS30';
    return encodeIndex(this.#index, { position: this.#cut.end, magic });
  }

  /** The blobs that it needs, those of earlier revisions too. */
  *blobs(): Generator<HeldBlob, undefined> {
    for (let row = 0; row < this.#blobs.count; row++) {
      const revision = this.#blobs.revision(row);
      yield { ...revision, isCurrent: this.#index.get(revision.oid) === this.#positions[row] };
    }
  }

  #take({ header, records }: ScannedTransaction): void {
    this.#index.apply(records);
    const tid = { high: Number(header.tid >> 32n), low: Number(header.tid & 0xffffffffn) };
    for (let row = 0; row < records.count; row++) {
      if (!this.#isBlob(records, row)) continue;
      this.#blobs.add({ high: records.oidHigh(row), low: records.oidLow(row) }, tid);
      this.#positions.push(records.position(row));
    }
    this.#blobRows.clear();
  }

  /** An undo copies the file of the revision that it leads back to. */
  #isBlob(records: RecordTable, row: number): boolean {
    if (records.pickleLength(row) > 0) return this.#blobRows.has(row);
    return isAmong(this.#positions, records.backPointer(row));
  }

  #damage(state: string): Failure {
    return new Failure(
      'damaged',
      `Cannot restore "${this.#name}" as of ${formatTid(this.#cut.tid)}: ${state}`,
      {
        hint: { kind: 'earlier-date' },
      },
    );
  }
}

/** @param ascending - numbers, the least first */
function isAmong(ascending: readonly number[], wanted: number): boolean {
  const row = firstRowNot((one) => (ascending[one] ?? 0) < wanted, ascending.length);
  return ascending[row] === wanted;
}
