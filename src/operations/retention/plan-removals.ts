import { type Deletion, planDeletion } from '../../repository/deletion.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { planRetention } from '../../repository/retention/plan-retention.ts';
import type {
  KeepRules,
  PointVerdict,
  RetentionChain,
  RetentionStorage,
} from '../../repository/retention/retention-point.ts';
import type { ObservedBackups } from './observe-backups.ts';

/** What becomes of the backups of one storage. */
export interface RemovalPlan extends ObservedBackups {
  /** Oldest first. */
  readonly verdicts: readonly PointVerdict[];
  /** Whole chains, and tails of chains; oldest first. */
  readonly deletions: readonly Deletion[];
}

/**
 * Decides for all storages of a site together what goes (see `planRetention`). Before a whole point goes by the rules,
 * the blobs of the one that takes its place are counted: that of its storage which is the next newer one that stays.
 */
export async function planRemovals(
  observed: readonly ObservedBackups[],
  rules: KeepRules | undefined,
): Promise<readonly RemovalPlan[]> {
  const lacking = observed.map(() => new Set<Stamp>());
  const counted = observed.map(() => new Set<Stamp>());
  for (;;) {
    const storages = observed.map(({ storage, chains }, index) => ({
      name: storage,
      chains: without(chains, lacking[index]),
    }));
    const plans = planRetention(storages, rules);
    let areAllThere = true;
    for (const [index, { verdicts }] of plans.entries()) {
      const one = observed[index];
      const amountOf = one?.pruning.blobs?.amountOf;
      if (rules === undefined || amountOf === undefined) continue;
      for (const stamp of inPlaceOfOthers(storages[index], verdicts)) {
        if (one?.withBlobs.has(stamp) !== true || counted[index]?.has(stamp)) continue;
        counted[index]?.add(stamp);
        if ((await amountOf(stamp)) === 'as-recorded') continue;
        lacking[index]?.add(stamp);
        areAllThere = false;
      }
    }
    if (!areAllThere) continue;
    const removals: RemovalPlan[] = [];
    for (const [index, one] of observed.entries()) {
      const verdicts = plans[index]?.verdicts ?? [];
      removals.push({ ...one, verdicts, deletions: await deletionsOf(one, verdicts) });
    }
    return removals;
  }
}

function without(
  chains: readonly RetentionChain[],
  lacking: ReadonlySet<Stamp> | undefined,
): readonly RetentionChain[] {
  if (lacking === undefined || lacking.size === 0) return chains;
  return chains.map(({ points, held }) => ({
    held,
    points: points.map((point) =>
      lacking.has(point.stamp) ? { ...point, isWhole: false } : point,
    ),
  }));
}

/** Of each whole point that goes, the next newer whole one that stays. */
function inPlaceOfOthers(
  storage: RetentionStorage | undefined,
  verdicts: readonly PointVerdict[],
): ReadonlySet<Stamp> {
  const going = new Set(
    verdicts.flatMap(({ stamp, reasons }) => (reasons.length === 0 ? stamp : [])),
  );
  const found = new Set<Stamp>();
  let newer: Stamp | undefined;
  const points = storage?.chains.flatMap((chain) => chain.points) ?? [];
  for (const { stamp, isWhole } of points.toReversed()) {
    if (!isWhole) continue;
    if (!going.has(stamp)) newer = stamp;
    else if (newer !== undefined) found.add(newer);
  }
  return found;
}

/** Of a chain only a tail goes, or all of it. */
async function deletionsOf(
  { repository, chains }: ObservedBackups,
  verdicts: readonly PointVerdict[],
): Promise<readonly Deletion[]> {
  const catalogue = await repository.catalogue();
  const going = new Set(
    verdicts.flatMap(({ stamp, reasons }) => (reasons.length === 0 ? stamp : [])),
  );
  return chains.flatMap(({ points }) => {
    const first = points.find(({ stamp }) => going.has(stamp));
    return first === undefined ? [] : planDeletion(catalogue, first.stamp);
  });
}
