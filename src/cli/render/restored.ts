import type { OpenBackups } from '../../blobs/open-backups.ts';
import { lookIntoChoice } from '../../blobs/ownership/blobs-of-points.ts';
import {
  findNewerTransactions,
  type NewerTransactions,
} from '../../operations/restore/newer-transactions.ts';
import type { RestorePlan, RestoreResult } from '../../operations/restore/restore-plan.ts';
import type { MeantRestore } from '../../operations/restore/site-restore-plan.ts';
import { momentOfStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { type Check, readChecks } from '../../repository/records/check-results.ts';
import { cutOf } from '../../repository/restore-point.ts';
import { timesOfLooks } from '../format/look-words.ts';
import { describeCommit, nameOfState } from '../format/moment-words.ts';
import { count, formatAge, formatBytes, formatLocalTime, formatSeconds } from '../format/units.ts';
import { printable } from '../terminal/printable.ts';
import { questionOf } from '../terminal/question.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * Says which restore points were chosen, and what is known of them, before anything is asked or done. Damage that is
 * known is a warning of its own. Where the log is hidden, that belongs to the question.
 */
export async function describeChosen(
  { plan: { filestorages, blobs }, warnings }: MeantRestore,
  {
    terminal,
    now,
    backups,
    isAsked,
  }: {
    readonly terminal: Terminal;
    readonly now: Date;
    readonly backups: OpenBackups;
    readonly isAsked: boolean;
  },
): Promise<void> {
  const isHidden = terminal.verbosity === 'quiet' || terminal.isJson;
  const { write } = questionOf(terminal);
  const say = isAsked && isHidden ? (line: string) => write(`${printable(line)}\n`) : terminal.log;
  for (const { plan } of filestorages) {
    const { stamp } = plan.point;
    const cut = cutOf(plan.point);
    if (cut === undefined) {
      say(`The backup of ${plan.target} is of ${stamp} (UTC)${ageOf(stamp, now)}`);
    } else {
      say(
        `${plan.target} will be as of ${nameOfState({ stamp, cut })} (UTC)${describeCommit(cut)}`,
      );
      say(`    out of the backup of ${stamp} (UTC)${ageOf(stamp, now)}`);
    }
    const { store } = await backups.repository(plan.repository);
    say(`    ${factsOf(plan, await readChecks(store)).join(', ')}`);
    const newer = await findNewerTransactions(plan, warnings);
    if (newer !== undefined) say(`    ${describeNewer(newer)}`);
  }
  for (const { plan } of blobs) {
    const { choice, catalogue, target } = plan;
    say(`The backup of ${target} is ${choice.entry.name}`);
    const seen = await lookIntoChoice(choice, catalogue.store);
    const content = seen.kind === 'there' ? seen.content : undefined;
    if (content !== undefined) {
      say(`    ${count(content.files, 'blob')}, ${formatBytes(content.bytes)}`);
    }
  }
}

/** What the site loses. */
export function describeNewer(newer: NewerTransactions): string {
  switch (newer.kind) {
    case 'none':
      return 'nothing was committed since';
    case 'unknown':
      return 'zodbvault cannot tell what was committed since';
    case 'some': {
      const last = formatLocalTime(new Date(newer.lastAt));
      if (newer.count === 1 && !newer.isMore) {
        return `1 transaction was committed since, at ${last}: the site will lose it`;
      }
      const number = count(newer.count, 'transaction');
      return `${newer.isMore ? 'more than ' : ''}${number} were committed since, the last at ${last}: the site will lose them`;
    }
    default:
      return newer satisfies never;
  }
}

/** Local time, size, and the last looks that found nothing wrong. */
function factsOf({ point }: RestorePlan, checks: readonly Check[]): readonly string[] {
  const moment = momentOfStamp(point.stamp);
  return [
    ...(moment === undefined ? [] : [`local time ${formatLocalTime(moment)}`]),
    ...(point.end === undefined ? [] : [formatBytes(point.end)]),
    ...timesOfLooks(checks.filter(({ stamp }) => stamp === point.stamp)),
  ];
}

/** Nothing for a moment that is still to come. */
function ageOf(stamp: Stamp, now: Date): string {
  const seconds = (now.getTime() - (momentOfStamp(stamp)?.getTime() ?? Number.NaN)) / 1000;
  if (!(seconds >= 0)) return '';
  return `, ${seconds < 60 ? 'less than a minute' : formatAge(seconds)} old`;
}

/** Says what of the Data.fs was put where, and from which restore point. */
export function describeRestored(
  { plan, sizeBytes, hadBytes, index }: RestoreResult,
  { terminal, since }: { readonly terminal: Terminal; readonly since: number },
): void {
  const state = { stamp: plan.point.stamp, cut: cutOf(plan.point) };
  const seconds = formatSeconds((Date.now() - since) / 1000);
  const amount =
    hadBytes === 0
      ? formatBytes(sizeBytes)
      : `${formatBytes(sizeBytes - hadBytes)} appended to ${formatBytes(hadBytes)}`;
  terminal.log(
    `Restored ${plan.target} as of ${nameOfState(state)} (UTC): ${amount} in ${seconds}, every checksum right`,
  );
  if (index === 'without') terminal.log('The backup has no usable index; the server will make one');
}
