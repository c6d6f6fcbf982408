import type { OpenBackups } from '../../../blobs/open-backups.ts';
import { backedUpDataFs } from '../../../config/model/relocate-site.ts';
import { isNamed } from '../../../repository/restore-target.ts';
import { Failure } from '../../../system/failure.ts';
import type { RestoreDoubt } from '../../run/warnings/restore-warnings.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { SiteRestorePlan, SiteRestoreSettings } from '../site-restore-plan.ts';
import { findBlobsOfAnotherMoment } from './blobs-of-another-moment.ts';
import { findLackingBlobs } from './lacking-blobs.ts';
import { findLeftOutStorages } from './left-out-storages.ts';
import { findOtherDatabase } from './other-database.ts';
import { findSecondCopy } from './second-copy.ts';
import { findSecondDatabase } from './second-database.ts';
import { findDoubtedPoints } from './suspect-points.ts';

/** Looks at the Data.fs files that are there, at the repositories, their run logs, and the records of blobs. */
export async function findDoubts(
  plan: SiteRestorePlan,
  settings: Pick<SiteRestoreSettings, 'site' | 'of' | 'wanted' | 'old'> & {
    readonly backups: OpenBackups;
  },
): Promise<readonly RestoreDoubt[]> {
  const doubts: RestoreDoubt[] = [];
  for (const { storage, plan: one } of plan.filestorages) {
    const repository = await settings.backups.repository(one.repository);
    const found = await findOtherDatabase(one, { old: settings.old, repository });
    if (found.doubt !== undefined) doubts.push(found.doubt);
    // Whose Data.fs is there tells whose is meant, and so does whoever names a backup.
    const isTold = found.lineage === 'same' || settings.wanted.kind !== 'latest';
    const second = isTold ? undefined : await findSecondDatabase(one, repository);
    const isExact = isNamed(one.point.stamp, settings.wanted);
    const dataFs = backedUpDataFs(settings.site, storage) ?? one.target;
    const other =
      second ?? (isExact ? undefined : await findSecondCopy(one, { dataFs, repository }));
    if (other !== undefined) doubts.push(other);
  }
  const leftOut = await findLeftOutStorages(plan, settings);
  const points = await findDoubtedPoints(plan, settings);
  const ofOthers = await findBlobsOfAnotherMoment(plan, settings.backups);
  return [...doubts, ...points, ...leftOut, ...ofOthers, ...(await findLackingBlobs(plan))];
}

/**
 * The newest backup may be of another database than the one that is meant. Where nobody has named it, and nobody
 * is asked, one of two is not guessed, and another one than is there doesn't replace it for good; what is kept can be
 * swapped back. Where the newest is known to be bad, an older one that isn't is not passed over. Failure `refused`.
 */
export function refuseGuess(doubts: readonly RestoreDoubt[]): void {
  for (const doubt of doubts) {
    switch (doubt.code) {
      case 'other-database':
        if (doubt.isKept) continue;
        throw guessed(
          `Cannot restore to "${doubt.target}" without a question: it is another database than the one in the newest backup, and nothing of it would be kept; it begins with a transaction of ${doubt.begins}, the backup with one of ${doubt.backupBegins}`,
        );
      case 'perhaps-other-database':
        if (doubt.isKept) continue;
        throw guessed(
          `Cannot restore to "${doubt.target}" without a question: it may be another database than the one in the newest backup, and nothing of it would be kept; it begins with a transaction of ${doubt.begins}, behind the end of the other, the backup with one of ${doubt.backupBegins}`,
        );
      case 'second-database':
        throw guessed(
          `Cannot restore to "${doubt.target}" without a question: "${doubt.repository}" holds backups of two databases; "${doubt.newest}" begins with a transaction of ${doubt.newestBegins}, "${doubt.other}" with one of ${doubt.otherBegins}`,
        );
      case 'point-doubted':
        if (doubt.how === 'known' || doubt.better?.is !== 'older') continue;
        throw betterKnown(doubt, doubt.better.stamp);
      case 'second-copy':
        throw guessed(
          `Cannot restore to "${doubt.target}" without a question: "${doubt.repository}" holds backups of ${doubt.is === 'copy' ? 'two copies of the database' : 'two databases'}; the newest, ${doubt.newest}, was made of "${doubt.path}", and ${doubt.other} is the newest of "${doubt.otherPath}"`,
        );
      case 'storage-left-out':
      case 'blobs-lacking':
      case 'blobs-of-another-moment':
        continue;
      default:
        doubt satisfies never;
    }
  }
}

function betterKnown(
  { target, stamp, reasons }: WarningOf<'point-doubted'>,
  better: string,
): Failure {
  return new Failure(
    'refused',
    `Cannot restore to "${target}" without a question: the newest restore point, ${stamp}, is known to be bad: ${reasons.join('; ')}`,
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
