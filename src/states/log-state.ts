import { damageAt } from '../filestorage/damage.ts';
import {
  BACK_POINTER_BYTES,
  LENGTH_AGAIN_BYTES,
  RECORD_HEADER_BYTES,
  TRANSACTION_HEADER_BYTES,
} from '../filestorage/format.ts';
import { type Oid, oidFrom, ROOT_OID } from '../filestorage/oid.ts';
import { safeInteger } from '../filestorage/record-table.ts';
import type { LogRecords } from '../filestorage/records/log-records.ts';
import { dataOf, readStoredRecord, type StoredRecord } from '../filestorage/records/read-record.ts';
import { LARGE, UNCREATED } from '../filestorage/records/record-rows.ts';
import { SortedRecords } from '../filestorage/records/sorted-records.ts';
import { nextTid, type Tid, ZERO_TID } from '../filestorage/tid.ts';
import { viewOf } from '../filestorage/uncommitted-tail.ts';
import { Window } from '../filestorage/window.ts';
import type { ByteSource, OpenedSource } from '../system/files/byte-source.ts';
import type { FindBlob } from './blobs/find-blob.ts';
import type {
  EarlierData,
  ObjectData,
  ObjectRecord,
  ObjectRevision,
  State,
  StateBlob,
  StateTransaction,
  TransactionOrder,
} from './state.ts';
import { readStoredTransaction } from './stored-transactions.ts';

/** Enough for a transaction's header, with the words that people and programs write there. */
const NARROW_BYTES = 1024;

/** Where a state of a log ends, and what is known of the whole log. */
interface PlacedState {
  readonly records: LogRecords;
  /** Where its last transaction ends. */
  readonly sizeBytes: number;
  /** Of that transaction. */
  readonly tid: Tid;
  readonly findBlob: FindBlob;
}

/** A {@link State} of a log: what its table of records has in front of where it ends. */
export class LogState implements State {
  readonly name: string;
  readonly tid: Tid;
  readonly sizeBytes: number;
  readonly blob: (oid: Oid, tid: Tid) => Promise<StateBlob | undefined>;
  readonly #log: ByteSource;
  readonly #records: SortedRecords;
  readonly #transactions: LogRecords['transactions'];
  readonly #opened: OpenedSource;
  readonly #placed: PlacedState;
  #objectCount: number | undefined;

  constructor(log: OpenedSource, placed: PlacedState) {
    const { records, sizeBytes, tid, findBlob } = placed;
    this.name = log.name;
    this.tid = tid;
    this.sizeBytes = sizeBytes;
    this.#log = { ...log, sizeBytes };
    this.#records = new SortedRecords(records.rows);
    this.#transactions = records.transactions;
    this.#opened = log;
    this.#placed = placed;
    this.blob = (oid, tid) => findBlob({ oid, tid });
  }

  get objectCount(): number {
    this.#objectCount ??= countOf(this.#records.lastOfEach(this.sizeBytes, ROOT_OID));
    return this.#objectCount;
  }

  before(tid: Tid): State | undefined {
    const last = this.#transactions.firstNotBefore(tid) - 1;
    if (last < 0) return undefined;
    const log = { ...this.#opened, [Symbol.asyncDispose]: async () => {} };
    const sizeBytes = this.#startOf(tid);
    return new LogState(log, { ...this.#placed, sizeBytes, tid: this.#transactions.tid(last) });
  }

  async load(oid: Oid): Promise<ObjectData | undefined> {
    const row = this.#records.lastOf(oid, this.sizeBytes);
    return row === undefined ? undefined : this.#dataOf(row);
  }

  async loadBefore(oid: Oid, before: Tid): Promise<EarlierData> {
    const row = this.#records.lastOf(oid, this.#startOf(before));
    if (row === undefined) {
      const isThere = this.#records.lastOf(oid, this.sizeBytes) !== undefined;
      return { kind: isThere ? 'younger' : 'none' };
    }
    const found = await this.#dataOf(row);
    if (found === undefined) return { kind: 'none' };
    const next = this.#records.next(row, this.sizeBytes);
    return { kind: 'data', ...found, endTid: next === undefined ? undefined : this.#tidOf(next) };
  }

  async loadSerial(oid: Oid, tid: Tid): Promise<Uint8Array | undefined> {
    const row = this.#records.lastOf(oid, this.#startOf(nextTid(tid)));
    return row === undefined || this.#tidOf(row) !== tid
      ? undefined
      : (await this.#dataOf(row))?.data;
  }

  async history(oid: Oid, most: number): Promise<readonly ObjectRevision[]> {
    const revisions: ObjectRevision[] = [];
    let row = this.#records.lastOf(oid, this.sizeBytes);
    while (row !== undefined && revisions.length < most) {
      const { transaction, content } = await this.#read(row);
      const data = await dataOf(this.#log, { oid, content });
      revisions.push({
        transaction: await readStoredTransaction(this.#narrowWindow(), transaction),
        dataBytes: data?.length ?? 0,
      });
      row = this.#records.previous(row);
    }
    return revisions;
  }

  async *transactions({
    direction = 'oldest-first',
    from = direction === 'oldest-first' ? ZERO_TID : this.tid,
  }: TransactionOrder = {}): AsyncGenerator<StateTransaction, void, undefined> {
    const all = this.#transactions;
    const isForward = direction === 'oldest-first';
    const window = isForward ? new Window(this.#log) : this.#narrowWindow();
    const count = all.firstNotBefore(nextTid(this.tid));
    const first = isForward
      ? all.firstNotBefore(from)
      : Math.min(all.firstNotBefore(nextTid(from)), count) - 1;
    for (let row = first; row >= 0 && row < count; row += isForward ? 1 : -1) {
      const transaction = await readStoredTransaction(window, all.position(row));
      if (transaction.status !== 'u') yield transaction;
    }
  }

  async *recordsOf(transaction: StateTransaction): AsyncGenerator<ObjectRecord, void, undefined> {
    const window = new Window(this.#log);
    const { user, description, extension, end } = transaction;
    const strings = user.length + description.length + extension.length;
    let position = transaction.position + TRANSACTION_HEADER_BYTES + strings;
    while (position < end - LENGTH_AGAIN_BYTES) {
      const header = viewOf(await window.bytesAt(position, RECORD_HEADER_BYTES));
      const oid = oidFrom(header.getBigUint64(0));
      const dataBytes = safeInteger(header, 34);
      const record = await readStoredRecord(this.#log, { oid, position, dataBytes });
      yield { oid, ...(await this.#copyOf(oid, record)) };
      position += RECORD_HEADER_BYTES + (dataBytes === 0 ? BACK_POINTER_BYTES : dataBytes);
    }
  }

  *oids(from: Oid = ROOT_OID): Generator<Oid, void, undefined> {
    for (const row of this.#records.lastOfEach(this.sizeBytes, from)) {
      if (this.#records.length(row) !== UNCREATED) yield this.#records.oid(row);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
  }

  async #dataOf(row: number): Promise<ObjectData | undefined> {
    if (this.#records.length(row) === UNCREATED) return undefined;
    const { tid, content } = await this.#read(row);
    const data = await dataOf(this.#log, { oid: this.#records.oid(row), content });
    return data === undefined ? undefined : { tid, data };
  }

  async #read(row: number): Promise<StoredRecord> {
    const length = this.#records.length(row);
    const position = this.#records.position(row);
    const record = await readStoredRecord(this.#log, {
      oid: this.#records.oid(row),
      position,
      ...(length === LARGE || length === UNCREATED ? {} : { dataBytes: length }),
    });
    const transaction = this.#transactions.countUpTo(position) - 1;
    const isOfIt = record.transaction === this.#transactions.position(transaction);
    if (isOfIt && record.tid === this.#transactions.tid(transaction)) return record;
    throw damageAt(this.#log.name, position, 'a record there is not of the transaction around it');
  }

  /** What a copy of a record says: where it points back, of which transaction the data is. */
  async #copyOf(oid: Oid, { content }: StoredRecord): Promise<Omit<ObjectRecord, 'oid'>> {
    if (content.kind === 'data') return { data: content.data, dataTid: undefined };
    if (content.position === 0) return { data: undefined, dataTid: undefined };
    const pointedAt = await readStoredRecord(this.#log, { oid, position: content.position });
    const data = await dataOf(this.#log, { oid, content: pointedAt.content });
    return { data, dataTid: pointedAt.tid };
  }

  /** For who reads one transaction here, one there. */
  #narrowWindow(): Window {
    return new Window(this.#log, NARROW_BYTES);
  }

  #tidOf(row: number): Tid {
    return this.#transactions.tidAt(this.#records.position(row));
  }

  /** Where the first transaction of this state begins that is not before a tid, or the state ends. */
  #startOf(tid: Tid): number {
    const row = this.#transactions.firstNotBefore(tid);
    const start =
      row < this.#transactions.count ? this.#transactions.position(row) : this.sizeBytes;
    return Math.min(start, this.sizeBytes);
  }
}

function countOf(items: Iterable<unknown>): number {
  let count = 0;
  for (const _ of items) count += 1;
  return count;
}
