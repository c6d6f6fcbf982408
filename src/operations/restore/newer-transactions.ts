import { MAGIC_BYTES } from '../../filestorage/format.ts';
import { formatTidTime, type Tid } from '../../filestorage/tid.ts';
import type { TransactionHeader } from '../../filestorage/transaction-header.ts';
import { transactionEndingAt } from '../../filestorage/uncommitted-tail.ts';
import { findFilestorageSource } from '../../sources/filestorage-source.ts';
import type { Source } from '../../sources/source.ts';
import { Failure } from '../../system/failure.ts';
import type { RestorePlanWarning } from '../run/warnings/restore-warnings.ts';
import type { RestorePlan } from './restore-plan.ts';

/** So many are counted, so that a question comes soon. */
const COUNTED = 10_000;

/** What a Data.fs has behind the restore point that is to replace it. */
export type NewerTransactions =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'some';
      readonly count: number;
      /** Whether there are more of them, or may be. */
      readonly isMore: boolean;
      /** When the last one was committed: ISO 8601, UTC. */
      readonly lastAt: string;
    }
  /** No record tells where the restore point ends, or the Data.fs can't be read. */
  | { readonly kind: 'unknown' };

/**
 * The transactions of the Data.fs that is there which are newer than a restore point: what the restore takes away.
 * Goes backwards from its end, so that it costs what has been committed since. Undefined where nothing is replaced, or
 * another database.
 */
export async function findNewerTransactions(
  { target, replaces, point: { lastTid } }: RestorePlan,
  warnings: readonly RestorePlanWarning[],
): Promise<NewerTransactions | undefined> {
  if (!replaces || isOther(target, warnings)) return undefined;
  await using source = await findFilestorageSource(target);
  if (source === undefined || lastTid === undefined) return { kind: 'unknown' };
  try {
    return await countBehind(source, lastTid);
  } catch (error) {
    if (error instanceof Failure) return { kind: 'unknown' };
    throw error;
  }
}

/** Transactions of another database are neither newer nor older. */
function isOther(target: string, warnings: readonly RestorePlanWarning[]): boolean {
  return warnings.some(
    (one) =>
      (one.code === 'other-database' || one.code === 'perhaps-other-database') &&
      one.target === target,
  );
}

async function countBehind(source: Source, limit: Tid): Promise<NewerTransactions> {
  const { log } = source;
  if (log.sizeBytes <= MAGIC_BYTES) return { kind: 'none' };
  const last = await lastTransaction(source);
  if (last === undefined) return { kind: 'unknown' };
  let count = 0;
  let begin = last.position;
  let transaction: TransactionHeader | undefined = last;
  while (transaction !== undefined && transaction.tid > limit && count < COUNTED) {
    count += 1;
    begin = transaction.position;
    transaction = await transactionEndingAt(log, begin);
  }
  if (count === 0) return { kind: 'none' };
  // Where it is damaged, the walk ends before its beginning.
  const isMore = transaction === undefined ? begin > MAGIC_BYTES : transaction.tid > limit;
  return { kind: 'some', count, isMore, lastAt: formatTidTime(last.tid) };
}

async function lastTransaction(source: Source): Promise<TransactionHeader | undefined> {
  const { log } = source;
  const last = await transactionEndingAt(log, log.sizeBytes);
  if (last !== undefined) return last;
  const { end } = await source.observe();
  return await transactionEndingAt(log, end.position);
}
