import type { OpenBackups } from '../../../blobs/open-backups.ts';
import type { Site } from '../../../config/model/site.ts';
import type { CopyPlace } from '../../../copies/layout/place.ts';
import { type Check, readChecks } from '../../../repository/records/check-results.ts';
import { copiedRepositories } from '../copied-repositories.ts';

/** What looks at the backups of a site have found out that holds for every copy of them. */
export interface LocalLooks {
  readonly place: CopyPlace;
  readonly checks: readonly Check[];
}

/** By place; places of which nothing is known are left out. */
export async function readLocalLooks(
  site: Site,
  backups: OpenBackups,
): Promise<readonly LocalLooks[]> {
  const found: LocalLooks[] = [];
  for await (const { place, store } of copiedRepositories(site, backups)) {
    const checks = (await readChecks(store)).filter(isOfContent);
    if (checks.length > 0) found.push({ place, checks });
  }
  return found;
}

/** A database is the same wherever it lies; a file that is good here, or damaged, is another one there. */
function isOfContent({ kind, outcome, faults }: Check): boolean {
  return outcome === 'good' ? kind !== 'verify' : faults?.where === 'database';
}
