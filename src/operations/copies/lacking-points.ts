import type { PointName } from '../../copies/layout/keys.ts';
import { formatPlace } from '../../copies/layout/place.ts';
import type { LocalPoint } from './local-points.ts';

/**
 * The points that a copy lacks, in the order in which they are copied: the newest chain of each place, from its full
 * backup on, then the one before.
 *
 * @param keep - chains that the copy keeps of each place; 0: all
 */
export function lackingPoints(
  local: readonly LocalPoint[],
  { there, keep }: { readonly there: readonly PointName[]; readonly keep: number },
): readonly LocalPoint[] {
  const known = new Set(there.map(momentOf));
  return local
    .filter((point) => (keep === 0 || point.chainAge < keep) && !known.has(momentOf(point)))
    .sort((one, other) => one.chainAge - other.chainAge);
}

/** What tells points apart, wherever they are. */
function momentOf({ place, stamp }: Pick<PointName, 'place' | 'stamp'>): string {
  return `${formatPlace(place)}/${stamp}`;
}
