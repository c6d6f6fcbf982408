import type { PointName } from '../../../copies/layout/keys.ts';

/** The chains of a place, oldest first, each from its beginning on. What continues nothing is a chain by itself. */
export function chainsOf<Point extends Pick<PointName, 'stamp' | 'part'>>(
  points: readonly Point[],
): readonly (readonly Point[])[] {
  const chains: Point[][] = [];
  // Of two records of one moment, the one that came later counts.
  const byStamp = new Map(points.map((point) => [point.stamp, point]));
  const inOrder = [...byStamp.values()].sort((one, other) => (one.stamp < other.stamp ? -1 : 1));
  for (const point of inOrder) {
    const last = chains.at(-1);
    const begins = point.part === 'full' || point.part === 'blobs';
    if (last === undefined || begins) chains.push([point]);
    else last.push(point);
  }
  return chains;
}
