import { type PointName, pointKey } from '../../../copies/layout/keys.ts';
import { formatPlace } from '../../../copies/layout/place.ts';
import type { ReadPoint } from '../../../copies/read-copy.ts';
import type { StayReason } from '../../../repository/retention/retention-point.ts';
import { neededOnlyBy, type RemovalCosts } from '../../retention/removal-costs.ts';
import type { RemovalReason } from '../../run/removal-reason.ts';
import { chainsOf } from './chains-of.ts';
import type { PlannedPoint } from './plan-copy.ts';

/** A restore point of a copy, what becomes of it, and what that costs. */
export interface PricedPoint extends PointName {
  /** Why it stays; none: it goes. */
  readonly reasons: readonly StayReason[];
  /** Why it goes; undefined: it stays. */
  readonly removal: RemovalReason | undefined;
  /** The same as of a backup of the site: see `PlannedPoint` of `operations/backup/prune-site`. */
  readonly bytes: number;
}

/**
 * The points in each place, oldest first.
 *
 * @param removal - why those go that no rule keeps
 */
export function pricePoints(
  planned: readonly PlannedPoint<ReadPoint>[],
  { costs, removal }: { readonly costs: RemovalCosts; readonly removal: RemovalReason },
): { readonly points: readonly PricedPoint[]; readonly freedBytes: number } {
  const all = planned.map(({ point: { name }, reasons }) => ({ ...name, reasons }));
  const going = new Set(all.filter(({ reasons }) => reasons.length === 0).map(pointKey));
  const freedBytes = costs.bytesOf(going);
  const places = [...new Set(all.map(({ place }) => formatPlace(place)))];
  const chains = places.flatMap((of) =>
    chainsOf(all.filter(({ place }) => formatPlace(place) === of)),
  );
  const points = chains.flatMap((chain) =>
    chain.map((one): PricedPoint => {
      if (one.reasons.length === 0) {
        return { ...one, removal, bytes: costs.bytesOf(new Set([pointKey(one)])) };
      }
      const alone = neededOnlyBy(one.stamp, chain);
      const keys = chain.filter(({ stamp }) => alone.includes(stamp)).map(pointKey);
      const bytes = costs.bytesOf(new Set([...going, ...keys])) - freedBytes;
      return { ...one, removal: undefined, bytes };
    }),
  );
  return { points, freedBytes };
}
