import { LENGTH_AGAIN_BYTES, TRANSACTION_HEADER_BYTES, type TransactionStatus } from './format.ts';
import { decodeTid, type Tid } from './tid.ts';

/** What the first 23 bytes of a transaction say. */
export interface TransactionHeader {
  readonly tid: Tid;
  /** Offset of the header in the Data.fs. */
  readonly position: number;
  /** Bytes from `position` to lengthAgain. */
  readonly length: number;
  readonly status: TransactionStatus | 'unknown';
  readonly userLength: number;
  readonly descriptionLength: number;
  readonly extensionLength: number;
}

/** Reads the header at `offset`, which is at `position` in the file; 23 bytes must be there. */
export function decodeTransactionHeader(
  view: DataView,
  { offset, position }: { readonly offset: number; readonly position: number },
): TransactionHeader {
  return {
    tid: decodeTid(view, offset),
    position,
    // A length past 2^53 loses digits here; it is past any file's end either way.
    length: Number(view.getBigUint64(offset + 8)),
    status: statusOf(view.getUint8(offset + 16)),
    userLength: view.getUint16(offset + 17),
    descriptionLength: view.getUint16(offset + 19),
    extensionLength: view.getUint16(offset + 21),
  };
}

/** Where the transaction's records begin. */
export function recordsStart(header: TransactionHeader): number {
  return (
    header.position +
    TRANSACTION_HEADER_BYTES +
    header.userLength +
    header.descriptionLength +
    header.extensionLength
  );
}

/** Where lengthAgain begins. */
export function recordsEnd(header: TransactionHeader): number {
  return header.position + header.length;
}

/** Where the next transaction begins. */
export function transactionEnd(header: TransactionHeader): number {
  return header.position + header.length + LENGTH_AGAIN_BYTES;
}

function statusOf(byte: number): TransactionHeader['status'] {
  switch (byte) {
    case 0x20:
      return ' ';
    case 0x70:
      return 'p';
    case 0x63:
      return 'c';
    case 0x75:
      return 'u';
    default:
      return 'unknown';
  }
}

/** How a walk goes on from a transaction's header. */
export type HeaderVerdict =
  | { readonly kind: 'complete' }
  | { readonly kind: 'stop'; readonly reason: StopReason }
  | { readonly kind: 'damaged'; readonly state: string };

/**
 * Why a walk ended without an error:
 * - `end-of-file`: the last transaction ends where the file does.
 * - `unfinished`: a transaction that has been voted and not finished.
 * - `cut-short`: less than a header is left, or a transaction passes the file's end.
 * - `impossible-length`: a header that no server wrote; an uncommitted tail only if nothing valid is behind it.
 */
export type StopReason = 'end-of-file' | 'unfinished' | 'cut-short' | 'impossible-length';

/** Decides whether the transaction is all there, in the order in which ZODB decides. */
export function judgeHeader(header: TransactionHeader, fileSizeBytes: number): HeaderVerdict {
  if (transactionEnd(header) > fileSizeBytes) return { kind: 'stop', reason: 'cut-short' };
  if (header.status === 'c') return { kind: 'stop', reason: 'unfinished' };
  if (recordsStart(header) > recordsEnd(header)) {
    return { kind: 'stop', reason: 'impossible-length' };
  }
  if (header.status === 'unknown') {
    return { kind: 'damaged', state: 'its status is none of " ", "p", "c", "u"' };
  }
  return { kind: 'complete' };
}
