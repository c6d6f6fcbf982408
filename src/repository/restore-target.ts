import { Failure } from '../system/failure.ts';
import { parseRecoveryDate, type RecoveryDate } from './layout/recovery-date.ts';
import type { Stamp } from './layout/stamp.ts';

/**
 * Which state is wanted, before anybody has looked what there is. `resolveTarget` makes a restore point of it; nothing
 * below that asks for a date again.
 */
export type RestoreTarget =
  /** The newest backup. */
  | { readonly kind: 'latest' }
  /** The newest backup that is not later; a whole stamp names that very one. */
  | {
      readonly kind: 'backup';
      readonly date: RecoveryDate | Stamp;
      /** Later than the clock when somebody typed it: {@link refuseBeyond}. */
      readonly isFuture?: boolean;
    };

/** What nobody has named. */
export const LATEST_BACKUP: RestoreTarget = { kind: 'latest' };

/** @param text - as it was typed; undefined: nothing was. Failure `usage`: see {@link parseRecoveryDate}. */
export function parseRestoreTarget(text: string | undefined): RestoreTarget {
  return text === undefined ? LATEST_BACKUP : { kind: 'backup', date: parseRecoveryDate(text) };
}

/** Whether a backup with this stamp is not later than what is wanted. */
export function isNotLater(stamp: Stamp, target: RestoreTarget): boolean {
  switch (target.kind) {
    case 'latest':
      return true;
    case 'backup':
      return `${stamp}` <= target.date;
    default:
      return target satisfies never;
  }
}

/**
 * Failure `usage` for a date that is later than the clock was, and than every backup: whoever typed it meant another
 * one.
 *
 * @param newest - of all backups from which one is chosen
 */
export function refuseBeyond(target: RestoreTarget, newest: Stamp | undefined): void {
  if (target.kind === 'latest' || target.isFuture !== true) return;
  if (newest === undefined || target.date <= newest) return;
  throw new Failure('usage', `Cannot use ${target.date} (UTC): that time has not come yet`, {
    hint: { kind: 'future-date', newest },
  });
}

/** Whether this very backup was named, by its whole stamp. */
export function isNamed(stamp: Stamp, target: RestoreTarget): boolean {
  return target.kind === 'backup' && target.date === stamp;
}
