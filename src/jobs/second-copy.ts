import { isThere } from '../system/presence.ts';
import type { JobEvent } from './events.ts';
import { pointsOfOthers, readPointsOfCopies } from './points-of-copies.ts';
import type { RestorePlan } from './restore.ts';

/** The newest backup is of another copy of the database than the one that is restored. */
export type SecondCopy = Extract<JobEvent, { kind: 'second-copy' }>;

/**
 * Whether a restore point was made of another copy of the database, while the repository has backups of the Data.fs
 * that is restored, too. If the other one is gone, the site was there for a while, and its backups are its own; unless
 * it was known to be another copy when it was backed up.
 *
 * @param dataFs - what was backed up
 */
export async function findSecondCopy(
  { repository, point, target }: RestorePlan,
  dataFs: string,
): Promise<SecondCopy | undefined> {
  const points = await readPointsOfCopies(repository, dataFs);
  const chosen = points.find(({ stamp }) => stamp === point.stamp);
  if (chosen === undefined || typeof chosen.madeOf !== 'object') return undefined;
  const { path } = chosen.madeOf;
  const found = { kind: 'second-copy', repository, target, newest: point.stamp, path } as const;
  const own = points.findLast(({ madeOf }) => madeOf === 'this');
  if (own !== undefined) {
    const isCopy = (await pointsOfOthers(points)).get(point.stamp)?.is === 'copy';
    return isCopy ? { ...found, other: own.stamp, otherPath: dataFs } : undefined;
  }
  // What one site has backed up may go to another place; what two have may not without a word.
  if (!chosen.hasOtherCopy) return undefined;
  for (const { stamp, madeOf } of points.toReversed()) {
    if (typeof madeOf !== 'object' || madeOf.path === path) continue;
    if (await isThere(madeOf.path)) return { ...found, other: stamp, otherPath: madeOf.path };
  }
  return undefined;
}
