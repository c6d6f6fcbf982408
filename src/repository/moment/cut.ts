import type { ScannedTransaction } from '../../filestorage/scan-visitor.ts';
import { formatTid, formatTidTime, type Tid } from '../../filestorage/tid.ts';
import { transactionEnd } from '../../filestorage/transaction-header.ts';

/** The transaction after which a log is cut, which makes it what it was then. */
export interface Cut {
  readonly tid: Tid;
  /** Where its last byte ends in the Data.fs. */
  readonly end: number;
  readonly user: string;
  readonly description: string;
}

/** Right behind a transaction. */
export function cutBehind({ header, user, description }: ScannedTransaction): Cut {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  return {
    tid: header.tid,
    end: transactionEnd(header),
    user: text(user),
    description: text(description),
  };
}

/** The same as text: the tid in 16 hex digits, its time in ISO 8601 (UTC). */
export function wordsOfCut({ tid, user, description }: Cut): {
  readonly tid: string;
  readonly time: string;
  readonly user: string;
  readonly description: string;
} {
  return { tid: formatTid(tid), time: formatTidTime(tid), user, description };
}
