import type { OpenBackups } from '../../../blobs/open-backups.ts';
import { isSound } from '../../../repository/judgement.ts';
import type { Stamp } from '../../../repository/layout/stamp.ts';
import { readJudgements } from '../../../repository/read-judgements.ts';
import type { WarningOf } from '../../run/warnings/warning.ts';
import type { BlobRestorePlan } from '../blob-restore-plan.ts';
import type { SiteRestorePlan } from '../site-restore-plan.ts';

type ForeignMoment = WarningOf<'blobs-of-another-moment'>;

/** Blobs that would be restored although they were backed up with another state of the Data.fs. */
export async function findBlobsOfAnotherMoment(
  { blobs }: SiteRestorePlan,
  backups: OpenBackups,
): Promise<readonly ForeignMoment[]> {
  const found: ForeignMoment[] = [];
  for (const { plan } of blobs) {
    const { entry, match } = plan.choice;
    if (match !== 'earlier' && match !== 'later') continue;
    found.push({
      kind: 'warning',
      code: 'blobs-of-another-moment',
      entry: entry.name,
      match,
      complete: match === 'earlier' ? await pointWith(plan, backups) : undefined,
    });
  }
  return found;
}

/** The restore point that these blobs were backed up with, where it is still there. */
async function pointWith(
  { settings, choice }: BlobRestorePlan,
  backups: OpenBackups,
): Promise<Stamp | undefined> {
  if (settings.repository === undefined) return undefined;
  const judgements = await readJudgements(await backups.repository(settings.repository));
  const judgement = judgements.get(choice.entry.stamp);
  return judgement !== undefined && isSound(judgement) ? judgement.stamp : undefined;
}
