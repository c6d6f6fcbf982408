import type { Store } from '../../stores/store.ts';
import { isThere } from '../../system/files/presence.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { type Chain, readChains } from '../layout/chain.ts';
import type { Stamp } from '../layout/stamp.ts';
import type { OpenRepository } from '../open-repository.ts';
import { chainsByPlace } from './chains-by-place.ts';
import { chainsOfNewest, compareChainLineages, isChainOf, originOf } from './same-database.ts';
import { sourceFaultsOf } from './source-faults.ts';

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
  /** `database`: its transactions prove that it is another; `place-before`: nothing is there any more, so that the database has moved. */
  readonly is: 'copy' | 'database' | 'place-before';
}

/** The restore points of a repository as they are for one Data.fs. */
export interface PointsForDataFs {
  /** Oldest first. */
  readonly points: readonly PointOfCopy[];
  /**
   * Those that were made of another Data.fs, as long as there are some of this one, too; else they are all that there
   * is for it, as where the site has moved here.
   */
  readonly others: ReadonlyMap<Stamp, OtherDataFs>;
}

/** By real places, through any link. */
export async function readPointsOfCopies(
  repository: OpenRepository,
  dataFs: string,
): Promise<PointsForDataFs> {
  const place = await realPlaceOf(dataFs);
  const chainOf = chainsByPlace(repository.chainOf, place);
  const chains = await readChains(await repository.catalogue(), chainOf);
  const others = await pointsOfOthers(repository.store, chains, place);
  return { points: pointsOf(chains, place), others };
}

function pointsOf(chains: readonly Chain[], place: string): readonly PointOfCopy[] {
  return chains.flatMap((chain) => {
    const { hasOtherCopy } = sourceFaultsOf(chain);
    return chain.links.map(({ file: { stamp }, record }) => {
      const path = record?.source ?? '';
      const madeOf = path === '' ? 'unknown' : path === place ? 'this' : { path };
      return { stamp, madeOf, hasOtherCopy } as const;
    });
  });
}

/** See {@link PointsForDataFs.others}. */
export async function pointsOfOthers(
  store: Store,
  chains: readonly Chain[],
  place: string,
): Promise<PointsForDataFs['others']> {
  const others = new Map<Stamp, OtherDataFs>();
  const own = chains.findLast((chain) => isChainOf(chain, place) === 'yes');
  if (own === undefined) return others;
  const there = new Map<string, Promise<boolean>>();
  const isInPlace = (path: string) => {
    const found = there.get(path) ?? isThere(path);
    there.set(path, found);
    return found;
  };
  const databases = await chainsOfOtherDatabases(store, { chains, own });
  for (const chain of chains) {
    const { hasOtherCopy } = sourceFaultsOf(chain);
    for (const { file, record } of chain.links) {
      const path = record?.source ?? '';
      if (path === '' || path === place) continue;
      const isCopy = hasOtherCopy || (await isInPlace(path));
      const is = databases.has(chain) ? 'database' : isCopy ? 'copy' : 'place-before';
      others.set(file.stamp, { path, is });
    }
  }
  return others;
}

/** Those of which the transactions prove it. */
async function chainsOfOtherDatabases(
  store: Store,
  { chains, own }: { readonly chains: readonly Chain[]; readonly own: Chain },
): Promise<ReadonlySet<Chain>> {
  const related = await chainsOfNewest(store, chains, originOf(own, store));
  const found = new Set<Chain>();
  for (const chain of chains) {
    if (related.includes(chain)) continue;
    if ((await compareChainLineages(store, [chain, own])) === 'other') found.add(chain);
  }
  return found;
}

/**
 * A point of another copy than the one that a point was made of, where none is of the Data.fs that is asked about: the
 * newest that was made of a Data.fs which is still in its place. Undefined unless it was known to be another copy.
 */
export async function copyBeside(
  points: readonly PointOfCopy[],
  stamp: Stamp,
): Promise<{ readonly stamp: Stamp; readonly path: string } | undefined> {
  const chosen = points.find((one) => one.stamp === stamp);
  if (chosen === undefined || !chosen.hasOtherCopy || typeof chosen.madeOf !== 'object') return;
  for (const { stamp, madeOf } of points.toReversed()) {
    if (typeof madeOf !== 'object' || madeOf.path === chosen.madeOf.path) continue;
    if (await isThere(madeOf.path)) return { stamp, path: madeOf.path };
  }
  return undefined;
}
