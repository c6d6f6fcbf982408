import type { JobEvent, OnEvent } from '../../jobs/events.ts';
import type { BackupPlan } from '../../repository/plan.ts';
import type { Terminal } from '../terminal.ts';
import { progressFor } from './progress.ts';
import { formatBytes } from './units.ts';

/** Shows a job's events as they come: a bar, lines of the log, and warnings. */
export function renderEvents(terminal: Terminal): OnEvent {
  const progress = progressFor(terminal);
  return (event) => {
    switch (event.kind) {
      case 'step-begins':
        progress.begin(event.step, event.totalBytes);
        return;
      case 'bytes':
        progress.advance(event.count);
        return;
      case 'step-ends':
        progress.end();
        return;
      default:
        renderLine(event, terminal);
    }
  };
}

type LineEvent = Exclude<JobEvent, { kind: 'step-begins' | 'bytes' | 'step-ends' }>;

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
      terminal.log(`Removed ${event.fileNames.length} old files (${event.reason})`);
      for (const name of event.fileNames) terminal.debug(`Removed ${name}`);
      return;
    case 'source-replaced':
      terminal.warn(
        `"${event.source}" was packed or replaced during the backup, which holds it as it was before; the next backup will be a full one`,
      );
      return;
    case 'files-left-out':
      terminal.warn(
        `not restored, since no .dat lists them: ${event.fileNames.join(', ')}; the next backup settles this`,
      );
      return;
    case 'lock-ignored':
      terminal.warn(
        `${event.pid === undefined ? 'a process' : `the process ${event.pid}`} holds "${event.path}"; restart it after the restore`,
      );
      return;
    default:
      event satisfies never;
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
