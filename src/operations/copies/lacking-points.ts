import type { CopiedTags } from '../../copies/copied-tags.ts';
import { nameOfPoint, type PointMoment, type PointName } from '../../copies/layout/keys.ts';
import type { LocalPoint } from './local-points.ts';
import type { CopyKeeping } from './prune/hold-chains.ts';
import { knownByName, knownHere } from './prune/known-point.ts';
import type { LocalDoubts } from './prune/local-doubts.ts';
import { planCopyRetention } from './prune/plan-copy.ts';

/** What decides which points belong into a copy. */
interface Belonging {
  /** Those that it has. */
  readonly there: readonly PointName[];
  /** Those that went from it: they don't come back. */
  readonly removed: readonly PointName[];
  readonly tags: CopiedTags;
  readonly keeping: CopyKeeping;
  readonly doubts: LocalDoubts;
}

/**
 * The points that a copy lacks, in the order in which they are copied: the newest chain of each place, from its full
 * backup on, then the one before. What would go at once by the rules of the copy isn't brought, nor what goes on from a
 * point that went.
 */
export function lackingPoints(
  local: readonly LocalPoint[],
  { there, removed, tags, keeping, doubts }: Belonging,
): readonly LocalPoint[] {
  const known = new Set(there.map(nameOfPoint));
  const gone = new Set(removed.map(nameOfPoint));
  const candidates: LocalPoint[] = [];
  for (const point of local) {
    const name = nameOfPoint(point);
    const before = pointBefore(point);
    const goesOn = before === undefined || known.has(nameOfPoint(before));
    if (known.has(name) || gone.has(name) || !goesOn) continue;
    known.add(name);
    candidates.push(point);
  }
  const all = [
    ...there.map((name) => ({ ...knownByName(name, tags), local: undefined })),
    ...candidates.map((point) => ({ ...knownHere(point, { tags, doubts }), local: point })),
  ];
  return planCopyRetention(all, { ...keeping, held: doubts.held })
    .flatMap(({ point, reasons }) => (reasons.length > 0 ? (point.local ?? []) : []))
    .sort((one, other) => one.chainAge - other.chainAge);
}

/** Undefined where a point begins a chain. */
function pointBefore({ place, data }: LocalPoint): PointMoment | undefined {
  const before = data?.chain.links[data.position - 1];
  return before && { place, stamp: before.file.stamp };
}
