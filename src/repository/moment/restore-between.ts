import type { Store } from '../../stores/store.ts';
import { momentOfStamp, type Stamp } from '../layout/stamp.ts';
import { readRuns } from '../records/run-history.ts';

/**
 * When the last restore between two backups was done, in microseconds since 1970, as the log of the repository tells;
 * undefined where it tells of none.
 */
export async function restoreBetween(
  store: Store,
  { before, behind }: { readonly before: Stamp; readonly behind: Stamp },
): Promise<bigint | undefined> {
  const [from, until] = [momentOfStamp(before), momentOfStamp(behind)];
  if (from === undefined || until === undefined) return undefined;
  const ends = (await readRuns(store))
    .filter(
      ({ verb, result }) => verb === 'restore' && (result === 'done' || result === 'warnings'),
    )
    .map(({ begun, seconds }) => Date.parse(begun) + seconds * 1000)
    .filter((end) => end >= from.getTime() && end <= until.getTime() + 1000);
  const last = ends.at(-1);
  return last === undefined ? undefined : BigInt(Math.round(last * 1000));
}
