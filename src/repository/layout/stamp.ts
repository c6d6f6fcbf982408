import { Failure } from '../../system/failure.ts';

/**
 * The name of a moment in a repository: `yyyy-mm-dd-hh-mm-ss`, UTC. Stamps compare as text, and the
 * order of backups is that of their stamps, whatever clocks and file times say.
 */
export type Stamp = string & { readonly __type: 'Stamp' };

const PATTERN = /^\d{4}(-\d\d){5}$/;

/** Undefined where `text` isn't a stamp. */
export function parseStamp(text: string): Stamp | undefined {
  return PATTERN.test(text) ? (text as Stamp) : undefined;
}

/** The stamp of a moment, which loses what is less than a second. */
export function formatStamp(moment: Date): Stamp {
  return moment.toISOString().slice(0, 19).replace(/[T:]/g, '-') as Stamp;
}

/** The moment that a stamp names; undefined for one that no calendar has (month 13). */
export function momentOfStamp(stamp: Stamp): Date | undefined {
  const [year, month, day, hour, minute, second] = stamp.split('-');
  const moment = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // JavaScript takes 31 February for 3 March; only what comes back unchanged is a date.
  return Number.isNaN(moment.getTime()) || formatStamp(moment) !== stamp ? undefined : moment;
}

/**
 * The stamp for a new backup: the clock's, or one second after the newest that is there already,
 * which a clock that was set back, or a second backup in one second, would collide with. Failure
 * `refused` where the year 9999 is used up.
 */
export function nextStamp(now: Date, taken: Iterable<Stamp>): Stamp {
  let newest: Stamp | undefined;
  for (const stamp of taken) if (newest === undefined || stamp > newest) newest = stamp;
  const clock = formatStamp(now);
  if (newest === undefined || clock > newest) return clock;
  const moment = momentOfStamp(newest) ?? startOfNextYear(newest);
  const stamp = parseStamp(formatStamp(new Date(moment.getTime() + 1000)));
  if (stamp !== undefined) return stamp;
  throw new Failure('refused', `Cannot name a backup: nothing comes after "${newest}"`, {
    hint: 'No clock shows that year: look at the files with this name, and move them away.',
  });
}

/** Later than a stamp that no calendar has; such names take part in the order, too. */
function startOfNextYear(stamp: Stamp): Date {
  return new Date(Date.UTC(Number(stamp.slice(0, 4)) + 1, 0, 1));
}
