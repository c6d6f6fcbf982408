import * as v from 'valibot';
import type { ScheduledJob } from '../../../../config/schedule/scheduled-job.ts';
import type { ScheduleStep } from '../../../../operations/run/setup-steps.ts';
import { Label, maybe, type Result, said } from '../values.ts';

const JobSchema = v.strictObject({
  kind: v.picklist(['backup', 'snapshot', 'zip', 'verify']),
  folder: said('of the site', v.string()),
  site: v.optional(Label.site),
  command: said('program and arguments', v.array(v.string())),
  searchPath: maybe('what PATH must be, if that of cron is not enough', v.string()),
  environment: said('variables that it needs', v.record(v.string(), v.string())),
  at: said('local time, `hh:mm`', v.pipe(v.string(), v.regex(/^\d\d:\d\d$/))),
  weekday: maybe('0: Sunday; absent: every day', v.picklist([0, 1, 2, 3, 4, 5, 6])),
});

const StepSchema = v.variant('action', [
  v.strictObject({
    action: v.literal('set-crontab'),
    content: said('all of the crontab; empty if it is removed', v.string()),
  }),
  v.strictObject({ action: v.literal('write-unit'), path: v.string(), content: v.string() }),
  v.strictObject({ action: v.literal('remove-unit'), path: v.string() }),
  v.strictObject({
    action: said(
      '`tell-systemctl`: you have to run it yourself, because systemd does not run here',
      v.picklist(['systemctl', 'tell-systemctl']),
    ),
    command: v.array(v.string()),
  }),
]);

export const scheduleResult = {
  outcome: maybe(
    '`shown`: nothing was to be installed or removed',
    v.picklist(['shown', 'done', 'planned']),
  ),
  jobs: v.array(JobSchema),
  crontab: maybe('without `--install`: the lines for it', v.string()),
  units: maybe(
    'without `--install`: the units of systemd',
    v.array(v.strictObject({ path: v.string(), content: v.string() })),
  ),
  steps: said(
    'with `--install` or `--remove`; empty if there is nothing to do',
    v.array(StepSchema),
  ),
};
export type ScheduleResult = Result<typeof scheduleResult>;

export function jobAsJson(job: ScheduledJob): v.InferOutput<typeof JobSchema> {
  const { kind, owner, argv, searchPath, environment, time, rhythm } = job;
  const two = (number: number) => String(number).padStart(2, '0');
  return {
    kind,
    folder: owner.folder,
    site: owner.part,
    command: [...argv],
    searchPath,
    environment: { ...environment },
    at: `${two(time.hour)}:${two(time.minute)}`,
    weekday: rhythm.kind === 'weekly' ? rhythm.day : undefined,
  };
}

export function scheduleStepAsJson(step: ScheduleStep): v.InferOutput<typeof StepSchema> {
  switch (step.kind) {
    case 'set-crontab':
      return { action: step.kind, content: step.content.toString() };
    case 'write-unit':
      return { action: step.kind, path: step.path, content: step.content };
    case 'remove-unit':
      return { action: step.kind, path: step.path };
    case 'systemctl':
    case 'tell-systemctl':
      return { action: step.kind, command: [...step.argv] };
    default:
      return step satisfies never;
  }
}
