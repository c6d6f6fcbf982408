import { ZERO_TID } from '../../filestorage/tid.ts';
import type { Stamp } from '../layout/stamp.ts';
import type { ListedPoint } from '../restore-point.ts';
import type { FoundInChain } from './find-in-chain.ts';
import { type AskedMoment, beforeAll, packedAway } from './moment-failures.ts';

/** What was found, unless it isn't there, or a pack has taken parts of it away. */
export function usable(
  { point, packedTid }: FoundInChain,
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
  if (packedTid > (point?.lastTid ?? ZERO_TID)) throw packedAway(asked, { before, packedTid });
  if (point === undefined) throw beforeAll(asked, oldest);
  return point;
}
