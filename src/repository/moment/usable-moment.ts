import { ZERO_TID } from '../../filestorage/tid.ts';
import type { Stamp } from '../layout/stamp.ts';
import type { ListedPoint } from '../restore-point.ts';
import type { FoundInChain } from './find-in-chain.ts';
import { type AskedMoment, beforeAll, packedAway } from './moment-failures.ts';

/** What was found; undefined where it isn't there, or a pack has taken parts of it away. */
export function usableOf({ point, packedTid }: FoundInChain): ListedPoint | undefined {
  return packedTid > (point?.lastTid ?? ZERO_TID) ? undefined : point;
}

/** The same. Failure `not-found` instead, with the nearest that can be had. */
export function usable(
  found: FoundInChain,
  {
    asked,
    before,
    oldest,
  }: {
    readonly asked: AskedMoment;
    /** The end of the chain before. */
    readonly before: ListedPoint | undefined;
    readonly oldest: Stamp;
  },
): ListedPoint {
  const point = usableOf(found);
  if (point !== undefined) return point;
  const { packedTid } = found;
  throw packedTid > ZERO_TID ? packedAway(asked, { before, packedTid }) : beforeAll(asked, oldest);
}
