import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import { type Reason, reasonsAgainst } from '../../repository/judgement.ts';
import { listSite } from '../list/list-site.ts';
import type { PastRun } from '../run/past-runs.ts';

/** A run, and what is known by now against the restore points that it made. */
export interface JudgedRun {
  readonly run: PastRun;
  /** The restore points that are known to be bad; nothing of those that are gone. */
  readonly against: readonly KnownBadPoint[];
}

/** A restore point that a run has made, and what is known against it. */
export interface KnownBadPoint {
  readonly stamp: string;
  readonly reasons: readonly Reason[];
}

/** Failure `not-found` where there is no backup folder. */
export async function judgeRuns(
  runs: readonly PastRun[],
  {
    site,
    ...how
  }: { readonly site: Site; readonly kind: BackupKind | 'all'; readonly backups: OpenBackups },
): Promise<readonly JudgedRun[]> {
  const known = new Map<string, KnownBadPoint>();
  for (const { place, points } of await listSite(site, how)) {
    for (const one of points) {
      if (one.kind === 'blobs') continue;
      const reasons = reasonsAgainst(one.judgement);
      const { stamp } = one.judgement;
      const key = `${place.kind} ${place.storage} ${stamp}`;
      if (reasons.length > 0) known.set(key, { stamp, reasons });
    }
  }
  return runs.map((run) => ({
    run,
    against: (run.made ?? []).flatMap(
      ({ storage, stamp }) => known.get(`${run.of} ${storage} ${stamp}`) ?? [],
    ),
  }));
}
