import { readCatalogue } from '../repository/catalogue.ts';
import { type Chain, readChains } from '../repository/chain.ts';
import { knownAtBackup } from '../repository/known-at-backup.ts';
import type { Stamp } from '../repository/stamp.ts';
import { folderStore } from '../stores/folder-store.ts';
import { isThere } from '../system/presence.ts';
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

/** A Data.fs that restore points were made of, and that is not the one that is asked about. */
export interface OtherDataFs {
  readonly path: string;
  /** `place-before`: nothing is there any more, so that the database has moved. */
  readonly is: 'copy' | 'place-before';
}

/** The restore points of a repository, oldest first, as they are for one Data.fs: by real places, through any link. */
export async function readPointsOfCopies(
  repository: string,
  dataFs: string,
): Promise<readonly PointOfCopy[]> {
  const store = folderStore(repository);
  const place = await realPlaceOf(dataFs);
  const chains = await readChains(await readCatalogue(store), chainsByPlace(store, place));
  return pointsOfCopies(chains, place);
}

/** @param chains - of a repository, oldest first, by the place of the Data.fs */
export function pointsOfCopies(chains: readonly Chain[], place: string): readonly PointOfCopy[] {
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
 * The points that were made of another Data.fs, by their stamps, as long as there are some of this one, too; else they
 * are all that there is for it, as where the site has moved here.
 */
export async function pointsOfOthers(
  points: readonly PointOfCopy[],
): Promise<ReadonlyMap<Stamp, OtherDataFs>> {
  const others = new Map<Stamp, OtherDataFs>();
  if (!points.some(({ madeOf }) => madeOf === 'this')) return others;
  const there = new Map<string, boolean>();
  for (const { stamp, madeOf, hasOtherCopy } of points) {
    if (typeof madeOf !== 'object') continue;
    const { path } = madeOf;
    const isCopy = hasOtherCopy || (there.get(path) ?? (await isThere(path)));
    if (!hasOtherCopy) there.set(path, isCopy);
    others.set(stamp, { path, is: isCopy ? 'copy' : 'place-before' });
  }
  return others;
}
