import { formatTid, formatTidTime, type Tid, ZERO_TID } from '../../filestorage/tid.ts';
import { Failure } from '../../system/failure.ts';
import type { Stamp } from '../layout/stamp.ts';
import type { ListedPoint, PointAim } from '../restore-point.ts';
import { nameOfMoment, type WantedMoment } from '../restore-target.ts';

/** What is asked for, and what for. */
export interface AskedMoment<Moment extends WantedMoment = WantedMoment> {
  readonly moment: Moment;
  readonly aim: PointAim;
}

/**
 * A pack has removed what was there at that moment. With the nearest moments that can be had: the end of the chain
 * before, and the first moment of the chain behind.
 */
export function packedAway(
  { moment, aim }: AskedMoment,
  { before, packedTid }: { readonly before: ListedPoint | undefined; readonly packedTid: Tid },
): Failure {
  const earlier =
    before === undefined ? '' : `${before.stamp}, the last backup before the pack, or `;
  return new Failure(
    'not-found',
    `Cannot ${aim} ${nameOfMoment(moment)}: a pack has removed what was there up to ${formatTidTime(packedTid)}`,
    {
      hint: `The nearest that can be had: ${earlier}${formatTid(packedTid)}, the first transaction after it.`,
    },
  );
}

/** All that is backed up is later. */
export function beforeAll({ moment, aim }: AskedMoment, oldest: Stamp): Failure {
  return new Failure(
    'not-found',
    `Cannot ${aim} ${nameOfMoment(moment)}: all transactions that are backed up are later`,
    { hint: `The oldest restore point is ${oldest} (UTC).` },
  );
}

/** A restore has brought back another state since, and the backups of what was live then are gone. */
export function beforeRestore({ moment, aim }: AskedMoment): Failure {
  return new Failure(
    'not-found',
    `Cannot ${aim} ${nameOfMoment(moment)}: the backups of what was live then are removed, and a restore has brought back another state since`,
    { hint: 'Name a restore point that is there, by its whole date.' },
  );
}

/** Two chains have a state of that moment, and neither goes on from the other. */
export function inTwoChains({ moment, aim }: AskedMoment, points: readonly ListedPoint[]): Failure {
  const each = points.map((point) => {
    const { tid } = point.cut ?? { tid: point.lastTid ?? ZERO_TID };
    return `that of ${chainOf(point)} has ${formatTid(tid)} of ${formatTidTime(tid)}`;
  });
  return new Failure(
    'refused',
    `Cannot ${aim} ${nameOfMoment(moment)}: two chains have one, and neither goes on from the other: ${each.join(', ')}`,
    { hint: { kind: 'name-chain', stamps: points.map(chainOf) } },
  );
}

function chainOf({ links, stamp }: ListedPoint): Stamp {
  return links[0]?.file.stamp ?? stamp;
}
