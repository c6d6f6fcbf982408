import type { RecordTable } from './record-table.ts';
import type { TransactionHeader } from './transaction-header.ts';

/** A complete transaction, handed over when its last byte has been seen. */
export interface ScannedTransaction {
  readonly header: TransactionHeader;
  readonly user: Uint8Array;
  readonly description: Uint8Array;
  /** A pickled dict, or empty. */
  readonly extension: Uint8Array;
  /** Valid until the visitor returns. Empty for status `u`: such records don't count. */
  readonly records: RecordTable;
}

/** Longest pickle that is held in memory, in bytes: few objects come near it. */
export const LARGEST_PICKLE = 1 << 26;

/** What a scan can report while it goes on. */
export interface ScanVisitor {
  readonly transaction?: (transaction: ScannedTransaction) => void;
  /**
   * The pickle of the record that was last added to its transaction's table, in one piece. It comes
   * before it is known that the transaction is complete. The bytes are valid until it returns.
   */
  readonly pickle?: (pickle: Uint8Array, record: PickleRecord) => void;
  /**
   * Instead, for one of more than {@link LARGEST_PICKLE} bytes: gives what takes it piece by piece. Without it
   * such a pickle is passed over.
   */
  readonly largePickle?: (record: PickleRecord) => PieceTaker;
  /** Instead of both, for who wants the class alone: the first bytes of a pickle of any length. */
  readonly head?: (head: Uint8Array, record: PickleRecord) => void;
}

/** Takes the bytes of one pickle as they come. */
export interface PieceTaker {
  /** The bytes are valid until it returns. */
  readonly take: (piece: Uint8Array) => void;
  /** All pieces have been taken. */
  readonly end: () => void;
}

/** Whose pickle it is. */
export interface PickleRecord {
  readonly position: number;
  /** Its row in the table of its transaction, as far as that has been read. */
  readonly row: number;
  readonly records: RecordTable;
}
