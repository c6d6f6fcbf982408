import { type CopiedEvents, writeEvent } from '../../../copies/copied-events.ts';
import { formatPlace, isSamePlace } from '../../../copies/layout/place.ts';
import { worthKeeping } from '../../../repository/records/check-results.ts';
import type { CopyRun } from '../push/push-run.ts';

/** Events of a place that become one. */
const MANY = 8;
/** Runs of a place that a copy keeps in mind: those of a year of nights. */
export const MOST_RUNS = 400;

/** What {@link foldEvents} needs of a run: one that only looks locks nothing. */
type FoldingRun = Pick<CopyRun, 'site' | 'storing' | 'now'> & {
  readonly points: Pick<CopyRun['points'], 'names'>;
};

/**
 * Where a place has many events, one takes the place of all. What others write meanwhile stays. What was found out about
 * restore points that are gone goes.
 *
 * @param events - what the copy said before the names of its points were listed
 */
export async function foldEvents(
  events: CopiedEvents,
  { site, storing, now, points: { names } }: FoldingRun,
): Promise<void> {
  const places = new Map(names.map(({ place }) => [formatPlace(place), place]));
  for (const place of places.values()) {
    const { checks, runs, keys } = events.of(place);
    if (keys.length < MANY) continue;
    const there = names.filter((name) => isSamePlace(name.place, place));
    const kept = worthKeeping(checks, new Set<string>(there.map(({ stamp }) => stamp)));
    await storing.confirm();
    await writeEvent(site, place, { checks: kept, runs: runs.slice(-MOST_RUNS), at: now() });
    await site.remove(keys); // It says the same.
  }
}
