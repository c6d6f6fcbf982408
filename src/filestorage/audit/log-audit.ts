import { Failure } from '../../system/failure.ts';
import { MAGIC_BYTES } from '../format.ts';
import type { OidIndex } from '../index/oid-index.ts';
import { oidFromParts } from '../oid.ts';
import type { RecordTable } from '../record-table.ts';
import type { ScannedTransaction } from '../scan-visitor.ts';
import { TransactionScanner } from '../scanner.ts';
import { formatTid, type Tid, ZERO_TID } from '../tid.ts';
import type { AuditedLog } from './audited-log.ts';
import { BlobRevisions } from './blob-revisions.ts';
import { FindingList, type NamedTransaction } from './finding.ts';
import { OidSet } from './oid-set.ts';
import { PassedIndex } from './passed-index.ts';
import { PointingRecords } from './pointing-records.ts';
import { RecordContents } from './record-contents.ts';
import { oidEndOf, type RecordKind, RecordLog } from './record-log.ts';
import type { PointingOutcome } from './reference-audit.ts';
import type { AuditSample } from './sample.ts';
import { type OidParts, StateSums } from './state-sums.ts';
import { addNoRoot, noteBase, noteWrapping } from './whole-log-findings.ts';

/** Description of the transaction with which ZODB makes a root object (ZODB, `DB.py`). */
const CREATION = 'initial database creation';

/**
 * Reads a log once, from its first byte to its last, and checks all that can be checked of it alone:
 * that transactions and records are well-formed, tids rise, previous pointers and back pointers lead to
 * the object's own earlier records, pickles can be followed, and references lead to objects. On the way it adds up the
 * fingerprint of the state with which the log ends.
 *
 * One pass is enough since `known`, the index that belongs to the end of the log, tells beforehand
 * which objects there are: a reference to another oid dangles, whatever is still to come. It is as good
 * as that index, so the caller compares `known` with the index that comes out, and reads again with the
 * latter if they differ. A second pass, {@link LogExplanation}, is also what names a dangling reference
 * and tells whether the root leads there: a healthy log does without.
 *
 * | memory | bytes |
 * | --- | --- |
 * | per object: the index, two bits | 6.5 |
 * | per object, and per reference of it, to see what the root leads to: {@link StateSums} | 12, 4 |
 * | per object with superseded records: the place of the newest of them | 6 |
 * | per superseded record: its place, kind and oid | 8 |
 * | per record with a back pointer | 26 |
 * | per blob record | 26 |
 * | references of superseded records, at most a million | 18 each |
 *
 * Why these: a previous pointer must be where the record before it stands when its transaction comes; a back pointer
 * leads to any superseded record, of which all must be known; an undo can make references current again
 * that stand in a record that has long passed.
 */
export class LogAudit {
  readonly #sizeBytes: number;
  readonly #known: OidIndex;
  readonly #isChanges: boolean;
  readonly #scanner: TransactionScanner;
  readonly #findings = new FindingList();
  readonly #passed: PassedIndex;
  /** Without what `known` calls current, blobs excepted: as a rule, nothing behind it points back to it. */
  readonly #log = new RecordLog();
  readonly #blobs = new BlobRevisions();
  readonly #pointing = new PointingRecords();
  readonly #sums: StateSums;
  readonly #contents: RecordContents;
  #magic = Buffer.alloc(0);
  #lastTid: Tid = ZERO_TID;
  #isWhole = true;
  /** It has the transaction that made the root object. */
  #hasCreation = false;

  /**
   * @param settings - `name` for messages; `sizeBytes` of the log; `known`, the index that is believed
   *   to belong to its end; `isChanges`, whether it is known to hold only the changes of a DemoStorage
   */
  constructor(settings: {
    readonly name: string;
    readonly sizeBytes: number;
    readonly known: OidIndex;
    readonly sample: AuditSample;
    readonly isChanges?: boolean;
  }) {
    this.#sizeBytes = settings.sizeBytes;
    this.#known = settings.known;
    this.#passed = new PassedIndex(settings.known);
    this.#isChanges = settings.isChanges ?? false;
    this.#sums = new StateSums(settings.known.size);
    this.#contents = new RecordContents({
      ...settings,
      findings: this.#findings,
      sums: this.#sums,
    });
    this.#scanner = new TransactionScanner({
      name: settings.name,
      start: 0,
      sizeBytes: settings.sizeBytes,
      visitor: {
        pickle: (pickle, record) => this.#contents.takePickle(pickle, record),
        largePickle: (record) => this.#contents.takePieces(record),
        transaction: (transaction) => this.#takeTransaction(transaction),
      },
    });
  }

  /** The next bytes, in chunks of any size. Damage is a finding; what follows it is passed over. */
  feed(chunk: Uint8Array): void {
    if (!this.#isWhole) return;
    try {
      this.#checkMagic(chunk);
      if (this.#isWhole) this.#scanner.feed(chunk);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#break(error.message);
    }
  }

  /** Bytes are missing from here on: the rest of the log can't be understood. */
  breakOff(state: string): void {
    if (this.#isWhole) this.#break(state);
  }

  /** What has been found; yields now and then. */
  *finish(): Generator<void, AuditedLog> {
    const { committedEnd, transactionCount, recordCount, stop } = this.#scanner.finish();
    // A file of 0 bytes is an empty database.
    if (this.#isWhole && this.#sizeBytes > 0 && stop.reason !== 'end-of-file') {
      this.#break(`the transaction at ${stop.position} is not complete`);
    }
    const { uncreated, pointedAt } = yield* this.#finishPointing();
    const index = yield* this.#passed.finish();
    const hasRoot = index.size === 0 || index.at(0, 0) !== 0;
    const isChanges = this.#isChanges || (this.#isWhole && !hasRoot && !this.#hasCreation);
    if (this.#isWhole) {
      if (isChanges)
        noteBase(this.#findings, {
          hasRoot,
          outsideCount: this.#contents.references.outsideCount(uncreated),
        });
      else if (!hasRoot || uncreated.has(0, 0)) addNoRoot(this.#findings);
    }
    const wrapping = this.#contents.finishWrapping();
    if (wrapping !== undefined) noteWrapping(this.#findings, wrapping);
    return {
      findings: this.#findings,
      isWhole: this.#isWhole,
      index,
      committedEnd,
      transactionCount,
      recordCount,
      followedCount: this.#contents.followedCount,
      blobs: this.#blobs,
      pointing: this.#pointing,
      uncreated,
      pointedAt,
      // Whatever the changes lack may be in the base.
      dangling:
        this.#isWhole && !isChanges
          ? yield* this.#contents.references.dangling({ uncreated, pointedAt }, this.#passed)
          : 'none',
      isChanges,
      wrapping,
      sums: this.#sums,
    };
  }

  #break(state: string): void {
    this.#isWhole = false;
    this.#findings.add('structure', () => ({
      state: `${state}; what follows is not checked`,
    }));
  }

  #checkMagic(chunk: Uint8Array): void {
    if (this.#magic.length >= MAGIC_BYTES) return;
    this.#magic = Buffer.concat([this.#magic, chunk.subarray(0, MAGIC_BYTES - this.#magic.length)]);
    if (this.#magic.length < MAGIC_BYTES) return;
    const magic = this.#magic.toString('binary');
    if (magic === 'FS21' || magic === 'FS30') return;
    this.#break(`it begins with ${JSON.stringify(magic)}, not with "FS30" or "FS21"`);
  }

  #takeTransaction({ header, user, description, records }: ScannedTransaction): void {
    if (Buffer.from(description).toString() === CREATION) this.#hasCreation = true;
    const named = { tid: header.tid, user: Buffer.from(user).toString() };
    if (header.tid <= this.#lastTid) {
      const before = formatTid(this.#lastTid);
      this.#findings.add('tid-order', () => ({
        state: `the transaction at ${header.position} is not later than ${before}, the one before it`,
        transaction: named,
      }));
    }
    this.#lastTid = header.tid;
    this.#sums.pass(header);
    const tidHigh = Number(header.tid >> 32n);
    const tidLow = Number(header.tid & 0xffffffffn);
    this.#contents.endTransaction(records, named);
    for (let row = 0; row < records.count; row++) {
      if (records.tidHigh(row) !== tidHigh || records.tidLow(row) !== tidLow) {
        this.#addFault('record-tid', { records, row, named }, () => {
          const own = (BigInt(records.tidHigh(row)) << 32n) | BigInt(records.tidLow(row));
          return `its record at ${records.position(row)} says that it is of transaction ${formatTid(own as Tid)}`;
        });
      }
      const high = records.oidHigh(row);
      const low = records.oidLow(row);
      const expected = this.#passed.at(high, low);
      const previous = records.previous(row);
      // A pack leaves out what was before, and says so with a 0.
      if (previous !== expected && !(previous === 0 && header.status === 'p')) {
        this.#addFault('previous-pointer', { records, row, named }, () => {
          const truth = expected === 0 ? 'there is none' : `it is at ${expected}`;
          return `its record at ${records.position(row)} says that the one before it is at ${previous}; ${truth}`;
        });
      }
      const kind =
        records.pickleLength(row) === 0
          ? this.#followBackPointer({ records, row, named })
          : this.#contents.kindOf(row);
      const position = records.position(row);
      if (kind !== 'object' || this.#known.at(high, low) !== position) {
        this.#log.add(position, { kind, oidEnd: oidEndOf(high, low) });
      }
      if (kind === 'blob') this.#blobs.add({ high, low }, { high: tidHigh, low: tidLow });
    }
    this.#passed.apply(records);
  }

  #followBackPointer(place: RecordPosition): RecordKind {
    const { records, row } = place;
    const target = records.backPointer(row);
    const oid = { high: records.oidHigh(row), low: records.oidLow(row) };
    const position = records.position(row);
    const kind = target === 0 ? 'uncreated' : this.#kindAt(target, oid);
    if (kind === undefined) {
      this.#sums.giveUp();
      this.#addFault('back-pointer', place, () => {
        const isOther = this.#log.find(target) !== undefined || this.#passed.hasReachedAny(target);
        const what = isOther ? 'a record of another object stands' : 'no record begins';
        return `its record at ${position} has its data at ${target}, where ${what}`;
      });
      return 'object';
    }
    const dataPosition = target === 0 ? 0 : this.#pointing.dataPositionOf(target);
    this.#pointing.add(oid, { position, dataPosition });
    return kind;
  }

  /** What the record of an object at a position comes to; undefined where none of it stands. */
  #kindAt(position: number, { high, low }: OidParts): RecordKind | undefined {
    const found = this.#log.find(position);
    if (found !== undefined) return found.oidEnd === oidEndOf(high, low) ? found.kind : undefined;
    return this.#passed.hasReached(high, low, position) ? 'object' : undefined;
  }

  #addFault(
    problem: 'record-tid' | 'previous-pointer' | 'back-pointer',
    { records, row, named }: RecordPosition,
    state: () => string,
  ): void {
    const expected = this.#passed.at(records.oidHigh(row), records.oidLow(row));
    // The class of a record that points is told by the one with data: any of the object's will do.
    const at =
      records.pickleLength(row) > 0
        ? records.position(row)
        : this.#pointing.dataPositionOf(expected);
    this.#findings.add(problem, () => ({
      state: state(),
      oid: oidFromParts(records.oidHigh(row), records.oidLow(row)),
      className: { at },
      transaction: named,
    }));
  }

  *#finishPointing(): Generator<void, PointingOutcome> {
    const uncreated = new OidSet();
    const pointedAt = new Set<number>();
    let count = 0;
    for (const { oidHigh, oidLow, position, dataPosition } of this.#pointing) {
      count += 1;
      if (count % RECORDS_PER_PORTION === 0) yield;
      if (this.#passed.at(oidHigh, oidLow) !== position) continue;
      if (dataPosition === 0) uncreated.add(oidHigh, oidLow);
      else pointedAt.add(dataPosition);
    }
    return { uncreated, pointedAt };
  }
}

/** Less than a millisecond of work. */
const RECORDS_PER_PORTION = 1000;

/** A record in the transaction that is being looked at. */
interface RecordPosition {
  readonly records: RecordTable;
  readonly row: number;
  readonly named: NamedTransaction;
}
