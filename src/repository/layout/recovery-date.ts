import { Failure } from '../../system/failure.ts';

/**
 * What a restore is asked for: `yyyy-mm-dd[-hh[-mm[-ss]]]`, UTC. It stands for the newest backup of
 * which the stamp, as text, is not greater; so a day alone means the moment at which it begins.
 */
export type RecoveryDate = string & { readonly __type: 'RecoveryDate' };

const PATTERN = /^(\d{4})-(\d\d)-(\d\d)(?:-(\d\d)(?:-(\d\d)(?:-(\d\d))?)?)?$/;

/** Failure `usage` where it isn't a date of this form, or no calendar has it. */
export function parseRecoveryDate(text: string): RecoveryDate {
  const match = PATTERN.exec(text);
  if (match !== null) {
    const [year, month, day, hour, minute, second] = match
      .slice(1)
      .map((part) => Number(part ?? 0));
    const moment = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second));
    const sameDay = moment.getUTCMonth() + 1 === month && moment.getUTCDate() === day;
    if (
      sameDay &&
      moment.getUTCHours() === (hour ?? 0) &&
      (minute ?? 0) < 60 &&
      (second ?? 0) < 60
    ) {
      return text as RecoveryDate;
    }
  }
  const why =
    match === null ? 'it is not yyyy-mm-dd[-hh[-mm[-ss]]]' : 'no calendar has such a day or time';
  throw new Failure('usage', `Cannot use "${text}" as a date: ${why}`, {
    hint: { kind: 'date-format' },
  });
}
