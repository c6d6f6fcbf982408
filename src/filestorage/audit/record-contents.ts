import { Failure } from '../../system/failure.ts';
import {
  beginDigest,
  digestOf,
  nameOfRecord,
  type ObjectDigest,
} from '../fingerprint/object-digest.ts';
import type { OidIndex } from '../index/oid-index.ts';
import { oidFromParts } from '../oid.ts';
import { type Followed, RecordFollower } from '../pickle/record-follower.ts';
import type { RecordTable } from '../record-table.ts';
import type { PickleRecord, PieceTaker } from '../scan-visitor.ts';
import type { FindingList, NamedTransaction } from './finding.ts';
import type { RecordKind } from './record-log.ts';
import { ReferenceAudit } from './reference-audit.ts';
import { type AuditSample, isSampled } from './sample.ts';
import type { StateSums } from './state-sums.ts';
import { WrappedRecords } from './wrapped-records.ts';

type FollowDepth = 'class' | 'references';

/** What is known of what a record holds. */
type Knowledge = FollowDepth | 'nothing';

/** A record that can't be followed, by its row, and why. */
interface UnreadPickle {
  readonly row: number;
  readonly why: Exclude<Followed, { kind: 'followed' }>;
}

/** What the records of a log hold: whether their pickles can be followed, where they lead, and their sums. */
export class RecordContents {
  readonly references: ReferenceAudit;
  readonly #known: OidIndex;
  readonly #sample: AuditSample;
  readonly #findings: FindingList;
  readonly #sums: StateSums;
  readonly #follower = new RecordFollower();
  readonly #wrapped = new WrappedRecords();
  /** Of the transaction that is being read: a row's kind, as its pickle shows it. */
  #rowKinds: RecordKind[] = [];
  #broken: { readonly row: number; readonly state: string }[] = [];
  #unread: UnreadPickle[] = [];
  #readCount = 0;
  #followedCount = 0;

  /** @param settings - `known`, the index that is believed to belong to the log's end; `findings` and `sums` to add to */
  constructor(settings: {
    readonly known: OidIndex;
    readonly sample: AuditSample;
    readonly findings: FindingList;
    readonly sums: StateSums;
  }) {
    this.references = new ReferenceAudit(settings.known);
    this.#known = settings.known;
    this.#sample = settings.sample;
    this.#findings = settings.findings;
    this.#sums = settings.sums;
  }

  /** Current objects of which the pickle has been followed. */
  get followedCount(): number {
    return this.#followedCount;
  }

  takePickle(pickle: Uint8Array, record: PickleRecord): void {
    const follow = (depth: FollowDepth) => this.#follower.follow(pickle, depth);
    const isCurrent = this.#isCurrent(record);
    const knowledge = this.#take(record, { isCurrent, follow });
    if (isCurrent) this.#sum(record, digestOf(nameOfRecord(record), pickle), knowledge);
  }

  /** The same for a record that is too large to be held. */
  takePieces(record: PickleRecord): PieceTaker {
    const pieces = this.#follower.inPieces(record.records.pickleLength(record.row));
    const isCurrent = this.#isCurrent(record);
    const hash = isCurrent ? beginDigest(nameOfRecord(record)) : undefined;
    return {
      take: (piece) => {
        pieces.take(piece);
        hash?.update(piece);
      },
      end: () => {
        const knowledge = this.#take(record, { isCurrent, follow: () => pieces.end() });
        if (hash !== undefined) this.#sum(record, hash.digest('binary'), knowledge);
      },
    };
  }

  /** Which kind the pickle of a row of this transaction is of. */
  kindOf(row: number): RecordKind {
    return this.#rowKinds[row] ?? 'object';
  }

  /** Reports what was wrong with the pickles of a transaction: who made it is known only at its end. */
  endTransaction(records: RecordTable, transaction: NamedTransaction): void {
    for (const { row, state } of this.#broken) {
      this.#findings.add('pickle', () => ({
        state: `its record at ${records.position(row)} is broken: ${state}`,
        oid: oidFromParts(records.oidHigh(row), records.oidLow(row)),
        transaction,
      }));
    }
    this.#broken = [];
    for (const unread of this.#unread) this.#addUnread(unread, { records, transaction });
    this.#unread = [];
  }

  /** The mark with which all records begin, if a wrapper of the storage has changed them. What is damage then is a finding. */
  finishWrapping(): string | undefined {
    return this.#wrapped.finish(this.#readCount, this.#findings);
  }

  #isCurrent({ position, row, records }: PickleRecord): boolean {
    return this.#known.at(records.oidHigh(row), records.oidLow(row)) === position;
  }

  #sum({ row, records }: PickleRecord, digest: ObjectDigest, knowledge: Knowledge): void {
    const references = knowledge === 'references' ? this.#follower.found : undefined;
    this.#sums.add(
      { high: records.oidHigh(row), low: records.oidLow(row) },
      { digest, references },
    );
  }

  /** What is known of it then. */
  #take(
    { position, row, records }: PickleRecord,
    {
      isCurrent,
      follow,
    }: { readonly isCurrent: boolean; readonly follow: (depth: FollowDepth) => Followed },
  ): Knowledge {
    const depth = isSampled(this.#sample, records.oidHigh(row), records.oidLow(row))
      ? 'references'
      : 'class';
    this.#rowKinds[row] = 'object';
    try {
      const followed = follow(depth);
      if (followed.kind !== 'followed') {
        this.#unread.push({ row, why: followed });
        return 'nothing';
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#broken.push({ row, state: error.message });
      return 'nothing';
    }
    this.#readCount += 1;
    const { found } = this.#follower;
    if (found.isBlob) this.#rowKinds[row] = 'blob';
    if (depth === 'class') return depth;
    if (isCurrent) this.#followedCount += 1;
    this.references.add(found, { position, isCurrent });
    return depth;
  }

  #addUnread(
    { row, why }: UnreadPickle,
    {
      records,
      transaction,
    }: { readonly records: RecordTable; readonly transaction: NamedTransaction },
  ): void {
    const at = records.position(row);
    const oid = oidFromParts(records.oidHigh(row), records.oidLow(row));
    const finding = (state: string) => ({ state, oid, transaction });
    switch (why.kind) {
      case 'wrapped':
        this.#wrapped.add(why.mark, () =>
          finding(
            `its record at ${at} is no pickle, it begins with "${why.mark}", unlike other records`,
          ),
        );
        break;
      case 'too-large':
        this.#findings.addNote('pickle', () =>
          finding(`its record at ${at} is too large to be followed`),
        );
        break;
      default:
        why satisfies never;
    }
  }
}
