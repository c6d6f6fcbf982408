import type { HealthFinding } from '../../operations/inspect/health-findings.ts';
import { commandOfRun } from '../format/record-words.ts';
import { count, formatAge, formatBytes, formatUtcMoment } from '../format/units.ts';
import { describeHold } from './holds.ts';
import { describeSiteFault, LOOKS } from './judgements.ts';
import { describeProblem } from './problems.ts';
import { describeAstray, rescueCommand } from './remedies/rescue.ts';
import { sentenceOf } from './warnings/sentence.ts';

/** What a check has found, for the line of a monitoring plug-in. */
export function describeHealth(finding: HealthFinding): string {
  switch (finding.code) {
    case 'no-backup':
      return 'no backup yet';
    case 'backup-age-unknown':
      return 'the time of the last backup is unknown';
    case 'backup-age':
      return `backed up ${formatAge(finding.ageSeconds)} ago`;
    case 'clock-was-wrong': {
      const day = finding.newest.toISOString().slice(0, 'yyyy-mm-dd'.length);
      return `the newest restore point is dated ${day}, which is in the future: a clock was wrong`;
    }
    case 'never-verified':
      return 'never verified';
    case 'verify-age':
      return `verified ${formatAge(finding.ageSeconds)} ago`;
    case 'verify-found-damage':
      return `verified ${formatAge(finding.ageSeconds)} ago, and found damaged`;
    case 'test-restore-found-damage':
      return `test-restored ${formatAge(finding.ageSeconds)} ago, and found damaged`;
    case 'never-test-restored':
      return 'never test-restored';
    case 'test-restore-age':
      return `test-restored ${formatAge(finding.ageSeconds)} ago`;
    case 'free-space':
      return `${formatBytes(finding.bytes)} free (${finding.percent}%)`;
    case 'disk-full-soon':
      return `the disk with ${finding.folder} will be full in about ${finding.days} days, and zodbvault never removes an old backup there: set keep, or make room`;
    case 'restore-points-whole':
      return `${count(finding.count, 'restore point')} complete`;
    case 'backup-files-bad': {
      const { count, name, problem } = finding;
      return `${count} damaged: ${name}: ${describeProblem(problem)}${whatSupersedes(finding)}`;
    }
    case 'restore-point-bad':
      return `${LOOKS[finding.foundBy]} found ${finding.stamp} damaged${whatSupersedes(finding)}`;
    case 'site-faults':
      return describeSiteFault(finding);
    case 'newest-of-other-copy':
      return describeNewest(finding);
    case 'disk-read-only':
      return `${finding.path} is on a read-only disk: zodbvault cannot make a backup there`;
    case 'unread-checks':
      return sentenceOf({ kind: 'warning', ...finding });
    case 'retention-hold':
      return describeHold(finding.hold);
    case 'astray-server': {
      const { dataFs } = finding;
      return `the ${describeAstray(finding, dataFs)}; copy the file before you stop that process: ${rescueCommand(finding, dataFs)}`;
    }
    case 'copy-age':
      return `copied to ${finding.copy} ${formatAge(finding.ageSeconds)} ago`;
    case 'copy-failed':
      return `the copy ${finding.copy} lacks the newest backups since ${formatUtcMoment(finding.since)}: ${finding.reason}`;
    case 'copy-never-made':
      return `nothing was copied to ${finding.copy} yet`;
    case 'restore-half-done':
      return 'a restore was killed half-way: run "zodbvault restore" or "zodbvault backup" to finish it, and do not start the site before that';
    case 'last-run-killed':
      return `the last ${commandOfRun(finding.verb)} was killed: it began at ${formatUtcMoment(finding.begun)} and did not end`;
    case 'last-run-not-done':
      return `the last ${commandOfRun(finding.verb)} failed: ${finding.reason}`;
    case 'last-run-warned': {
      const { verb, warnings, first } = finding;
      const many = warnings === 1 ? 'a warning' : `${warnings} warnings`;
      return `the last ${verb} ended with ${many}${first === undefined ? '; "zodbvault history" shows more' : `: ${first}`}`;
    }
    default:
      return finding satisfies never;
  }
}

function whatSupersedes({ isSuperseded }: { readonly isSuperseded: boolean }): string {
  return isSuperseded
    ? '; a newer full backup is verified, so "zodbvault delete --damaged" can remove the damaged ones'
    : '';
}

function describeNewest({
  stamp,
  path,
  is,
  beside,
}: Extract<HealthFinding, { readonly code: 'newest-of-other-copy' }>): string {
  const what = is === 'copy' ? 'another copy of the database' : 'another database';
  const third = beside === undefined ? '' : `; the folder also contains backups of "${beside}"`;
  const each = is === 'copy' ? 'copy' : 'database';
  return `the newest restore point, ${stamp}, is a backup of ${what}, "${path}"${third}: give each ${each} its own folder, and name a date when you restore`;
}
