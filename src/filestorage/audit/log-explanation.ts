import { Failure } from '../../system/failure.ts';
import { formatOid, type Oid, oidFromParts } from '../oid.ts';
import { RecordFollower, type RecordInPieces } from '../pickle/record-follower.ts';
import {
  decodeRecordClass,
  decodeRecordPickle,
  type RecordPickle,
} from '../pickle/record-pickle.ts';
import type { Reference } from '../pickle/reference.ts';
import type { ReferenceFinder } from '../pickle/reference-finder.ts';
import { unwrapRecord } from '../pickle/stored-record.ts';
import type { PickleRecord, PieceTaker, ScannedTransaction } from '../scan-visitor.ts';
import { TransactionScanner } from '../scanner.ts';
import type { Tid } from '../tid.ts';
import type { AuditedLog } from './audited-log.ts';
import {
  type DraftFinding,
  FindingList,
  finishFinding,
  type LogFinding,
  type NamedTransaction,
} from './finding.ts';
import { OidSet } from './oid-set.ts';
import { ReferenceGraph } from './reference-graph.ts';

/**
 * The second reading of a log in which {@link LogAudit} has found something: gives its findings the
 * names that they lack, and finds the references that lead nowhere, together with whether the root
 * leads to the object that has them. One that it doesn't lead to is garbage: ZODB's pack takes no notice
 * of it either.
 *
 * Memory: 6 bytes per object for the index, 4 for the object and 4 for each reference in the graph.
 */
export class LogExplanation {
  readonly #scanner: TransactionScanner;
  readonly #database: Database;
  readonly #drafts: readonly DraftFinding[];
  readonly #classes = new Map<number, string | undefined>();
  readonly #transactions = new Map<number, NamedTransaction | undefined>();
  readonly #users = new Map<Tid, string | undefined>();
  readonly #references: DanglingSearch | undefined;
  #isStopped = false;

  /**
   * @param audited - what the first reading found
   * @param drafts - all findings, those that came from elsewhere with them
   */
  constructor({
    name,
    sizeBytes,
    audited,
    drafts,
  }: {
    readonly name: string;
    readonly sizeBytes: number;
    readonly audited: Pick<AuditedLog, 'index' | 'pointedAt' | 'uncreated' | 'dangling'>;
    readonly drafts: readonly DraftFinding[];
  }) {
    this.#database = audited;
    this.#drafts = drafts;
    if (audited.dangling !== 'none') this.#references = new DanglingSearch(audited);
    for (const { className, transaction } of drafts) {
      if (typeof className === 'object') this.#classes.set(className.at, undefined);
      if (transaction === undefined) continue;
      if ('at' in transaction) this.#transactions.set(transaction.at, undefined);
      else if (transaction.user === undefined) this.#users.set(transaction.tid, undefined);
    }
    this.#scanner = new TransactionScanner({
      name,
      start: 0,
      sizeBytes,
      visitor: {
        pickle: (pickle, record) => this.#takePickle(pickle, record),
        largePickle: (record) => this.#takePieces(record),
        transaction: (transaction) => this.#takeTransaction(transaction),
      },
    });
  }

  /** The same bytes as the first time. Damage has been found then; it ends this reading. */
  feed(chunk: Uint8Array): void {
    if (this.#isStopped) return;
    try {
      this.#scanner.feed(chunk);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#isStopped = true;
    }
  }

  /** Yields now and then. */
  *finish(): Generator<void, readonly LogFinding[]> {
    const dangling = this.#references === undefined ? [] : yield* this.#references.finish();
    return [...this.#drafts.map((draft) => this.#named(draft)), ...dangling];
  }

  #named(draft: DraftFinding): LogFinding {
    const { className, transaction } = draft;
    const { className: _, transaction: __, ...rest } = draft;
    const name = typeof className === 'object' ? this.#classes.get(className.at) : className;
    const named =
      transaction === undefined
        ? undefined
        : 'at' in transaction
          ? this.#transactions.get(transaction.at)
          : {
              tid: transaction.tid,
              user: transaction.user ?? this.#users.get(transaction.tid),
            };
    return finishFinding({
      ...rest,
      ...(name !== undefined && { className: name }),
      ...(named !== undefined && { transaction: named }),
    });
  }

  #takePickle(pickle: Uint8Array, record: PickleRecord): void {
    const { position } = record;
    if (this.#classes.has(position)) this.#classes.set(position, classOf(pickle));
    this.#references?.takePickle(pickle, record, this.#database);
  }

  #takePieces(record: PickleRecord): PieceTaker {
    const pieces = new RecordFollower().inPieces(record.records.pickleLength(record.row));
    return {
      take: (piece) => pieces.take(piece),
      end: () => {
        const followed = endOf(pieces);
        if (this.#classes.has(record.position))
          this.#classes.set(record.position, pieces.className);
        if (followed) this.#references?.takePieces(pieces, record, this.#database);
      },
    };
  }

  #takeTransaction({ header, user, records }: ScannedTransaction): void {
    const isWanted = this.#users.has(header.tid);
    const name = () => Buffer.from(user).toString();
    if (isWanted) this.#users.set(header.tid, name());
    if (this.#transactions.size > 0) {
      for (let row = 0; row < records.count; row++) {
        const position = records.position(row);
        if (!this.#transactions.has(position)) continue;
        this.#transactions.set(position, { tid: header.tid, user: name() });
      }
    }
    this.#references?.takeTransaction({ tid: header.tid, user: name() });
  }
}

/** A reference that leads nowhere. */
interface DanglingReference {
  readonly owner: Oid;
  readonly className: string | undefined;
  readonly target: Oid;
  readonly targetClass: string | undefined;
  readonly reason: 'missing' | 'uncreated';
}

/** References that lead nowhere and are kept with all their names. */
const KEPT = 10_000;

type Database = Pick<AuditedLog, 'index' | 'uncreated'>;

/** Finds all references that lead nowhere in records that hold an object's current data. */
class DanglingSearch {
  readonly #follower = new RecordFollower();
  readonly #graph: ReferenceGraph;
  /** Records with current data that a back pointer leads to. */
  readonly #pointedAt: ReadonlySet<number>;
  readonly #found: { reference: DanglingReference; transaction: NamedTransaction }[] = [];
  #ofThisTransaction: DanglingReference[] = [];
  /** Objects that have more of them. */
  readonly #leftOut = new OidSet();

  constructor({ index, pointedAt }: Pick<AuditedLog, 'index' | 'pointedAt'>) {
    this.#graph = new ReferenceGraph(index.size);
    this.#pointedAt = pointedAt;
  }

  takePickle(pickle: Uint8Array, record: PickleRecord, database: Database): void {
    if (!this.#isWanted(record, database)) return;
    try {
      if (this.#follower.follow(pickle, 'references').kind !== 'followed') return;
    } catch (error) {
      if (error instanceof Failure) return; // The first reading has found it.
      throw error;
    }
    const owner = ownerOf(record);
    if (this.#addToGraph(owner, this.#follower.found, database) === 'sound') return;
    const stored = unwrapRecord(pickle);
    if (stored.kind === 'pickles') this.#keep(owner, decodeRecordPickle(stored.bytes), database);
  }

  /** The same for a record that has been followed in pieces: the classes of what it refers to are not known. */
  takePieces({ found, className }: RecordInPieces, record: PickleRecord, database: Database): void {
    if (!this.#isWanted(record, database)) return;
    const owner = ownerOf(record);
    if (this.#addToGraph(owner, found, database) === 'sound') return;
    const references = Array.from({ length: found.count }, (_, number): Reference => {
      const oid = oidFromParts(found.oidHigh(number), found.oidLow(number));
      return { kind: 'strong', oid, className: undefined };
    });
    this.#keep(owner, { className, references }, database);
  }

  #isWanted({ position, row, records }: PickleRecord, { index }: Database): boolean {
    const isCurrent = index.at(records.oidHigh(row), records.oidLow(row)) === position;
    return isCurrent || this.#pointedAt.has(position);
  }

  #addToGraph(owner: Oid, found: ReferenceFinder, database: Database): 'sound' | 'dangling' {
    let isDangling = false;
    this.#graph.begin(Number(owner >> 16n), Number(owner & 0xffffn));
    for (let number = 0; number < found.count; number++) {
      const targetHigh = found.oidHigh(number);
      const targetLow = found.oidLow(number);
      if (reasonOf(database, targetHigh, targetLow) === undefined) {
        this.#graph.add(targetHigh, targetLow);
      } else isDangling = true;
    }
    this.#graph.end();
    return isDangling ? 'dangling' : 'sound';
  }

  takeTransaction(transaction: NamedTransaction): void {
    for (const reference of this.#ofThisTransaction) this.#found.push({ reference, transaction });
    this.#ofThisTransaction = [];
  }

  *finish(): Generator<void, readonly LogFinding[]> {
    const reachable = this.#graph.isFull ? undefined : yield* this.#graph.reachable();
    const list = new FindingList();
    for (const { reference, transaction } of this.#found) {
      const { owner } = reference;
      const isGarbage = reachable?.has(Number(owner >> 16n), Number(owner & 0xffffn)) === false;
      const draft = () => draftOf(reference, { transaction, isGarbage });
      if (isGarbage) list.addNote('reference', draft);
      else list.add('reference', draft);
    }
    for (const [high, low] of this.#leftOut) {
      if (reachable?.has(high, low) === false) continue;
      const state = 'it refers to objects that do not exist';
      list.add('reference', () => ({ state, oid: oidFromParts(high, low) }));
    }
    return list.drafts().map(finishFinding);
  }

  #keep(owner: Oid, { className, references }: RecordPickle, database: Database): void {
    const seen = new Set<Oid>();
    for (const reference of references) {
      if (reference.kind !== 'strong' || seen.has(reference.oid)) continue;
      const { oid: target, className: targetClass } = reference;
      seen.add(target);
      const reason = reasonOf(database, Number(target >> 16n), Number(target & 0xffffn));
      if (reason === undefined) continue;
      if (this.#found.length + this.#ofThisTransaction.length < KEPT) {
        this.#ofThisTransaction.push({ owner, className, target, targetClass, reason });
      } else {
        this.#leftOut.add(Number(owner >> 16n), Number(owner & 0xffffn));
      }
    }
  }
}

function reasonOf({ index, uncreated }: Database, oidHigh: number, oidLow: number) {
  if (index.at(oidHigh, oidLow) === 0) return 'missing';
  return uncreated.has(oidHigh, oidLow) ? 'uncreated' : undefined;
}

function draftOf(
  { owner, className, target, targetClass, reason }: DanglingReference,
  {
    transaction,
    isGarbage,
  }: { readonly transaction: NamedTransaction; readonly isGarbage: boolean },
): Omit<DraftFinding, 'kind' | 'problem'> {
  const what = targetClass === undefined ? '' : ` (${targetClass})`;
  const why = reason === 'missing' ? 'does not exist' : 'is no more: its creation was undone';
  const state = `it refers to the object ${formatOid(target)}${what}, which ${why}`;
  return {
    state: isGarbage ? `${state}; harmless, as nothing leads to it from the root` : state,
    oid: owner,
    ...(className !== undefined && { className }),
    transaction,
  };
}

function ownerOf({ row, records }: PickleRecord): Oid {
  return oidFromParts(records.oidHigh(row), records.oidLow(row));
}

/** Whether it could be followed to its end; the first reading has found why not. */
function endOf(pieces: RecordInPieces): boolean {
  try {
    return pieces.end().kind === 'followed';
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

function classOf(pickle: Uint8Array): string | undefined {
  try {
    const record = unwrapRecord(pickle);
    return record.kind === 'pickles' ? decodeRecordClass(record.bytes) : undefined;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
