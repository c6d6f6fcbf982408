import type { CopiedEvents } from '../../../copies/copied-events.ts';
import type { PointName } from '../../../copies/layout/keys.ts';
import { formatPlace } from '../../../copies/layout/place.ts';
import { isStoredFault, looksAtCopy } from '../../../copies/looks-at-copy.ts';
import type { ObjectStore } from '../../../stores/objects/object-store.ts';
import { Failure } from '../../../system/failure.ts';
import { chainsOf } from './chains-of.ts';
import { faultsInChain } from './judge-points.ts';

/**
 * What is known against the bytes of the newest restore point of a place, as a failure `damaged`: a copy out of which it
 * can't be restored isn't complete, and the increments to come need the same data files. A damaged blob came again with
 * what was copied since. No request.
 */
export function faultOfNewest(
  names: readonly PointName[],
  { events, below }: { readonly events: CopiedEvents; readonly below: ObjectStore },
): Failure | undefined {
  const places = new Map(names.map(({ place }) => [formatPlace(place), place]));
  for (const [name, place] of places) {
    const ofPlace = names.filter((one) => formatPlace(one.place) === name);
    const checks = looksAtCopy(events.of(place).checks);
    const newest = faultsInChain(chainsOf(ofPlace).at(-1) ?? [], checks).at(-1);
    if (newest === undefined) continue;
    const { stamp } = newest.point;
    const fault = newest.faults.find(
      (one) => isStoredFault(one) && (one.part === 'data' || one.stamp === stamp),
    );
    if (fault === undefined) continue;
    return new Failure(
      'damaged',
      `Cannot rely on "${below.name}": a verification found that files are damaged or missing which its newest restore point, ${stamp}, needs`,
      { hint: { kind: 'begin-chain-in-copy' } },
    );
  }
  return undefined;
}
