import type { CopiedEvents } from '../../../copies/copied-events.ts';
import { type PointName, pointKey } from '../../../copies/layout/keys.ts';
import { formatPlace } from '../../../copies/layout/place.ts';
import { isStoredFault, looksAtCopy } from '../../../copies/looks-at-copy.ts';
import { type Check, disproves, isAsDeep } from '../../../repository/records/check-results.ts';
import { chainsOf } from './chains-of.ts';

/** What looks at a restore point have shown, as far as a copy says. */
export interface CopiedVerdict {
  /** Nothing is known against it. */
  readonly isSound: boolean;
  /** Somebody has looked into its database, all of it, and nothing speaks against it. */
  readonly isProven: boolean;
}

/**
 * Judges the restore points of a copy, by the keys of their records. What is wrong with the bytes of one is wrong with
 * those that go on from it, too, until a look at these shows that it is gone: they need its data file, and share its
 * blobs.
 */
export function judgePoints(
  names: readonly PointName[],
  events: CopiedEvents,
): ReadonlyMap<string, CopiedVerdict> {
  const verdicts = new Map<string, CopiedVerdict>();
  const places = new Map(names.map(({ place }) => [formatPlace(place), place]));
  for (const [name, place] of places) {
    const checks = looksAtCopy(events.of(place).checks);
    const ofPlace = names.filter((one) => formatPlace(one.place) === name);
    for (const chain of chainsOf(ofPlace)) {
      for (const { point, looks, faults } of faultsInChain(chain, checks)) {
        const isSound = faults.length === 0;
        verdicts.set(pointKey(point), { isSound, isProven: isSound && looks.some(isProof) });
      }
    }
  }
  return verdicts;
}

/** A restore point, the looks at it, and what speaks against it. */
interface LookedAt {
  readonly point: PointName;
  readonly looks: readonly Check[];
  readonly faults: readonly Check[];
}

/** @param checks - what looks tell of the bytes of the copy, in their order */
export function faultsInChain(
  chain: readonly PointName[],
  checks: readonly Check[],
): readonly LookedAt[] {
  let carried: readonly Check[] = [];
  return chain.map((point) => {
    const looks = checks.filter(({ stamp }) => stamp === point.stamp);
    const faults = standing([...carried, ...looks], { looks, checks });
    carried = faults.filter(isStoredFault);
    return { point, looks, faults };
  });
}

/**
 * The faults that no look at a point has disproved since: what is wrong with the bytes of the copy, only a look at these.
 *
 * @param checks - in their order
 */
function standing(
  faults: readonly Check[],
  { looks, checks }: { readonly looks: readonly Check[]; readonly checks: readonly Check[] },
): readonly Check[] {
  const isDisproved = (bad: Check) =>
    looks.some(
      (one) =>
        one.outcome === 'good' &&
        (one.kind === 'verify' || !isStoredFault(bad)) &&
        checks.indexOf(one) > checks.indexOf(bad) &&
        disproves(one, bad),
    );
  return faults.filter((one) => one.outcome === 'bad' && !isDisproved(one));
}

function isProof({ kind, part, outcome, wrapped }: Check): boolean {
  return part === 'data' && outcome === 'good' && wrapped === undefined && isAsDeep(kind, 'deep');
}
