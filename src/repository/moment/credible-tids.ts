import { type Microseconds, type Tid, tidOfMicroseconds, ZERO_TID } from '../../filestorage/tid.ts';
import { momentOfStamp, type Stamp } from '../layout/stamp.ts';

/**
 * A tid is the clock of the server, a stamp that of the machine that made the backup. What a backup has was committed
 * when it was made, and what it has and the one before lacks was not committed then: where a tid says otherwise by more
 * than this, a clock was wrong, and only the stamps tell the order. A backup of many gigabytes takes hours.
 */
const MOST_HOURS_APART = 24;

/** The first tid that can be true in a backup which follows the one of `before`. */
export function firstCredible(before: Stamp): Tid {
  return tidNear(before, -MOST_HOURS_APART) ?? ZERO_TID;
}

/** Whether a transaction that the backup of `stamp` holds can have been committed when its tid says. */
export function isCredibleIn(stamp: Stamp, tid: Tid): boolean {
  const last = tidNear(stamp, MOST_HOURS_APART);
  return last === undefined || tid <= last;
}

/** Undefined for a stamp that no calendar has. */
function tidNear(stamp: Stamp, hours: number): Tid | undefined {
  const moment = momentOfStamp(stamp);
  if (moment === undefined) return undefined;
  const millis = moment.getTime() + hours * 3_600_000;
  return tidOfMicroseconds((BigInt(millis) * 1000n) as Microseconds);
}
