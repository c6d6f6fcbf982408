import type { Stamp } from '../../repository/layout/stamp.ts';
import type { ReadPoint } from '../read-copy.ts';

/** The restore points of a place that can stand in one folder, and the others. */
export interface LineOfPoints {
  /** Oldest first. */
  readonly points: readonly ReadPoint[];
  /** Those from behind a point with which the newest ones don't go on; a copy still has all of them. */
  readonly aside: readonly ReadPoint[];
}

/**
 * In a repository, an increment goes on from what lies before it. A copy may have more: what was deleted at home, and what came
 * after it goes on from an earlier point. The newest points count, with all that they go on from.
 *
 * @param points - of one place, oldest first
 * @param before - of the same chains, which others continue
 */
export function lineOfPoints(
  points: readonly ReadPoint[],
  before: readonly ReadPoint[],
): LineOfPoints {
  const known = new Map([...before, ...points].map((point) => [point.sha256, point]));
  const line: ReadPoint[] = [];
  const aside: ReadPoint[] = [];
  let chain: Chain | undefined;
  for (const point of points.toReversed()) {
    const { stamp, data } = point.record;
    if (data === null) line.unshift(point);
    else if (chain === undefined || stamp < chain.begins) {
      chain = chainOf(point, known);
      line.unshift(point);
    } else if (chain.stamps.has(stamp)) line.unshift(point);
    else aside.unshift(point);
  }
  return { points: line, aside };
}

interface Chain {
  /** Of its full backup. */
  readonly begins: Stamp;
  readonly stamps: ReadonlySet<Stamp>;
}

function chainOf(point: ReadPoint, known: ReadonlyMap<string, ReadPoint>): Chain {
  const stamps = new Set<Stamp>();
  let begins = point.record.stamp;
  for (let one: ReadPoint | undefined = point; one?.record.data != null; ) {
    const { file, earlier, continues }: NonNullable<ReadPoint['record']['data']> = one.record.data;
    for (const { stamp } of [file, ...earlier]) {
      stamps.add(stamp);
      if (stamp < begins) begins = stamp;
    }
    one = continues && known.get(continues.sha256);
  }
  return { begins, stamps };
}
