import { TRANSACTION_HEADER_BYTES } from '../filestorage/format.ts';
import { decodeTransactionHeader, transactionEnd } from '../filestorage/transaction-header.ts';
import { viewOf } from '../filestorage/uncommitted-tail.ts';
import type { Window } from '../filestorage/window.ts';
import type { StateTransaction } from './state.ts';

/** Reads the transaction at a position, which the caller knows to be one. */
export async function readStoredTransaction(
  window: Window,
  position: number,
): Promise<StateTransaction> {
  const bytes = await window.bytesAt(position, TRANSACTION_HEADER_BYTES);
  const header = decodeTransactionHeader(viewOf(bytes), { offset: 0, position });
  const { userLength, descriptionLength, extensionLength } = header;
  const length = userLength + descriptionLength + extensionLength;
  // A copy: the window goes on.
  const strings = new Uint8Array(await window.bytesAt(position + TRANSACTION_HEADER_BYTES, length));
  const extensionStart = userLength + descriptionLength;
  return {
    tid: header.tid,
    status: header.status,
    user: strings.subarray(0, userLength),
    description: strings.subarray(userLength, extensionStart),
    extension: strings.subarray(extensionStart),
    position,
    end: transactionEnd(header),
  };
}
