import { PLACE_KINDS } from '../../../copies/layout/place.ts';
import { planRetention } from '../../../repository/retention/plan-retention.ts';
import type {
  HeldBy,
  KeepRules,
  RetentionStorage,
  StayReason,
} from '../../../repository/retention/retention-point.ts';
import { chainsOf } from './chains-of.ts';
import { type CopiedChain, type CopyKeeping, holdCopiedChains } from './hold-chains.ts';
import type { KnownPoint } from './known-point.ts';

/** Even where no rule says so, the newest moment stays, and what alone is proven. */
const NO_RULES: KeepRules = { daily: 0, weekly: 0, monthly: 0, yearly: 0 };

/** A restore point, and why it stays; none: it goes. */
export interface PlannedPoint<Point> {
  readonly point: Point;
  readonly reasons: readonly StayReason[];
}

/**
 * Decides which restore points of a copy stay, and why. The plan of each kind of backups is that of a site (see
 * `planRetention`); it reads nothing, and no clock but those of the points. They come back in their order.
 *
 * @param points - in any order; of one moment several, where it came to the copy twice
 * @param held - what holds all of them
 */
export function planCopyRetention<Point extends KnownPoint>(
  points: readonly Point[],
  keeping: CopyKeeping & { readonly held: HeldBy | undefined },
): readonly PlannedPoint<Point>[] {
  const reasons = new Map<KnownPoint, readonly StayReason[]>();
  for (const kind of PLACE_KINDS) {
    const ofKind = points.filter(({ place }) => place.kind === kind);
    const storages = [...new Set(ofKind.map(({ place }) => place.storage))];
    const chains = storages.map((storage): RetentionStorage => {
      const ofPlace = ofKind.filter(({ place }) => place.storage === storage);
      return { name: storage, chains: withHolds(chainsOf(ofPlace), keeping) };
    });
    for (const { name, verdicts } of planRetention(chains, keeping.keepRules ?? NO_RULES)) {
      const byStamp = new Map(verdicts.map((one) => [one.stamp, one.reasons]));
      for (const point of ofKind) {
        const found = byStamp.get(point.stamp);
        if (point.place.storage === name && found !== undefined) reasons.set(point, found);
      }
    }
  }
  return points.map((point) => {
    const found = reasons.get(point);
    if (found === undefined) throw new RangeError('the plan has all points');
    return { point, reasons: found };
  });
}

function withHolds(
  chains: readonly CopiedChain[],
  keeping: CopyKeeping & { readonly held: HeldBy | undefined },
): RetentionStorage['chains'] {
  const heldBy = holdCopiedChains(chains, keeping);
  return chains.map((points) => ({ points, held: heldBy.get(points) }));
}
