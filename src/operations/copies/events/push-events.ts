import { type CopiedEvents, writeEvent } from '../../../copies/copied-events.ts';
import { isSameRun } from '../../../copies/layout/copied-run.ts';
import { isSamePlace } from '../../../copies/layout/place.ts';
import type { Check } from '../../../repository/records/check-results.ts';
import type { PushRun } from '../push/push-run.ts';
import { MOST_RUNS } from './fold-events.ts';
import type { LocalEvents } from './local-events.ts';

/**
 * Writes down in a copy what the site has run, and what looks at its backups have found out about the restore points
 * that the copy has: who prunes it from another machine knows nothing else of them.
 *
 * @param there - what the copy says by now
 */
export async function pushEvents(
  local: readonly LocalEvents[],
  { there, run }: { readonly there: CopiedEvents; readonly run: PushRun },
): Promise<void> {
  const { points, site, storing, now } = run;
  for (const { place, ...here } of local) {
    const copied = points.names.filter((name) => isSamePlace(name.place, place));
    const stamps = new Set<string>(copied.map(({ stamp }) => stamp));
    const known = there.of(place);
    const checks = here.checks.filter(
      (one) => stamps.has(one.stamp) && !isKnown(one, known.checks),
    );
    const runs = here.runs
      .slice(-MOST_RUNS)
      .filter((one) => !known.runs.some((other) => isSameRun(one, other)));
    if (checks.length + runs.length === 0) continue;
    await storing.confirm();
    await writeEvent(site, place, { checks, runs, at: now() });
  }
}

/** Whichever clock is wrong: of looks of one kind, the site has only the last one. */
function isKnown({ stamp, kind, part, at, outcome }: Check, known: readonly Check[]): boolean {
  return known.some(
    (one) =>
      one.stamp === stamp &&
      one.kind === kind &&
      one.part === part &&
      one.at === at &&
      one.outcome === outcome,
  );
}
