import type { OpenBackups } from '../../../blobs/open-backups.ts';
import { type PastRun, readHistory } from '../../run/past-runs.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { SiteRestorePlan, SiteRestoreSettings } from '../site-restore-plan.ts';

/**
 * Storages that would be restored as they were long before the others: since their backup, the part was backed
 * up without them. One that has only not changed was looked at by each run, which the run log tells.
 */
export async function findMissingStorages(
  { filestorages }: SiteRestorePlan,
  {
    site,
    kind,
    backups,
  }: Pick<SiteRestoreSettings, 'site' | 'kind'> & { readonly backups: OpenBackups },
): Promise<readonly WarningOf<'storage-left-out'>[]> {
  const points = filestorages.map(({ storage, plan }) => ({ storage, stamp: plan.point.stamp }));
  const newest = points
    .map(({ stamp }) => stamp as string)
    .sort()
    .at(-1);
  if (newest === undefined || points.every(({ stamp }) => stamp === newest)) return [];
  const runs = (await readHistory(site, { kind, backups })).filter(
    (run) => isBackup(run) && momentOf(run) <= newest,
  );
  return points.flatMap(({ storage, stamp }) => {
    const covering = runs.filter(({ storages }) => storages?.includes(storage)).map(momentOf);
    const upToDate = [stamp as string, ...covering].sort().at(-1) ?? stamp;
    const without = runs.filter(
      (run) =>
        momentOf(run) > upToDate &&
        run.storages?.includes(storage) === false &&
        // An alternative source is of another site, where the part may have any name.
        (run.part === site.part || kind === 'alternative'),
    );
    if (without.length === 0) return [];
    return [
      { kind: 'warning', code: 'storage-left-out', storage, stamp, newest, runs: without.length },
    ] as const;
  });
}

function isBackup({ verb, result }: PastRun): boolean {
  return verb === 'backup' && (result === 'done' || result === 'warnings');
}

/** As stamps are written. */
function momentOf({ begun }: PastRun): string {
  return begun.slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replace(/[T:]/g, '-');
}
