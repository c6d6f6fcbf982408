import type { JobContext, JobEvent } from '../../operations/run/events.ts';
import type { InstallStep, ScheduleStep } from '../../operations/run/setup-steps.ts';
import { quoteWord } from '../../system/processes/shell.ts';
import { count, formatBytes } from '../format/units.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { describePlan } from './backup-plan.ts';
import { progressFor, showsProgress } from './progress.ts';
import { describeRemoval } from './removals.ts';
import { RESTORE_PLAN_WARNINGS } from './warnings/restore-plan.ts';
import { renderWarning, sentenceOf } from './warnings/sentence.ts';

/**
 * Shows a job's events as they come: a bar, lines of the log, and warnings.
 *
 * @param steps - `details` where a summary follows that says in one line what the steps did
 */
export function shownOn(
  terminal: Terminal,
  { steps }: { readonly steps: 'lines' | 'details' } = { steps: 'lines' },
): Required<Pick<JobContext, 'onEvent' | 'inWords' | 'isWatched'>> {
  const sayStep = steps === 'lines' ? terminal.log : terminal.detail;
  const progress = progressFor(terminal);
  const said = new Set<string>();
  const onEvent = (event: JobEvent) => {
    switch (event.kind) {
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
      case 'warning':
      case 'notice': {
        // A warning is said before people are asked, and found again when the work begins.
        const id = event.code in RESTORE_PLAN_WARNINGS ? JSON.stringify(event) : undefined;
        if (id !== undefined && said.has(id)) return;
        if (id !== undefined) said.add(id);
        progress.clear();
        renderWarning(event, terminal);
        return;
      }
      default:
        progress.clear();
        renderLine(event, { terminal, sayStep });
    }
  };
  return { onEvent, inWords: sentenceOf, isWatched: showsProgress(terminal) };
}

type LineEvent = Exclude<
  JobEvent,
  { kind: 'step-begins' | 'file' | 'bytes' | 'step-ends' | 'warning' | 'notice' }
>;

interface Showing {
  readonly terminal: Terminal;
  /** Says one step of several. */
  readonly sayStep: (line: string) => void;
}

function renderLine(event: LineEvent, { terminal, sayStep }: Showing): void {
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
      sayStep(`Backing up ${event.source} to ${event.repository}`);
      terminal.debug(describePlan(event.plan));
      return;
    case 'files-removed':
      sayStep(
        `Removed ${count(event.fileNames.length, 'old file')} from ${event.folder} (${describeRemoval(event.reason)}): ${event.fileNames.join(', ')}`,
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
    case 'blobs-begin': {
      const doing = event.backupKind === 'snapshot' ? 'Making a snapshot of' : 'Backing up';
      sayStep(`${doing} blobs from ${event.source} to ${event.folder}`);
      return;
    }
    case 'storage-without-blobs':
      sayStep(`no blob dir for storage ${event.storage}`);
      return;
    case 'blobs-there-already':
      sayStep(`Blob backup ${event.name} exists already, so there were no changes`);
      return;
    case 'blobs-kept':
      terminal.log(
        `Kept ${event.names.join(', ')} in ${event.folder}: zodbvault cannot tell which Data.fs backups they belong to. If no restore point needs them, remove each with "zodbvault delete ${event.names[0]}", which shows it and asks first`,
      );
      return;
    case 'entry-renamed':
      sayStep(`Renaming ${event.from} to ${event.to}`);
      return;
    case 'latest-set':
      sayStep(`Pointed "latest" in ${event.folder} to ${event.name}`);
      return;
    case 'restore-begins':
      terminal.log(`Restoring ${event.source} to ${event.target}`);
      return;
    case 'blobs-restored':
      terminal.log(`Restored ${event.target} from ${event.entry}`);
      return;
    case 'blobs-as-backed-up':
      terminal.log(`Every blob in ${event.target} is as in ${event.entry}: nothing to restore`);
      return;
    case 'part-damaged':
      return;
    case 'copied': {
      const { copy, points, bytes, removed, seal } = event;
      if (points + removed === 0) sayStep(`Nothing new for the copy ${copy}`);
      if (points > 0)
        terminal.log(`Copied ${count(points, 'restore point')} to ${copy} (${formatBytes(bytes)})`);
      if (removed > 0) terminal.log(`Deleted ${count(removed, 'old restore point')} from ${copy}`);
      if (seal !== undefined) terminal.debug(`Seal of the copy ${copy}: ${seal}`);
      return;
    }
    case 'command':
      terminal.detail(event.argv.map(quoteWord).join(' '));
      return;
    case 'output':
      terminal.output(event.output);
      return;
    case 'install-step':
      renderInstallStep(event.step, { terminal, tense: 'done' });
      return;
    case 'client-connected':
      terminal.debug(`Client ${event.client} has connected`);
      return;
    case 'client-registered':
      terminal.log(`Client ${event.client} reads storage ${event.storage}`);
      return;
    case 'registration-refused':
      terminal.log(`Refused client ${event.client}: ${describeRefusal(event)}`);
      return;
    case 'client-left':
      terminal.debug(`Client ${event.client} has left`);
      return;
    case 'client-refused':
      terminal.log(`Closed the connection of client ${event.client}: ${event.reason}`);
      return;
    case 'schedule-step':
      renderScheduleStep(event.step, { terminal, tense: 'done' });
      return;
    default:
      event satisfies never;
  }
}

function describeRefusal({
  reason,
  storage,
}: Extract<JobEvent, { readonly kind: 'registration-refused' }>): string {
  switch (reason) {
    case 'no-such-storage':
      return `it asks for storage "${storage}", and there is none of that name`;
    case 'wants-to-write':
      return 'it wants to write. Its <zeoclient> needs "read-only true"';
    default:
      return reason satisfies never;
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
      renderWarning(step.warning, terminal);
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
      say(`${isDone ? '' : 'Would run: '}${step.argv.map(quoteWord).join(' ')}`);
      return;
    case 'tell-systemctl':
      renderWarning({ kind: 'notice', code: 'no-systemd-runs', command: step.argv }, terminal);
      return;
    default:
      step satisfies never;
  }
}
