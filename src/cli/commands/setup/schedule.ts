import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import {
  ownerOf,
  type ScheduleOwner,
  type ScheduleScope,
  siteFolderOf,
} from '../../../config/schedule/schedule-owner.ts';
import type { ScheduledJob, TimeOfDay } from '../../../config/schedule/scheduled-job.ts';
import {
  applySchedule,
  formatCrontab,
  planSchedule,
  type ScheduleSettings,
  type ScheduleTarget,
  usualScope,
} from '../../../operations/setup/schedule.ts';
import { placeUnits } from '../../../operations/setup/systemd-units.ts';
import { isThere } from '../../../system/files/presence.ts';
import { isLingering } from '../../../system/processes/systemd.ts';
import { isCronRunning } from '../../../system/processes/user-crontab.ts';
import { OPTION, wholeNumber, withOutputOptions } from '../../options/common-options.ts';
import { renderScheduleStep, shownOn } from '../../render/events.ts';
import {
  jobAsJson,
  type ScheduleResult,
  scheduleStepAsJson,
} from '../../render/json/results/schedule.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import { namesPlaces } from '../../select/named-locations.ts';
import { DEFAULT_CFG } from '../../select/select-buildout-part.ts';
import { findAnySites } from '../../select/select-site.ts';
import { withSiteOptions } from '../../select/site-options.ts';
import type { SiteSelection } from '../../select/site-selection.ts';
import { type CommandContext, runCommand } from '../../terminal/run-command.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { byItsBackups, findJobs } from './scheduled-jobs.ts';

export function addScheduleCommand(program: Command): void {
  const command = withSiteOptions(program.command('schedule'))
    .option(
      '--install',
      'install them, and replace earlier ones of this site; all other lines stay, such as those of z3c.recipe.usercrontab',
    )
    .addOption(
      new Option('--remove', 'remove those of this site, wherever they are').conflicts('install'),
    )
    .addOption(
      new Option(
        '--systemd [whose]',
        'a service and a timer for each, instead of a crontab',
      ).choices(['system', 'user'] as const),
    )
    .addOption(
      new Option('--at <hh:mm>', 'when to back up, every day; local time')
        .argParser(timeOfDay)
        .default(timeOfDay(DEFAULT_TIME), DEFAULT_TIME),
    )
    .option('--no-verify', 'do not verify on Sundays, two hours after the backup')
    .option('--snapshot', 'also make a snapshot on Saturdays, an hour after the backup')
    .option('--zip', 'also make a zip backup on Saturdays, two hours after the backup')
    .option(
      '--keep <number>',
      'how many full backups to keep, for a site without a configuration file (default: all)',
      wholeNumber({ minimum: 0, maximum: 999_999 }),
    )
    .addOption(OPTION.dryRun);
  withOutputOptions(command).action((options) =>
    runCommand(
      { ...options, command },
      async (context) => {
        const result = context.terminal.document.result<ScheduleResult>({ jobs: [], steps: [] });
        const target = targetOf(options.systemd);
        if (options.remove) {
          const scope = await scopeOf(options, context.terminal);
          await carryOut({ jobs: [], scope, target }, { ...options, context, result });
          return undefined;
        }
        const { jobs, owners, extent } = await findJobs(options, { target, context });
        result.jobs = jobs.map(jobAsJson);
        if (!options.install) printJobs(jobs, { target, terminal: context.terminal, result });
        else {
          const scope =
            extent === 'all'
              ? ({ kind: 'folder', folder: folderOf(options), owners } as const)
              : ({ kind: 'owners', owners } as const);
          await carryOut({ jobs, scope, target }, { ...options, context, result });
          await warnOfIdleness(target, context.terminal);
        }
        return undefined;
      },
      { about: 'settings' },
    ),
  );
}

/** The time that Plone's community uses. */
const DEFAULT_TIME = '02:37';

function timeOfDay(text: string): TimeOfDay {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It is not a time like 02:37.');
  return { hour: Number(match[1]), minute: Number(match[2]) };
}

function targetOf(systemd: 'system' | 'user' | true | undefined): ScheduleTarget {
  if (systemd === undefined) return { kind: 'crontab' };
  return { kind: 'systemd', scope: systemd === true ? usualScope() : systemd };
}

/** Whose jobs go. No site has to be read for it, so that those of a lost one can go, too. */
async function scopeOf(selection: SiteSelection, terminal: Terminal): Promise<ScheduleScope> {
  const folder = folderOf(selection);
  if (namesPlaces(selection)) {
    const { found } = await findAnySites(selection, { terminal, purpose: 'look' });
    if (found.kind === 'buildout') throw new RangeError('a buildout has places of its own');
    const sites = found.kind === 'plain' ? [found.site] : found.sites;
    return { kind: 'owners', owners: sites.map(({ site }) => ownerOf(byItsBackups(site))) };
  }
  const owners = await ownersAbove(selection);
  if (selection.part === undefined) return { kind: 'folder', folder, owners };
  const { part } = selection;
  return {
    kind: 'owners',
    owners: [{ folder, part }, ...owners.filter((one) => one.part === part)],
  };
}

/** The folder of an instance with a `zope.conf`, in that of a site, is found from either. */
async function ownersAbove({ config }: SiteSelection): Promise<readonly ScheduleOwner[]> {
  if (config !== undefined) return [];
  for (const name of ['etc/zeo.conf', 'etc/zope.conf']) {
    const path = resolve(name);
    if (await isThere(path)) return [{ folder: siteFolderOf(path), part: 'backup' }];
  }
  return [];
}

function folderOf({ config }: SiteSelection): string {
  return siteFolderOf(resolve(config ?? DEFAULT_CFG));
}

function printJobs(
  jobs: readonly ScheduledJob[],
  {
    target,
    terminal,
    result,
  }: {
    readonly target: ScheduleTarget;
    readonly terminal: Terminal;
    readonly result: ScheduleResult;
  },
): void {
  result.outcome = 'shown';
  switch (target.kind) {
    case 'crontab': {
      result.crontab = formatCrontab(jobs);
      terminal.print(result.crontab.trimEnd());
      return;
    }
    case 'systemd':
      result.units = placeUnits(jobs, target.scope).map((unit) => ({ ...unit }));
      for (const { path, content } of result.units) terminal.print(`# ${path}\n${content}`);
      return;
    default:
      target satisfies never;
  }
}

async function carryOut(
  settings: ScheduleSettings,
  {
    dryRun,
    context,
    result,
  }: {
    readonly dryRun?: true | undefined;
    readonly context: CommandContext;
    readonly result: ScheduleResult;
  },
): Promise<void> {
  const { terminal, signal } = context;
  const jobContext = { ...shownOn(terminal), signal };
  const steps = await planSchedule(settings, jobContext);
  for (const step of steps) {
    result.steps.push(scheduleStepAsJson(step));
    if (dryRun) renderScheduleStep(step, { terminal, tense: 'planned' });
  }
  if (!dryRun) await applySchedule(steps, jobContext);
  result.outcome = dryRun ? 'planned' : 'done';
  if (steps.length === 0) terminal.log('Everything is as it should be.');
}

/** Says why what was installed may never run. */
async function warnOfIdleness(target: ScheduleTarget, terminal: Terminal): Promise<void> {
  switch (target.kind) {
    case 'crontab':
      if (await isCronRunning()) return;
      renderWarning({ kind: 'notice', code: 'no-cron-runs' }, terminal);
      return;
    case 'systemd': {
      const user = userInfo().username;
      if (target.scope === 'system' || (await isLingering(user))) return;
      renderWarning({ kind: 'notice', code: 'timers-need-login', user }, terminal);
      return;
    }
    default:
      target satisfies never;
  }
}
