import type { PointName } from '../../../copies/layout/keys.ts';
import { formatPlace } from '../../../copies/layout/place.ts';

/**
 * The restore points that go from a copy: in each place, all but the newest chains, as many as it keeps. A chain that
 * isn't sound is none of them, so that it pushes none out.
 *
 * @param keep - 0: all
 */
export function pointsTooOld(
  names: readonly PointName[],
  { keep, isSound }: { readonly keep: number; readonly isSound: (name: PointName) => boolean },
): readonly PointName[] {
  if (keep === 0) return [];
  return chainsByPlace(names).flatMap((chains) => {
    const counting = chains.filter(([first]) => first !== undefined && isSound(first));
    const oldestKept = counting.at(-keep)?.[0];
    if (oldestKept === undefined) return [];
    return chains.filter(([first]) => first !== undefined && first.stamp < oldestKept.stamp).flat();
  });
}

/** In each place, the chains, oldest first, each from its beginning on. What continues nothing is a chain by itself. */
function chainsByPlace(names: readonly PointName[]): readonly (readonly PointName[])[][] {
  const places = new Map<string, PointName[][]>();
  const inOrder = [...names].sort((one, other) => (one.stamp < other.stamp ? -1 : 1));
  for (const name of inOrder) {
    const key = formatPlace(name.place);
    const chains = places.get(key) ?? [];
    places.set(key, chains);
    const last = chains.at(-1);
    if (last === undefined || name.part === 'full' || name.part === 'blobs') chains.push([name]);
    else last.push(name);
  }
  return [...places.values()];
}
