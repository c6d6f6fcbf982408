import { readCatalogue } from '../repository/catalogue.ts';
import { readChains } from '../repository/chain.ts';
import { knownAtBackup } from '../repository/known-at-backup.ts';
import type { Stamp } from '../repository/stamp.ts';
import { folderStore } from '../stores/folder-store.ts';
import { realPlaceOf } from '../system/real-place.ts';
import { chainsByPlace } from './chains-by-place.ts';

/** A restore point, and the Data.fs that it was made of. */
export interface PointOfCopy {
  readonly stamp: Stamp;
  /** `unknown`: no record tells, as with repozo's. */
  readonly madeOf: 'this' | 'unknown' | { readonly path: string };
  /** Whether another copy of the database had gone on by itself when its full backup was made. */
  readonly hasOtherCopy: boolean;
}

/** The restore points of a repository, oldest first, as they are for one Data.fs: by real places, through any link. */
export async function readPointsOfCopies(
  repository: string,
  dataFs: string,
): Promise<readonly PointOfCopy[]> {
  const store = folderStore(repository);
  const place = await realPlaceOf(dataFs);
  const chains = await readChains(await readCatalogue(store), chainsByPlace(store, place));
  return chains.flatMap((chain) => {
    const { hasOtherCopy } = knownAtBackup(chain);
    return chain.links.map(({ file: { stamp }, record }) => {
      const path = record?.source ?? '';
      const madeOf = path === '' ? 'unknown' : path === place ? 'this' : { path };
      return { stamp, madeOf, hasOtherCopy } as const;
    });
  });
}

/**
 * The points of other copies, as long as there are some of this Data.fs, too; else they are all that there is for it,
 * as where the site has moved here.
 */
export function pointsOfOthers(
  points: readonly PointOfCopy[],
): readonly { readonly stamp: Stamp; readonly path: string }[] {
  if (!points.some(({ madeOf }) => madeOf === 'this')) return [];
  return points.flatMap(({ stamp, madeOf }) =>
    typeof madeOf === 'object' ? [{ stamp, path: madeOf.path }] : [],
  );
}
