import type { OpenBackups } from '../../../blobs/open-backups.ts';
import { backedUpDataFs } from '../../../config/model/relocate-site.ts';
import { isNamed } from '../../../repository/restore-target.ts';
import { Failure } from '../../../system/failure.ts';
import type { JobContext } from '../../run/events.ts';
import type { RestorePlanWarning } from '../../run/warnings/restore-warnings.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { SiteRestorePlan, SiteRestoreSettings } from '../site-restore-plan.ts';
import { findBlobsOfAnotherMoment } from './blobs-of-another-moment.ts';
import { findLackingBlobs } from './lacking-blobs.ts';
import { findMissingStorages } from './missing-storages.ts';
import { findOtherDatabase } from './other-database.ts';
import { findSecondCopy } from './second-copy.ts';
import { findSecondDatabase } from './second-database.ts';
import { findSuspectPoints } from './suspect-points.ts';

/** Looks at the Data.fs files that are there, at the repositories, their run logs, and the records of blobs. */
export async function findRestorePlanWarnings(
  plan: SiteRestorePlan,
  settings: Pick<SiteRestoreSettings, 'site' | 'kind' | 'wanted' | 'old'> & {
    readonly backups: OpenBackups;
  },
): Promise<readonly RestorePlanWarning[]> {
  const warnings: RestorePlanWarning[] = [];
  const { split } = plan;
  if (split !== undefined) warnings.push({ kind: 'notice', code: 'moved-before-commit', ...split });
  for (const { storage, plan: one } of plan.filestorages) {
    const repository = await settings.backups.repository(one.repository);
    const found = await findOtherDatabase(one, { old: settings.old, repository });
    if (found.warning !== undefined) warnings.push(found.warning);
    // Whose Data.fs is there tells whose is meant, and so does whoever names a backup.
    const isTold = found.lineage === 'same' || settings.wanted.kind !== 'latest';
    const second = isTold ? undefined : await findSecondDatabase(one, repository);
    const isExact = isNamed(one.point.stamp, settings.wanted);
    const dataFs = backedUpDataFs(settings.site, storage) ?? one.target;
    const other =
      second ?? (isExact ? undefined : await findSecondCopy(one, { dataFs, repository }));
    if (other !== undefined) warnings.push(other);
  }
  const missing = await findMissingStorages(plan, settings);
  const points = await findSuspectPoints(plan, settings);
  const ofOthers = await findBlobsOfAnotherMoment(plan, settings.backups);
  return [...warnings, ...points, ...missing, ...ofOthers, ...(await findLackingBlobs(plan))];
}

/**
 * The newest backup may be of another database than the one that is meant. Where nobody has named it, and nobody
 * is asked, one of two is not guessed, and another one than is there doesn't replace it for good; what is kept can be
 * swapped back. Where the newest is known to be bad, an older one that isn't is not passed over. Failure `refused`.
 */
export function refuseGuess(
  warnings: readonly RestorePlanWarning[],
  { onEvent }: Pick<JobContext, 'onEvent'>,
): void {
  for (const warning of warnings) {
    switch (warning.code) {
      case 'other-database':
        if (warning.isKept) continue;
        throw guessed(
          `Cannot restore to "${warning.target}" without a question: it is another database than the one in the newest backup, and nothing of it would be kept; it begins with a transaction of ${warning.begins}, the backup with one of ${warning.backupBegins}`,
        );
      case 'perhaps-other-database':
        if (warning.isKept) continue;
        throw guessed(
          `Cannot restore to "${warning.target}" without a question: it may be another database than the one in the newest backup, and nothing of it would be kept; it begins with a transaction of ${warning.begins}, behind the end of the other, the backup with one of ${warning.backupBegins}`,
        );
      case 'second-database':
        throw guessed(
          `Cannot restore to "${warning.target}" without a question: "${warning.repository}" contains backups of two databases; "${warning.newest}" begins with a transaction of ${warning.newestBegins}, "${warning.other}" with one of ${warning.otherBegins}`,
        );
      case 'point-doubted':
        if (warning.how === 'known' || warning.better?.is !== 'older') continue;
        onEvent(warning); // It says why.
        throw betterKnown(warning, warning.better.stamp);
      case 'second-copy':
        throw guessed(
          `Cannot restore to "${warning.target}" without a question: "${warning.repository}" contains backups of ${warning.is === 'copy' ? 'two copies of the database' : 'two databases'}; the newest, ${warning.newest}, was made of "${warning.path}", and ${warning.other} is the newest of "${warning.otherPath}"`,
        );
      case 'moved-before-commit':
      case 'storage-left-out':
      case 'blobs-lacking':
      case 'blobs-of-another-moment':
        continue;
      default:
        warning satisfies never;
    }
  }
}

function betterKnown({ target, stamp }: WarningOf<'point-doubted'>, better: string): Failure {
  return new Failure(
    'refused',
    `Cannot restore to "${target}" without a question: the newest restore point, ${stamp}, is known to be bad`,
    {
      hint: { kind: 'better-restore-point', stamp: better },
    },
  );
}

function guessed(message: string): Failure {
  return new Failure('refused', message, {
    hint: { kind: 'which-restore-point' },
  });
}
