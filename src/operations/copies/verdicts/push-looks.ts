import { type CopiedChecks, writeChecks } from '../../../copies/copied-checks.ts';
import { isSamePlace } from '../../../copies/layout/place.ts';
import type { Check } from '../../../repository/records/check-results.ts';
import type { PushRun } from '../push/push-run.ts';
import type { LocalLooks } from './local-looks.ts';

/**
 * Writes down in a copy what looks at the backups of the site have found out about the restore points that it has: who
 * prunes it from another machine knows nothing else of them.
 *
 * @param there - what the copy says by now
 */
export async function pushLooks(
  local: readonly LocalLooks[],
  { there, run }: { readonly there: CopiedChecks; readonly run: PushRun },
): Promise<void> {
  const { points, site, storing, now } = run;
  for (const { place, checks } of local) {
    const copied = points.names.filter((name) => isSamePlace(name.place, place));
    const stamps = new Set<string>(copied.map(({ stamp }) => stamp));
    const known = there.of(place);
    const news = checks.filter((one) => stamps.has(one.stamp) && !isKnown(one, known));
    if (news.length === 0) continue;
    await storing.confirm();
    await writeChecks(site, place, { checks: news, at: now() });
  }
}

/** Of looks of one kind, the last one counts. */
function isKnown({ stamp, kind, part, at }: Check, known: readonly Check[]): boolean {
  return known.some(
    (one) => one.stamp === stamp && one.kind === kind && one.part === part && one.at >= at,
  );
}
