import type { HealthFinding } from '../../operations/inspect/health-findings.ts';
import { describeAstray } from '../../operations/run/astray-server-warning.ts';
import { commandOfRun } from '../format/run-name.ts';
import { formatAge, formatBytes } from '../format/units.ts';
import { describeHold } from './holds.ts';
import { describeSiteFault, LOOKS } from './judgements.ts';
import { describeProblem } from './problems.ts';
import { rescueCommand } from './remedies/rescue.ts';
import { sentenceOf } from './warnings/sentence.ts';

/** What a check has found, for the line of a monitoring plug-in. */
export function describeHealth(finding: HealthFinding): string {
  switch (finding.code) {
    case 'no-backup':
      return 'no backup is there';
    case 'backup-age-unknown':
      return 'nobody knows when it was backed up';
    case 'backup-age':
      return `backed up ${formatAge(finding.ageSeconds)} ago`;
    case 'clock-was-wrong': {
      const day = finding.newest.toISOString().slice(0, 'yyyy-mm-dd'.length);
      return `the newest restore point is dated ${day}, in the future: a clock was wrong`;
    }
    case 'never-verified':
      return 'never verified';
    case 'verify-age':
      return `verified ${formatAge(finding.ageSeconds)} ago`;
    case 'never-test-restored':
      return 'never test-restored';
    case 'test-restore-age':
      return `test-restored ${formatAge(finding.ageSeconds)} ago`;
    case 'free-space':
      return `${formatBytes(finding.bytes)} free (${finding.percent}%)`;
    case 'disk-full-soon':
      return `the disk with ${finding.folder} will be full in about ${finding.days} days, and no old backup is ever removed: set keep, or make room`;
    case 'restore-points-whole':
      return `${finding.count} restore point${finding.count === 1 ? '' : 's'} whole`;
    case 'backup-files-bad': {
      const { count, name, problem } = finding;
      return `${count} wrong: ${name}: ${describeProblem(problem)}${whatSupersedes(finding)}`;
    }
    case 'restore-point-bad':
      return `${LOOKS[finding.foundBy]} found ${finding.stamp} bad${whatSupersedes(finding)}`;
    case 'site-faults':
      return describeSiteFault(finding);
    case 'newest-of-other-copy':
      return describeNewest(finding);
    case 'disk-read-only':
      return `${finding.path} is on a read-only disk: no backup can be made there`;
    case 'unread-checks':
      return sentenceOf({ kind: 'warning', ...finding });
    case 'retention-hold':
      return describeHold(finding.hold);
    case 'astray-server': {
      const { dataFs } = finding;
      return `${describeAstray(finding, dataFs)}; copy it out before you stop that: ${rescueCommand(finding, dataFs)}`;
    }
    case 'restore-half-done':
      return 'a restore was killed half-way: run "zodbvault restore" or "zodbvault backup" to finish it, and don’t start the site before';
    case 'last-run-killed':
      return `the last ${commandOfRun(finding.verb)} was killed: it began at ${finding.begun} and never ended`;
    case 'last-run-not-done':
      return `the last ${commandOfRun(finding.verb)} was not done: ${finding.reason}`;
    case 'last-run-warned': {
      const { verb, warnings, first } = finding;
      const many = warnings === 1 ? 'a warning' : `${warnings} warnings`;
      return `the last ${verb} ended with ${many}${first === undefined ? ', which its log has' : `: ${first}`}`;
    }
    default:
      return finding satisfies never;
  }
}

function whatSupersedes({ isSuperseded }: { readonly isSuperseded: boolean }): string {
  return isSuperseded
    ? '; a newer full backup was verified, "zodbvault delete --damaged" removes what is bad'
    : '';
}

function describeNewest({
  stamp,
  path,
  is,
  beside,
}: Extract<HealthFinding, { readonly code: 'newest-of-other-copy' }>): string {
  const what = is === 'copy' ? 'another copy of the database' : 'another database';
  const third = beside === undefined ? '' : `; the folder holds backups of "${beside}", too`;
  const each = is === 'copy' ? 'copy' : 'database';
  return `the newest restore point, ${stamp}, was made of ${what}, "${path}"${third}: give each ${each} a folder of its own, and name a date to restore`;
}
