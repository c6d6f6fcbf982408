import type { OpenBackups } from '../../../blobs/open-backups.ts';
import type { Site } from '../../../config/model/site.ts';
import type { EventContent } from '../../../copies/copied-events.ts';
import { type CopiedRun, copiedRun, lastRuns } from '../../../copies/layout/copied-run.ts';
import type { CopyPlace } from '../../../copies/layout/place.ts';
import { type Check, readChecks } from '../../../repository/records/check-results.ts';
import { ownIdentity, type ProcessIdentity } from '../../../system/processes/process-identity.ts';
import { type PastRun, pastRunsIn } from '../../run/past-runs.ts';
import { copiedRepositories } from '../copied-repositories.ts';

/** What a site has noted in its folders that belongs into every copy of a place. */
export interface LocalEvents extends EventContent {
  readonly place: CopyPlace;
}

/**
 * What looks at the backups of a site have found out that holds for every copy of them, and what it has run, by place.
 *
 * @param now - as the run that copies sees it
 */
export async function readLocalEvents(
  site: Site,
  { backups, now }: { readonly backups: OpenBackups; readonly now: Date },
): Promise<readonly LocalEvents[]> {
  const found: LocalEvents[] = [];
  const own = await ownIdentity();
  for await (const { place, store } of copiedRepositories(site, backups)) {
    const checks = (await readChecks(store)).filter(isOfContent);
    const runs = (await pastRunsIn(store)).flatMap((run) => endedRun(run, { own, now }));
    found.push({ place, checks, runs });
  }
  return found;
}

/** What those see who look at many sites: the last run of each kind. */
export function runsToShow(events: readonly LocalEvents[]): readonly CopiedRun[] {
  return lastRuns(events.flatMap(({ runs }) => runs));
}

/** A database is the same wherever it lies; a file that is good here, or damaged, is another one there. */
function isOfContent({ kind, outcome, faults }: Check): boolean {
  return outcome === 'good' ? kind !== 'verify' : faults?.where === 'database';
}

/** The backup behind which copies are made has made its restore points, though its log has no end yet. */
function endedRun(
  { result, ...run }: PastRun,
  { own, now }: { readonly own: ProcessIdentity; readonly now: Date },
): CopiedRun | readonly [] {
  if (result === 'killed') return copiedRun({ ...run, result: 'begun' });
  if (result !== 'running') return copiedRun({ ...run, result });
  const { pid, started, boot } = run.process ?? {};
  if (pid !== own.pid || started !== own.started || boot !== own.boot) return [];
  const seconds = Math.max(0, (now.getTime() - Date.parse(run.begun)) / 1000);
  return copiedRun({ ...run, seconds, result: 'done' });
}
