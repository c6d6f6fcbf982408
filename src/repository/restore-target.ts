import {
  formatTid,
  type Microseconds,
  microsecondsOfTid,
  parseTid,
  type Tid,
  tidOfMicroseconds,
} from '../filestorage/tid.ts';
import { Failure } from '../system/failure.ts';
import { parseRecoveryDate, type RecoveryDate } from './layout/recovery-date.ts';
import { formatStamp, type Stamp } from './layout/stamp.ts';

/**
 * Which state is wanted, before anybody has looked what there is. `resolveTarget` makes a restore point of it; nothing
 * below that asks for a date again.
 */
export type RestoreTarget = PointTarget | MomentTarget;

/** A backup, as it was made. */
export type PointTarget =
  /** The newest backup. */
  | { readonly kind: 'latest' }
  /** The newest backup that is not later; a whole stamp names that very one. */
  | {
      readonly kind: 'backup';
      readonly date: RecoveryDate | Stamp;
      /** Later than the clock when somebody typed it: {@link refuseBeyond}. */
      readonly isFuture?: boolean;
    };

/** What the log was right after its last transaction at or before a moment. */
export interface MomentTarget {
  readonly kind: 'moment';
  readonly moment: WantedMoment;
  /** The full backup with which the chain begins that has it; undefined: whichever was live then. */
  readonly chain: Stamp | undefined;
  /** Whether it may split a commit over several storages. */
  readonly isExact: boolean;
}

export type WantedMoment =
  /** A date that is the name of a restore point means that one. */
  | {
      readonly kind: 'date';
      readonly date: RecoveryDate;
      /** The last tid that is not later. */
      readonly upTo: Tid;
      readonly isFuture: boolean;
    }
  /** Right after a transaction, or right before it. */
  | { readonly kind: 'transaction'; readonly tid: Tid; readonly side: 'after' | 'before' };

/** What nobody has named. */
export const LATEST_BACKUP: PointTarget = { kind: 'latest' };

/** @param text - as it was typed; undefined: nothing was. Failure `usage`: see {@link parseRecoveryDate}. */
export function parseRestoreTarget(text: string | undefined): PointTarget {
  return text === undefined ? LATEST_BACKUP : { kind: 'backup', date: parseRecoveryDate(text) };
}

const TRANSACTION = /^(before\s+)?(?:0x)?([0-9a-f]{16})$/;

/** The moment that a tid names, in 16 hex digits, or `before` and a tid; undefined for any other text. */
export function parseTransactionMoment(text: string): WantedMoment | undefined {
  const [, before, digits] = TRANSACTION.exec(text.trim().toLowerCase()) ?? [];
  const tid = parseTid(digits ?? '');
  if (tid === undefined) return undefined;
  return { kind: 'transaction', tid, side: before === undefined ? 'after' : 'before' };
}

/** @param later - the first moment that is later than the date, to the millisecond */
export function momentOfDate(
  date: RecoveryDate,
  { later, isFuture }: { readonly later: Date; readonly isFuture: boolean },
): WantedMoment {
  const first = tidOfMicroseconds((BigInt(later.getTime()) * 1000n) as Microseconds);
  return { kind: 'date', date, upTo: (first - 1n) as Tid, isFuture };
}

/** Whether a backup with this stamp is not later than what is wanted. */
export function isNotLater(stamp: Stamp, target: RestoreTarget): boolean {
  const date = dateOf(target);
  return date === undefined || `${stamp}` <= date;
}

/** What stamps are held against, as text; undefined where all backups count. */
export function dateOf(target: RestoreTarget): string | undefined {
  switch (target.kind) {
    case 'latest':
      return undefined;
    case 'backup':
      return target.date;
    case 'moment':
      return dateOfMoment(target.moment);
    default:
      return target satisfies never;
  }
}

function dateOfMoment(moment: WantedMoment): string {
  switch (moment.kind) {
    case 'date':
      return moment.date;
    case 'transaction':
      return formatStamp(new Date(Number(microsecondsOfTid(moment.tid) / 1000n)));
    default:
      return moment satisfies never;
  }
}

/** The newest backup that is not later than a date: all that a site has which backs up no Data.fs. */
export function pointOfDate({
  date,
  isFuture,
}: Extract<WantedMoment, { kind: 'date' }>): PointTarget {
  return { kind: 'backup', date, isFuture };
}

/** The last tid that belongs to a moment. */
export function lastTidOf(moment: WantedMoment): Tid {
  switch (moment.kind) {
    case 'date':
      return moment.upTo;
    case 'transaction':
      return moment.side === 'after' ? moment.tid : ((moment.tid - 1n) as Tid);
    default:
      return moment satisfies never;
  }
}

/** A moment, for messages. */
export function nameOfMoment(moment: WantedMoment): string {
  switch (moment.kind) {
    case 'date':
      return `${moment.date} (UTC)`;
    case 'transaction':
      return moment.side === 'before' ? `before ${formatTid(moment.tid)}` : formatTid(moment.tid);
    default:
      return moment satisfies never;
  }
}

/**
 * Failure `usage` for a date that is later than the clock was, and than every backup: whoever typed it meant another
 * one.
 *
 * @param newest - of all backups from which one is chosen
 */
export function refuseBeyond(target: RestoreTarget, newest: Stamp | undefined): void {
  const wanted = target.kind === 'moment' ? target.moment : target;
  if (wanted.kind === 'latest' || wanted.kind === 'transaction' || wanted.isFuture !== true) return;
  if (newest === undefined || wanted.date <= newest) return;
  throw new Failure('usage', `Cannot use ${wanted.date} (UTC): that time has not come yet`, {
    hint: { kind: 'future-date', newest },
  });
}

/** Whether this very backup was named, by its whole stamp. */
export function isNamed(stamp: Stamp, target: RestoreTarget): boolean {
  return target.kind !== 'latest' && dateOf(target) === stamp;
}
