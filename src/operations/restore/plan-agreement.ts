import { nameOfPoint } from '../../repository/restore-point.ts';
import { Failure } from '../../system/failure.ts';
import type { RestoreJournal } from './journal/journal-record.ts';
import type { MeantRestore, SiteRestorePlan } from './site-restore-plan.ts';

/**
 * Nobody has agreed to what has come between the question and the answer: another backup, something where
 * nothing was, another restore. Failure `refused`.
 */
export function refuseOtherRestore(found: MeantRestore, agreed: MeantRestore): void {
  const before = new Map(targetsOf(agreed.plan).map((one) => [one.target, one]));
  for (const { target, from, replaces } of targetsOf(found.plan)) {
    const shown = before.get(target);
    if (shown?.from !== from) {
      const instead = shown === undefined ? '' : `, and not from ${shown.from}`;
      throw changed(
        `Cannot restore to "${target}": meanwhile, it would be from ${from}${instead}`,
        'Run the command again to see what there is now, or name the restore point by its date.',
      );
    }
    if (replaces && !shown.replaces) {
      throw changed(`Cannot restore to "${target}": meanwhile, there is something`);
    }
  }
  if (found.lastRestoreAt !== agreed.lastRestoreAt) {
    throw changed('Cannot restore: meanwhile, there was another restore');
  }
}

/** Failure `refused` where an undo, or a discard, wouldn't be of the restore that was shown. */
export function refuseOtherJournal(
  found: RestoreJournal,
  { agreed, doing }: { readonly agreed: RestoreJournal; readonly doing: string },
): void {
  const stepsOf = ({ steps }: RestoreJournal) => JSON.stringify(steps);
  if (found.at === agreed.at && stepsOf(found) === stepsOf(agreed)) return;
  throw changed(`Cannot ${doing}: meanwhile, there was another restore or undo`);
}

interface Target {
  readonly target: string;
  /** The backup. */
  readonly from: string;
  readonly replaces: boolean;
}

function targetsOf({ filestorages, blobs }: SiteRestorePlan): readonly Target[] {
  return [
    ...filestorages.map(({ plan: { target, point, replaces } }) => {
      return { target, from: `the backup of ${nameOfPoint(point)}`, replaces };
    }),
    // A name that is numbered gets another backup with the next one.
    ...blobs.map(({ plan: { target, choice, replaces } }) => {
      return { target, from: `"${choice.entry.name}" of ${choice.entry.stamp}`, replaces };
    }),
  ];
}

function changed(
  message: string,
  next = 'Run the command again to see what there is now.',
): Failure {
  return new Failure('refused', message, { hint: `Nothing was changed. ${next}` });
}
