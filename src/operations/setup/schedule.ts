import { type CrontabBlock, formatBlock, mergeCrontab } from '../../config/schedule/crontab.ts';
import {
  formatOwner,
  isInScope,
  type ScheduleOwner,
  type ScheduleScope,
} from '../../config/schedule/schedule-owner.ts';
import type { ScheduledJob } from '../../config/schedule/scheduled-job.ts';
import { findProgram } from '../../system/processes/programs.ts';
import { runSystemctl, type SystemdScope } from '../../system/processes/systemd.ts';
import { readCrontab, writeCrontab } from '../../system/processes/user-crontab.ts';
import type { JobContext } from '../run/events.ts';
import type { ScheduleStep } from '../run/setup-steps.ts';
import { planUnits, removeUnit, writeUnit } from './systemd-units.ts';

/** Where jobs are put. */
export type ScheduleTarget =
  | { readonly kind: 'crontab' }
  | { readonly kind: 'systemd'; readonly scope: SystemdScope };

export interface ScheduleSettings {
  /** All jobs that there are to be within `scope`; none: what is there goes. */
  readonly jobs: readonly ScheduledJob[];
  readonly scope: ScheduleScope;
  readonly target: ScheduleTarget;
}

/**
 * Decides what is to be done; nothing is touched. A job is in one place only: what is scheduled in the
 * crontab goes when it is put into units, and the other way round.
 *
 * Failure `refused` where the crontab's comments don't match, or a unit was written by something else.
 */
export async function planSchedule(
  settings: ScheduleSettings,
  { signal }: Pick<JobContext, 'signal'>,
): Promise<readonly ScheduleStep[]> {
  const { jobs, scope, target } = settings;
  const units: ScheduleStep[] = [];
  for (const systemd of scopesToLookAt(target)) {
    const isTarget = target.kind === 'systemd' && target.scope === systemd;
    units.push(...(await planUnits({ jobs: isTarget ? jobs : [], scope, systemd })));
  }
  // What is new comes first, and only then goes what it replaces.
  return target.kind === 'crontab'
    ? [...(await planCrontab({ jobs, scope }, signal)), ...units]
    : [...units, ...(await planCrontab({ jobs: [], scope }, signal))];
}

/** Only root may change what the machine's systemd runs. */
function scopesToLookAt(target: ScheduleTarget): ReadonlySet<SystemdScope> {
  return new Set([usualScope(), 'user', ...(target.kind === 'systemd' ? [target.scope] : [])]);
}

/** The machine's systemd for root, one's own for everybody else. */
export function usualScope(): SystemdScope {
  return process.getuid?.() === 0 ? 'system' : 'user';
}

/** Carries out a plan, in its order. */
export async function applySchedule(
  steps: readonly ScheduleStep[],
  { onEvent, signal }: Omit<JobContext, 'backups'>,
): Promise<void> {
  for (const step of steps) {
    switch (step.kind) {
      case 'set-crontab':
        await writeCrontab(step.content, signal);
        break;
      case 'write-unit':
        await writeUnit(step.path, step.content);
        break;
      case 'remove-unit':
        await removeUnit(step.path);
        break;
      case 'systemctl':
        await runSystemctl(step.argv, signal);
        break;
      case 'tell-systemctl':
        break;
      default:
        step satisfies never;
    }
    onEvent({ kind: 'schedule-step', step });
  }
}

/** What `--install` would add to the crontab. Failure `usage` for what it has no way to say. */
export function formatCrontab(jobs: readonly ScheduledJob[]): string {
  return blocksOf(jobs)
    .map(({ text }) => text)
    .join('');
}

function blocksOf(jobs: readonly ScheduledJob[]): readonly CrontabBlock[] {
  const owners = new Map(jobs.map(({ owner }) => [formatOwner(owner), owner]));
  return [...owners].map(([name, owner]) =>
    formatBlock(
      owner,
      jobs.filter((job) => formatOwner(job.owner) === name),
    ),
  );
}

async function planCrontab(
  { jobs, scope }: Pick<ScheduleSettings, 'jobs' | 'scope'>,
  signal: AbortSignal,
): Promise<readonly ScheduleStep[]> {
  if (jobs.length === 0 && (await findProgram('crontab')) === undefined) return [];
  const blocks = blocksOf(jobs);
  const before = await readCrontab(signal);
  const isReplaced = (owner: ScheduleOwner) => isInScope(owner, scope);
  const content = mergeCrontab(before, { blocks, isReplaced });
  return before.equals(content) ? [] : [{ kind: 'set-crontab', content }];
}
