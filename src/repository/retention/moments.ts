import type { Stamp } from '../layout/stamp.ts';
import type { RetentionPoint, RetentionStorage } from './retention-point.ts';

/** A moment to which a site can be restored: what a restore takes of each of its storages. */
export interface Moment {
  readonly stamp: Stamp;
  /** Milliseconds since 1970; undefined: nothing tells. */
  readonly madeAt: number | undefined;
  /** Whether all that it takes can be restored as a whole. */
  readonly isWhole: boolean;
  /** Of each storage the newest point that is not later; a storage that is younger has none. */
  readonly taken: readonly TakenPoint[];
}

/** A restore point, and the storage that it is of. */
export interface TakenPoint {
  readonly storage: string;
  readonly point: RetentionPoint;
}

/** One moment for each stamp of a restore point, oldest first. */
export function momentsOf(storages: readonly RetentionStorage[]): readonly Moment[] {
  const all = storages
    .flatMap(({ name, chains }) =>
      chains.flatMap(({ points }) => points.map((point) => ({ storage: name, point }))),
    )
    .sort((one, other) => compareText(one.point.stamp, other.point.stamp));
  const newest = new Map<string, TakenPoint>();
  const moments: Moment[] = [];
  for (const [index, one] of all.entries()) {
    newest.set(one.storage, one);
    const { stamp } = one.point;
    if (all[index + 1]?.point.stamp === stamp) continue;
    const taken = [...newest.values()];
    const made = taken.filter(({ point }) => point.stamp === stamp);
    moments.push({
      stamp,
      madeAt: made.findLast(({ point }) => point.madeAt !== undefined)?.point.madeAt?.getTime(),
      isWhole: taken.every(({ point }) => point.isWhole),
      taken,
    });
  }
  return moments;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
