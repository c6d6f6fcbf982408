import { classNameOf } from '../../filestorage/class-name.ts';
import { scanTransactions } from '../../filestorage/scan-transactions.ts';
import type {
  PickleRecord,
  ScannedTransaction,
  ScanVisitor,
} from '../../filestorage/scan-visitor.ts';
import {
  formatTid,
  formatTidTime,
  type Microseconds,
  type Tid,
  tidOfMicroseconds,
} from '../../filestorage/tid.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';
import { openFileSource } from '../../system/files/byte-source.ts';
import { type JobContext, stoppable, withStep } from '../run/events.ts';
import { openPoint } from '../run/open-point.ts';
import { scanPoint } from './scan-point.ts';

/** Where the transactions are read: a Data.fs, or a restore point that stays where it is. */
export type LogSource =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'point';
      readonly repository: string;
      readonly target: RestoreTarget;
    };

/** Which transactions are wanted. Texts are looked for as they are, in any case of letters. */
export interface LogFilter {
  /** The first moment that counts, and the first that doesn't any more. */
  readonly since: Date | undefined;
  readonly until: Date | undefined;
  readonly user: string | undefined;
  /** Part of the description, which in Zope begins with the path that was asked for. */
  readonly path: string | undefined;
  /** Transactions that count without it. */
  readonly anyway: ReadonlySet<Tid>;
  /** So many of the newest. */
  readonly limit: number;
}

/** A transaction, as a version log tells it. */
export interface LoggedTransaction {
  /** 16 hex digits. */
  readonly tid: string;
  /** ISO 8601, UTC, with microseconds. */
  readonly time: string;
  readonly user: string;
  readonly description: string;
  /** Objects that it wrote. */
  readonly objects: number;
  /** Their classes with how many of each; what only points back to earlier data has none. */
  readonly classes: Readonly<Record<string, number>>;
}

/** The newest transactions that are wanted. */
export interface TransactionLog {
  /** Newest first. */
  readonly newest: readonly LoggedTransaction[];
  /** How many are wanted, be they shown or not. */
  readonly count: number;
}

/**
 * Reads the newest transactions that are wanted, in one pass; memory grows with their number
 * alone. Failures: `not-found`, `damaged`.
 */
export async function readTransactionLog(
  source: LogSource,
  { filter, context }: { readonly filter: LogFilter; readonly context: JobContext },
): Promise<TransactionLog> {
  const collector = new Collector(filter);
  if (source.kind === 'file') {
    await using file = await openFileSource(source.path);
    await withStep(context, {
      step: 'read',
      totalBytes: file.sizeBytes,
      work: async (progress) => {
        progress.onFile(source.path);
        const { onBytes } = stoppable(progress, context.signal);
        await scanTransactions(file, { from: 4, visitor: collector.visitor, onBytes });
      },
    });
  } else {
    const opened = await openPoint(source.repository, {
      target: source.target,
      aim: 'read the log of',
      backups: context.backups,
    });
    await scanPoint(opened, { visitor: collector.visitor, context });
  }
  return collector.log();
}

class Collector {
  readonly visitor: ScanVisitor;
  readonly #filter: LogFilter;
  readonly #since: Tid | undefined;
  readonly #until: Tid | undefined;
  #classes = new Map<string, number>();
  #found: LoggedTransaction[] = [];
  #count = 0;

  constructor(filter: LogFilter) {
    this.#filter = filter;
    this.#since = filter.since && tidOf(filter.since);
    this.#until = filter.until && tidOf(filter.until);
    this.visitor = {
      head: (head, record) => this.#takeHead(head, record),
      transaction: (transaction) => this.#take(transaction),
    };
  }

  log(): TransactionLog {
    const newest = this.#found.slice(-this.#filter.limit).reverse();
    return { newest, count: this.#count };
  }

  #takeHead(head: Uint8Array, { row, records }: PickleRecord): void {
    // The first record of a transaction: what one that was cut has left goes.
    if (row === 0) this.#classes = new Map();
    const tid = ((BigInt(records.tidHigh(row)) << 32n) | BigInt(records.tidLow(row))) as Tid;
    if (!this.#isInTime(tid)) return;
    const name = classNameOf(head);
    this.#classes.set(name, (this.#classes.get(name) ?? 0) + 1);
  }

  #take({ header, user, description, records }: ScannedTransaction): void {
    const classes = this.#classes;
    this.#classes = new Map();
    if (!this.#isInTime(header.tid)) return;
    const words = { user: textOf(user), description: textOf(description) };
    const isMeant =
      contains(words.description, this.#filter.path) || this.#filter.anyway.has(header.tid);
    const isWanted = isMeant && contains(words.user, this.#filter.user);
    if (!isWanted) return;
    this.#count += 1;
    this.#found.push({
      tid: formatTid(header.tid),
      time: formatTidTime(header.tid),
      ...words,
      objects: records.count,
      classes: Object.fromEntries([...classes].sort(([, a], [, b]) => b - a)),
    });
    if (this.#found.length >= 2 * this.#filter.limit) {
      this.#found = this.#found.slice(-this.#filter.limit);
    }
  }

  #isInTime(tid: Tid): boolean {
    if (this.#since !== undefined && tid < this.#since) return false;
    return this.#until === undefined || tid < this.#until;
  }
}

function tidOf(moment: Date): Tid {
  return tidOfMicroseconds((BigInt(moment.getTime()) * 1000n) as Microseconds);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** Whether a text has a part, in any case of letters; undefined is in every text. */
export function contains(text: string, part: string | undefined): boolean {
  return part === undefined || text.toLowerCase().includes(part.toLowerCase());
}
