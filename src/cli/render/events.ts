import { sayTwo } from '../../operations/restore/warnings/second-copy.ts';
import type { PointDoubt } from '../../operations/restore/warnings/suspect-points.ts';
import type { JobEvent, OnEvent } from '../../operations/run/events.ts';
import type { InstallStep, ScheduleStep } from '../../operations/run/setup-steps.ts';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import { quoteWord } from '../../system/processes/shell.ts';
import { count, formatBytes, formatUtcTime } from '../format/units.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { progressFor } from './progress.ts';

/** Shows a job's events as they come: a bar, lines of the log, and warnings. */
export function renderEvents(terminal: Terminal): OnEvent {
  const progress = progressFor(terminal);
  const doubts = new Set<string>();
  return (event) => {
    switch (event.kind) {
      case 'other-database':
      case 'perhaps-other-database':
      case 'second-database':
      case 'second-copy':
      case 'storage-left-out':
      case 'point-doubted':
      case 'blobs-lacking':
      case 'blobs-of-another-moment': {
        // It is said before people are asked, and found again when the work begins.
        const said = JSON.stringify(event);
        if (!doubts.has(said)) renderLine(event, terminal);
        doubts.add(said);
        return;
      }
      case 'step-begins':
        progress.begin(event.step, event.totalBytes);
        return;
      case 'file':
        progress.file(event.path);
        return;
      case 'bytes':
        progress.advance(event.count);
        return;
      case 'step-ends':
        progress.end();
        return;
      default:
        progress.clear();
        renderLine(event, terminal);
    }
  };
}

function describeForeignMoment({
  entry,
  match,
  complete,
}: Extract<JobEvent, { kind: 'blobs-of-another-moment' }>): string {
  if (match === 'later') {
    return `the blobs of "${entry}" belong to a later backup of the Data.fs: that is the rule of compatible = 2.3, and blobs that a pack has removed before it are missing`;
  }
  const whole =
    complete === undefined ? '' : `; the restore point ${complete} has all that belong to it`;
  return `no blob backup of that moment is there; "${entry}" is an earlier one: the newest blobs may be missing${whole}`;
}

export function describeDoubtedPoint({ stamp, how, reasons, better }: PointDoubt): string {
  const is = how === 'bad' ? 'is known to be bad: ' : 'has what the site had then: ';
  const other =
    better === undefined
      ? 'no other restore point is known to be better'
      : `the restore point ${better.stamp} is ${better.is}, and nothing is known against it`;
  return `the restore point ${stamp} ${is}${reasons.join('; ')}; ${other}`;
}

type LineEvent = Exclude<JobEvent, { kind: 'step-begins' | 'file' | 'bytes' | 'step-ends' }>;

function renderLine(event: LineEvent, terminal: Terminal): void {
  switch (event.kind) {
    case 'folder-made':
      terminal.log(`Created ${event.path}`);
      return;
    case 'backup-finished-late':
      terminal.log(`Finished the interrupted backup ${event.fileName}`);
      return;
    case 'leftovers-removed':
      terminal.log(`Removed what an interrupted run left: ${event.fileNames.join(', ')}`);
      return;
    case 'backup-planned':
      terminal.log(`Backing up ${event.source} to ${event.repository}`);
      terminal.debug(describePlan(event.plan));
      return;
    case 'files-removed':
      terminal.log(
        `Removed ${count(event.fileNames.length, 'old file')} from ${event.folder} (${event.reason}): ${event.fileNames.join(', ')}`,
      );
      return;
    case 'source-replaced':
      terminal.notice(
        `"${event.source}" was packed or replaced during the backup, which holds it as it was before; the next backup will be a full one`,
      );
      return;
    case 'files-left-out':
      terminal.warn(
        `not restored, since no .dat lists them: ${event.fileNames.join(', ')}; the next backup settles this`,
      );
      return;
    case 'lock-awaited': {
      const { kind, path, holder } = event.waiting;
      const who = kind === 'server' ? 'a server' : 'another run';
      terminal.log(
        kind === 'watched'
          ? `Looking whether the holder of "${path}" still lives (${holder})`
          : `Waiting for the lock "${path}": ${who} holds it (${holder})`,
      );
      return;
    }
    case 'lock-ignored':
      terminal.warn(
        `${event.pid === undefined ? 'a process' : `the process ${event.pid}`} holds "${event.path}"; restart it after the restore`,
      );
      return;
    case 'blobs-begin': {
      const doing = event.of === 'snapshot' ? 'Making a snapshot of' : 'Backing up';
      terminal.log(`${doing} blobs from ${event.source} to ${event.folder}`);
      return;
    }
    case 'storage-without-blobs':
      terminal.log(`no blob dir for storage ${event.storage}`);
      return;
    case 'blobs-there-already':
      terminal.log(`Blob backup ${event.name} exists already, so there were no changes`);
      return;
    case 'blobs-kept':
      terminal.log(
        `Kept in ${event.folder}, since it is not certain to which Data.fs backups they belong: ${event.names.join(', ')}; "zodbvault retire ${event.names[0]}" shows one that no restore point needs, asks, and removes it`,
      );
      return;
    case 'entry-renamed':
      terminal.log(`Renaming ${event.from} to ${event.to}`);
      return;
    case 'latest-set':
      terminal.log(`Pointed "latest" in ${event.folder} to ${event.name}`);
      return;
    case 'restore-finished-late':
      terminal.notice(
        `finished the interrupted restore of ${event.restored}, begun ${formatUtcTime(event.at)} (UTC)`,
      );
      return;
    case 'restore-begins':
      terminal.log(`Restoring ${event.source} to ${event.target}`);
      return;
    case 'blobs-restored':
      terminal.log(`Restored ${event.target} from ${event.entry}`);
      return;
    case 'other-database':
      terminal.warn(
        `"${event.target}" is another database than the one in the backup: it begins with a transaction of ${event.begins}, the backup with one of ${event.backupBegins}; ${event.isKept ? 'it is kept, for an undo' : 'nothing of it is kept'}`,
      );
      return;
    case 'perhaps-other-database':
      terminal.notice(
        `"${event.target}" has no transaction of the one in the backup: a pack may have left none, or it is another database; it begins with a transaction of ${event.begins}, the backup with one of ${event.backupBegins}; ${event.isKept ? 'it is kept, for an undo' : 'nothing of it is kept'}`,
      );
      return;
    case 'second-database':
      terminal.warn(
        `"${event.repository}" holds backups of two databases: the newest, "${event.newest}", begins with a transaction of ${event.newestBegins}, "${event.other}" with one of ${event.otherBegins}`,
      );
      return;
    case 'second-copy':
      terminal.warn(
        `"${event.repository}" holds backups of ${sayTwo(event.is)}: the newest, ${event.newest}, was made of "${event.path}", and ${event.other} is the newest of "${event.otherPath}"`,
      );
      return;
    case 'storage-left-out':
      terminal.warn(
        `the storage "${event.storage}" is restored as it was at ${event.stamp} (UTC), beside what was backed up until ${event.newest}: since then, ${count(event.runs, 'backup')} ${event.runs === 1 ? 'was' : 'were'} made without it`,
      );
      return;
    case 'point-doubted':
      terminal.warn(describeDoubtedPoint(event));
      return;
    case 'part-damaged':
      return;
    case 'blobs-lacking': {
      const { entry, how, names, holder } = event;
      const lack = {
        lack: 'lacks',
        'lack-or-differ': 'lacks, or has with other bytes,',
        'may-lack': 'may lack',
      };
      const remedy =
        holder === undefined
          ? 'the copy that had them is gone'
          : `the restore point ${holder.stamp} has them, in "${holder.path}"`;
      terminal.warn(
        `"${entry}" ${lack[how]} ${count(event.count, 'blob')} that the live site had lost by then: ${names}; ${remedy}`,
      );
      return;
    }
    case 'blobs-of-another-moment':
      terminal.warn(describeForeignMoment(event));
      return;
    case 'command':
      terminal.logCommand(event.words.map(quoteWord).join(' '));
      return;
    case 'output':
      terminal.output(event.output);
      return;
    case 'install-step':
      renderInstallStep(event.step, { terminal, tense: 'done' });
      return;
    case 'schedule-step':
      renderScheduleStep(event.step, { terminal, tense: 'done' });
      return;
    case 'notice':
      terminal.notice(event.text);
      return;
    case 'warning':
      terminal.warn(event.text);
      return;
    default:
      event satisfies never;
  }
}

/** How a step is told: with --dry-run, it is only planned. */
interface Telling {
  readonly terminal: Terminal;
  readonly tense: 'done' | 'planned';
}

/** A plan is what was asked for. */
function sayerOf({ terminal, tense }: Telling): (line: string) => void {
  return tense === 'done' ? terminal.log : terminal.print;
}

/** A step of an installation. What is done is told in buildout's words. */
export function renderInstallStep(step: InstallStep, { terminal, tense }: Telling): void {
  const isDone = tense === 'done';
  const say = sayerOf({ terminal, tense });
  switch (step.kind) {
    case 'write': {
      const instead = step.replaces === 'recipe' ? ' (in place of the recipe’s)' : '';
      say(`${isDone ? 'Generated' : 'Would generate'} script '${step.path}'.${instead}`);
      return;
    }
    case 'remove':
      say(`${isDone ? 'Removed' : 'Would remove'} script '${step.path}'.`);
      return;
    case 'make-folder':
      say(`${isDone ? 'Created' : 'Would create'} ${step.path}`);
      return;
    case 'warn':
      terminal.warn(step.text);
      return;
    default:
      step satisfies never;
  }
}

/** A change of what is scheduled. */
export function renderScheduleStep(step: ScheduleStep, { terminal, tense }: Telling): void {
  const isDone = tense === 'done';
  const say = sayerOf({ terminal, tense });
  const removed = isDone ? 'Removed' : 'Would remove';
  switch (step.kind) {
    case 'set-crontab': {
      const changed = isDone ? 'Changed' : 'Would change';
      say(`${step.content.length === 0 ? removed : changed} the crontab`);
      return;
    }
    case 'write-unit':
      say(`${isDone ? 'Wrote' : 'Would write'} ${step.path}`);
      return;
    case 'remove-unit':
      say(`${removed} ${step.path}`);
      return;
    case 'systemctl':
      say(`${isDone ? '' : 'Would run: '}${step.words.map(quoteWord).join(' ')}`);
      return;
    case 'tell-systemctl':
      terminal.notice(
        `systemd does not run here; where it does, run: ${step.words.map(quoteWord).join(' ')}`,
      );
      return;
    default:
      step satisfies never;
  }
}

/** A plan in one sentence. */
export function describePlan(plan: BackupPlan): string {
  switch (plan.kind) {
    case 'nothing':
      return `Nothing to do: ${plan.reason}`;
    case 'full':
      return `Full backup of ${formatBytes(plan.end)}: ${plan.reason}`;
    case 'increment':
      return `Increment of ${formatBytes(plan.end - plan.start)}: ${plan.reason}`;
    default:
      return plan satisfies never;
  }
}
