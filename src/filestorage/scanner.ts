import { damageAt } from './damage.ts';
import {
  BACK_POINTER_BYTES,
  LENGTH_AGAIN_BYTES,
  MAGIC_BYTES,
  RECORD_HEADER_BYTES,
  TRANSACTION_HEADER_BYTES,
} from './format.ts';
import { RecordTable, safeInteger } from './record-table.ts';
import {
  LARGEST_PICKLE,
  type PickleRecord,
  type PieceTaker,
  type ScannedTransaction,
  type ScanVisitor,
} from './scan-visitor.ts';
import { type Tid, ZERO_TID } from './tid.ts';
import {
  decodeTransactionHeader,
  judgeHeader,
  recordsEnd,
  type TransactionHeader,
  transactionEnd,
} from './transaction-header.ts';
import { type Stop, viewOf } from './uncommitted-tail.ts';

/** What a scan found. */
export interface ScanResult {
  /** Offset behind the last complete transaction. */
  readonly committedEnd: number;
  /** Tid of the last complete transaction; 0 if the scan met none. */
  readonly lastTid: Tid;
  /** Tid of the first one that the scan met; 0 if it met none. */
  readonly firstTid: Tid;
  readonly transactionCount: number;
  readonly recordCount: number;
  readonly stop: Stop;
}

/** Bytes of a pickle that are enough to know its class. */
const HEAD_BYTES = 1 << 16;

type State =
  | { readonly kind: 'transaction' }
  | { readonly kind: 'record'; readonly header: TransactionHeader }
  | { readonly kind: 'back-pointer'; readonly header: TransactionHeader }
  | HeldPickle
  | PickleInPieces
  | { readonly kind: 'length-again'; readonly header: TransactionHeader }
  | { readonly kind: 'stopped'; readonly stop: Stop };

/** A pickle, or its head, that comes in one piece; then so many bytes are passed over. */
interface HeldPickle {
  readonly kind: 'pickle';
  readonly header: TransactionHeader;
  readonly length: number;
  readonly skipped: number;
  readonly give: (pickle: Uint8Array, record: PickleRecord) => void;
}

interface PickleInPieces {
  readonly kind: 'pieces';
  readonly header: TransactionHeader;
  readonly left: number;
  readonly taker: PieceTaker;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Walks all transactions and their records in the bytes of a Data.fs, which come in chunks of any size, and
 * reports the complete ones. A decoder: synchronous, keeps what is left of a chunk, holds a pickle only
 * where the visitor wants it.
 */
export class TransactionScanner {
  readonly #name: string;
  readonly #sizeBytes: number;
  readonly #visitor: ScanVisitor;
  readonly #records = new RecordTable();
  #state: State = { kind: 'transaction' };
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  /** Bytes that the next step needs, as far as is known. */
  #needed = 0;
  #view: DataView = viewOf(NOTHING);
  #bytes: Uint8Array = NOTHING;
  #offset = 0;
  /** Offset in the file of what #offset points at. */
  #position: number;
  #skip = 0;
  #strings: Pick<ScannedTransaction, 'user' | 'description' | 'extension'> = {
    user: NOTHING,
    description: NOTHING,
    extension: NOTHING,
  };
  #committedEnd: number;
  #firstTid: Tid = ZERO_TID;
  #lastTid: Tid = ZERO_TID;
  #transactionCount = 0;
  #recordCount = 0;

  /**
   * @param settings - `name` for messages; `start`, the offset of the first byte that will be fed:
   *   0, or a transaction boundary; `sizeBytes` of the whole file, by which a transaction that was
   *   cut is told from a complete one
   */
  constructor(settings: {
    readonly name: string;
    readonly start: number;
    readonly sizeBytes: number;
    readonly visitor: ScanVisitor;
  }) {
    this.#name = settings.name;
    this.#sizeBytes = settings.sizeBytes;
    this.#visitor = settings.visitor;
    this.#position = settings.start;
    this.#committedEnd = Math.min(Math.max(settings.start, MAGIC_BYTES), settings.sizeBytes);
    this.#skip = Math.max(0, MAGIC_BYTES - settings.start);
  }

  /** True once nothing that follows can belong to the database. */
  get hasStopped(): boolean {
    return this.#state.kind === 'stopped';
  }

  feed(chunk: Uint8Array): void {
    let rest = chunk;
    // What was kept is completed by as much as it needs: copying whole chunks would cost more than
    // all else.
    while (this.#keptBytes > 0 && !this.hasStopped) {
      const missing = this.#needed - this.#keptBytes;
      if (rest.length < missing) {
        this.#keep(rest);
        return;
      }
      const completed = Buffer.concat([...this.#kept, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      this.#kept = [];
      this.#keptBytes = 0;
      this.#decode(completed);
    }
    if (rest.length > 0 && !this.hasStopped) this.#decode(rest);
  }

  #decode(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#needed = 0;
    this.#view = viewOf(bytes);
    this.#offset = 0;
    while (this.#skipAhead() && this.#step());
    if (!this.hasStopped) this.#keep(bytes.subarray(this.#offset));
    this.#bytes = NOTHING;
  }

  /** What has been found, once the last chunk has been fed. */
  finish(): ScanResult {
    return {
      committedEnd: this.#committedEnd,
      firstTid: this.#firstTid,
      lastTid: this.#lastTid,
      transactionCount: this.#transactionCount,
      recordCount: this.#recordCount,
      stop: this.#state.kind === 'stopped' ? this.#state.stop : this.#stopAtLastByte(),
    };
  }

  #stopAtLastByte(): Stop {
    const between = this.#state.kind === 'transaction' && this.#skip === 0;
    const reason = between && this.#keptBytes === 0 ? 'end-of-file' : 'cut-short';
    return { position: this.#committedEnd, reason };
  }

  /** A copy, which a Buffer's own slice is not: the chunk's memory may be used again by whoever owns it. */
  #keep(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#kept.push(new Uint8Array(rest));
    this.#keptBytes += rest.length;
  }

  /** Passes over what nobody wants; false when the chunk is used up. */
  #skipAhead(): boolean {
    if (this.#skip > 0) {
      const here = Math.min(this.#skip, this.#bytes.length - this.#offset);
      this.#skip -= here;
      this.#advance(here);
      if (this.#skip > 0) return false;
    }
    return this.#offset < this.#bytes.length;
  }

  /** Decodes one thing; false when it is not all there yet, or never will be. */
  #step(): boolean {
    switch (this.#state.kind) {
      case 'transaction':
        return this.#stepTransaction();
      case 'record':
        return this.#stepRecord(this.#state.header);
      case 'back-pointer':
        return this.#stepBackPointer(this.#state.header);
      case 'pickle':
        return this.#stepPickle(this.#state);
      case 'pieces':
        return this.#stepPiece(this.#state);
      case 'length-again':
        return this.#stepLengthAgain(this.#state.header);
      case 'stopped':
        return false;
      default:
        return this.#state satisfies never;
    }
  }

  #stepTransaction(): boolean {
    if (this.#sizeBytes - this.#position < TRANSACTION_HEADER_BYTES) return this.#stop('cut-short');
    if (!this.#has(TRANSACTION_HEADER_BYTES)) return false;
    const position = this.#position;
    const header = decodeTransactionHeader(this.#view, { offset: this.#offset, position });
    const verdict = judgeHeader(header, this.#sizeBytes);
    if (verdict.kind === 'stop') return this.#stop(verdict.reason);
    if (verdict.kind === 'damaged') throw damageAt(this.#name, position, verdict.state);
    const { userLength, descriptionLength, extensionLength } = header;
    const strings = userLength + descriptionLength + extensionLength;
    if (!this.#has(TRANSACTION_HEADER_BYTES + strings)) return false;
    this.#advance(TRANSACTION_HEADER_BYTES);
    this.#strings = {
      user: this.#take(userLength),
      description: this.#take(descriptionLength),
      extension: this.#take(extensionLength),
    };
    this.#records.clear();
    if (header.status === 'u') {
      this.#skip = recordsEnd(header) - this.#position;
      this.#state = { kind: 'length-again', header };
    } else {
      this.#goToRecordOrEnd(header);
    }
    return true;
  }

  #stepRecord(header: TransactionHeader): boolean {
    const left = recordsEnd(header) - this.#position;
    if (left < RECORD_HEADER_BYTES) {
      throw this.#damage(header, `${left} bytes are left of it, less than a record's header`);
    }
    if (!this.#has(RECORD_HEADER_BYTES)) return false;
    const view = this.#view;
    const offset = this.#offset;
    const place = safeInteger(view, offset + 24);
    if (place !== header.position) {
      throw this.#damage(header, `its record says that it belongs to a transaction at ${place}`);
    }
    const versionLength = view.getUint16(offset + 32);
    if (versionLength !== 0) {
      throw this.#damage(header, `its record has a version name of ${versionLength} bytes`);
    }
    const pickleLength = safeInteger(view, offset + 34);
    const bodyLength = pickleLength === 0 ? BACK_POINTER_BYTES : pickleLength;
    if (RECORD_HEADER_BYTES + bodyLength > left) {
      throw this.#damage(header, `its record of ${bodyLength} bytes passes the transaction's end`);
    }
    this.#records.add(view, offset, this.#position);
    this.#advance(RECORD_HEADER_BYTES);
    if (pickleLength === 0) {
      this.#state = { kind: 'back-pointer', header };
    } else {
      this.#goToPickle(header, pickleLength);
    }
    return true;
  }

  #goToPickle(header: TransactionHeader, length: number): void {
    const { head, pickle, largePickle } = this.#visitor;
    if (head !== undefined) {
      const held = Math.min(length, HEAD_BYTES);
      this.#state = { kind: 'pickle', header, length: held, skipped: length - held, give: head };
    } else if (pickle !== undefined && length <= LARGEST_PICKLE) {
      this.#state = { kind: 'pickle', header, length, skipped: 0, give: pickle };
    } else if (largePickle !== undefined && length > LARGEST_PICKLE) {
      const taker = largePickle(this.#lastRecord());
      this.#state = { kind: 'pieces', header, left: length, taker };
    } else {
      this.#passOver(header, length);
    }
  }

  #passOver(header: TransactionHeader, length: number): void {
    this.#skip = length;
    const isLast = this.#position + length === recordsEnd(header);
    this.#state = { kind: isLast ? 'length-again' : 'record', header };
  }

  #stepBackPointer(header: TransactionHeader): boolean {
    if (!this.#has(BACK_POINTER_BYTES)) return false;
    const target = safeInteger(this.#view, this.#offset);
    if (target >= header.position) {
      throw this.#damage(header, `its record points back to ${target}, which is not behind it`);
    }
    this.#records.setBackPointerOfLast(target);
    this.#advance(BACK_POINTER_BYTES);
    this.#goToRecordOrEnd(header);
    return true;
  }

  #stepPickle({ header, length, skipped, give }: HeldPickle): boolean {
    if (!this.#has(length)) return false;
    give(this.#bytes.subarray(this.#offset, this.#offset + length), this.#lastRecord());
    this.#advance(length);
    this.#passOver(header, skipped);
    return true;
  }

  #stepPiece({ header, left, taker }: PickleInPieces): boolean {
    const length = Math.min(left, this.#bytes.length - this.#offset);
    taker.take(this.#bytes.subarray(this.#offset, this.#offset + length));
    this.#advance(length);
    if (length < left) {
      this.#state = { kind: 'pieces', header, left: left - length, taker };
    } else {
      taker.end();
      this.#goToRecordOrEnd(header);
    }
    return true;
  }

  #lastRecord(): PickleRecord {
    const records = this.#records;
    const row = records.count - 1;
    return { position: records.position(row), row, records };
  }

  #stepLengthAgain(header: TransactionHeader): boolean {
    if (!this.#has(LENGTH_AGAIN_BYTES)) return false;
    const again = safeInteger(this.#view, this.#offset);
    if (again !== header.length) {
      throw this.#damage(
        header,
        `its length is ${header.length}, the copy behind it says ${again}`,
      );
    }
    this.#advance(LENGTH_AGAIN_BYTES);
    this.#committedEnd = transactionEnd(header);
    if (this.#transactionCount === 0) this.#firstTid = header.tid;
    this.#lastTid = header.tid;
    this.#transactionCount += 1;
    this.#recordCount += this.#records.count;
    this.#visitor.transaction?.({ header, ...this.#strings, records: this.#records });
    this.#state = { kind: 'transaction' };
    return true;
  }

  #goToRecordOrEnd(header: TransactionHeader): void {
    const kind = this.#position === recordsEnd(header) ? 'length-again' : 'record';
    this.#state = { kind, header };
  }

  #stop(reason: Stop['reason']): boolean {
    this.#state = { kind: 'stopped', stop: { position: this.#position, reason } };
    return false;
  }

  #has(length: number): boolean {
    if (this.#bytes.length - this.#offset >= length) return true;
    this.#needed = length;
    return false;
  }

  #take(length: number): Uint8Array {
    if (length === 0) return NOTHING;
    const taken = new Uint8Array(this.#bytes.subarray(this.#offset, this.#offset + length));
    this.#advance(length);
    return taken;
  }

  #advance(length: number): void {
    this.#offset += length;
    this.#position += length;
  }

  #damage(header: TransactionHeader, state: string): Error {
    return damageAt(this.#name, header.position, state);
  }
}
