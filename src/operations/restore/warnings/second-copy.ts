import { copyBeside, readPointsOfCopies } from '../../../repository/lineage/points-of-copies.ts';
import type { OpenRepository } from '../../../repository/open-repository.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { RestorePlan } from '../restore-plan.ts';

/** The newest backup is of another copy of the database than the one that is restored, or of another database. */
export type SecondCopy = WarningOf<'second-copy'>;

/**
 * Whether a restore point was made of another copy of the database, or of another database, while the repository has
 * backups of the Data.fs that is restored, too. If the other one is gone, the site was there for a while, and its
 * backups are its own; unless it was known to be another copy when it was backed up.
 *
 * @param dataFs - what was backed up
 */
export async function findSecondCopy(
  { repository, point, target }: RestorePlan,
  { dataFs, repository: opened }: { readonly dataFs: string; readonly repository: OpenRepository },
): Promise<SecondCopy | undefined> {
  const { points, others } = await readPointsOfCopies(opened, dataFs);
  const chosen = points.find(({ stamp }) => stamp === point.stamp);
  if (chosen === undefined || typeof chosen.madeOf !== 'object') return undefined;
  const { path } = chosen.madeOf;
  const found = {
    kind: 'warning',
    code: 'second-copy',
    repository,
    target,
    newest: point.stamp,
    path,
  } as const;
  const own = points.findLast(({ madeOf }) => madeOf === 'this');
  if (own !== undefined) {
    const is = others.get(point.stamp)?.is;
    if (is === undefined || is === 'place-before') return undefined;
    return { ...found, is, other: own.stamp, otherPath: dataFs };
  }
  // What one site has backed up may go to another place; what two have may not without a word.
  const beside = await copyBeside(points, point.stamp);
  return beside && { ...found, is: 'copy', other: beside.stamp, otherPath: beside.path };
}
