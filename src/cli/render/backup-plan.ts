import type { BackupPlan, FullReason } from '../../repository/backup-plan.ts';
import type { Difference } from '../../repository/lineage/comparison.ts';
import { formatSpan } from '../../system/calendar/span.ts';
import { formatBytes, formatUtcMoment } from '../format/units.ts';
import { describeFault } from './chain-faults.ts';

/** A plan in one sentence. */
export function describePlan(plan: BackupPlan): string {
  const because = describePlanReason(plan);
  switch (plan.kind) {
    case 'nothing':
      return `No new backup of the Data.fs: ${because}`;
    case 'full':
      return `Full backup of ${formatBytes(plan.end)}: ${because}`;
    case 'increment':
      return `Increment of ${formatBytes(plan.end - plan.start)}: ${because}`;
    default:
      return plan satisfies never;
  }
}

/** Why a backup is what it is. */
export function describePlanReason(plan: BackupPlan): string {
  switch (plan.kind) {
    case 'nothing':
      return 'nothing was committed since the last backup';
    case 'full': {
      const because = describeFullReason(plan.reason);
      return isOfOther(plan.reason) ? `${because} (${describeOrigin(plan.restoredAt)})` : because;
    }
    case 'increment':
      return `${plan.end - plan.start} bytes were committed since the last backup`;
    default:
      return plan satisfies never;
  }
}

function describeFullReason(reason: FullReason): string {
  switch (reason.kind) {
    case 'asked-for':
      return 'a full backup was requested';
    case 'full-lost':
      return `the full backup of "${reason.stamp}.dat" is missing`;
    case 'due':
      return `a full backup is due ${formatSpan(reason.every)} after the last one, ${reason.stamp}`;
    case 'first':
      return 'the first backup';
    case 'chain-broken':
      return `the newest chain of backups cannot be continued: ${describeFault(reason.fault)}`;
    case 'record-unread':
      return `the record of "${reason.fileName}" cannot be read`;
    case 'other-size':
      return `the size of "${reason.fileName}" has changed, and an increment would need that file`;
    case 'found-damaged':
      return `"verify" found that "${reason.fileName}" is damaged, and an increment would need that file`;
    case 'shorter':
      return `the Data.fs has ${reason.sizeBytes} bytes, and the last backup ends at ${reason.backedUpBytes}`;
    case 'not-compared':
      return 'the Data.fs was not compared with the last backup';
    case 'no-continuation':
      return `the Data.fs does not continue the last backup: ${describeDifference(reason.by)}`;
    case 'ends-before':
      return `the last complete transaction ends at ${reason.end}, before the last backup does`;
    default:
      return reason satisfies never;
  }
}

function describeDifference(by: Difference): string {
  switch (by.kind) {
    case 'other-bytes':
      return `the bytes from ${by.start} to ${by.end} differ`;
    case 'no-transaction':
      return `no transaction ends at ${by.end}, where the last backup does`;
    case 'other-transaction':
      return `the transaction that ends at ${by.end} is ${by.tid}, but was ${by.recordedTid}`;
    case 'unreadable':
      return by.state;
    default:
      return by satisfies never;
  }
}

/** Whether the Data.fs itself is another than before. */
function isOfOther(reason: FullReason): boolean {
  if (reason.kind === 'no-continuation') return reason.by.kind !== 'unreadable';
  return reason.kind === 'shorter' || reason.kind === 'ends-before';
}

/** Who restored it knows why it has other bytes; else it is a guess. */
function describeOrigin(restoredAt: string | undefined): string {
  if (restoredAt === undefined) return 'as after a pack or a restore';
  return `it was restored at ${formatUtcMoment(restoredAt)}`;
}
