import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { Cron } from 'croner';
import { exitStatusOf, Failure, systemCodeOf } from '../../../system/failure.ts';
import { formatLocalTime } from '../../format/units.ts';
import { withLogOptions } from '../../options/common-options.ts';
import { ownProgram } from '../../options/own-command.ts';
import { refuseRenamedVariables } from '../../reference/renamed.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import { CONFIG_OPTION } from '../../select/select-buildout-part.ts';
import { type CommandContext, isByCtrlC, runCommand } from '../../terminal/run-command.ts';

type Kind = 'backup' | 'verify' | 'test-restore';

export function addRunScheduleCommand(program: Command): void {
  const command = program
    .command('run-schedule')
    .addOption(
      timeOption('--backup <times>', 'when to back up')
        .default(new Cron(EVERY_NIGHT), EVERY_NIGHT)
        .env('ZODBVAULT_SCHEDULE'),
    )
    .addOption(timeOption('--verify <times>', 'when to verify').env('ZODBVAULT_VERIFY_SCHEDULE'))
    .addOption(
      timeOption('--test-restore <times>', 'when to test a restore').env(
        'ZODBVAULT_TEST_RESTORE_SCHEDULE',
      ),
    )
    .option('--at-start', 'also back up once at the start')
    .addOption(CONFIG_OPTION);
  withLogOptions(command).action((options) =>
    runCommand({ ...options, command }, async (context) => {
      refuseRenamedVariables(process.env);
      const wanted: readonly [Kind, Cron | undefined][] = [
        ['backup', options.backup],
        ['verify', options.verify],
        ['test-restore', options.testRestore],
      ];
      const jobs = wanted.flatMap(([kind, times]): Job[] =>
        times === undefined ? [] : [{ kind, times }],
      );
      const argv = [
        ...(options.config === undefined ? [] : ['--config', options.config]),
        ...(options.quiet ? ['--quiet'] : []),
        ...(options.verbose ? ['--verbose'] : []),
        ...(options.logFormat === 'text' ? [] : ['--log-format', options.logFormat]),
      ];
      if (options.atStart) await run('backup', { argv, context });
      await runSchedule(jobs, { argv, context });
      // To be stopped by a signal is how it ends in a container.
      return isByCtrlC(context.signal) ? exitStatusOf('interrupted') : 0;
    }),
  );
}

/** The time that Plone's community uses. */
const EVERY_NIGHT = '37 2 * * *';

/** Node's timers go no further; the time is looked up again then. */
const LONGEST_SLEEP = 24 * 3600 * 1000;

interface Job {
  readonly kind: Kind;
  readonly times: Cron;
}

function timeOption<Flags extends string>(flags: Flags, description: string) {
  const more = `${description}: five fields, as in a crontab; local time`;
  return new Option(flags, more).argParser(parseTimes);
}

function parseTimes(text: string): Cron {
  try {
    return new Cron(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`It is no time of a crontab, like "${EVERY_NIGHT}": ${why}`);
  }
}

interface ScheduledRuns {
  /** What every command is given. */
  readonly argv: readonly string[];
  readonly context: CommandContext;
}

/**
 * Runs the job whose time is next, for ever: one at a time, so that none meets another. One whose time passes while
 * another runs comes after it, once; a time that passes while the job itself runs is left out. Ends when it is told to
 * stop; a job that runs then is told, too.
 */
async function runSchedule(jobs: readonly Job[], { argv, context }: ScheduledRuns): Promise<void> {
  const { terminal, signal } = context;
  const begun = new Date();
  const lastEnds = new Map<Kind, Date>();
  while (!signal.aborted) {
    const [next] = jobs
      .flatMap(({ kind, times }) => {
        const at = times.nextRun(lastEnds.get(kind) ?? begun);
        return at === null ? [] : [{ kind, at }];
      })
      .sort((a, b) => a.at.getTime() - b.at.getTime());
    if (next === undefined) {
      throw new Failure('usage', 'Cannot run anything: no time that was given ever comes', {
        hint: 'Give times that are in the future, as in a crontab.',
      });
    }
    terminal.log(`Next: ${next.kind} at ${formatLocalTime(next.at)}`);
    if (await waitUntil(next.at, signal)) await run(next.kind, { argv, context });
    lastEnds.set(next.kind, new Date());
  }
  terminal.log(`${signal.reason instanceof Failure ? signal.reason.message : 'Stopped'}.`);
}

/** Whether the moment came: false where it was told to stop. */
async function waitUntil(at: Date, signal: AbortSignal): Promise<boolean> {
  for (let left = at.getTime() - Date.now(); left > 0; left = at.getTime() - Date.now()) {
    await sleep(Math.min(left, LONGEST_SLEEP), undefined, { signal }).catch(() => {});
    if (signal.aborted) return false;
  }
  return !signal.aborted;
}

/** Runs a command of this program. One that fails has said why; the next time comes all the same. */
async function run(kind: Kind, { argv, context }: ScheduledRuns): Promise<void> {
  const { terminal, signal } = context;
  const [path = '', ...before] = ownProgram(terminal, { caller: 'this run' });
  const child = spawn(path, [...before, kind, ...argv], {
    // By the channel, it notices if this process is killed: see runWith.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Ctrl-C on a terminal reaches all of a process group: it would be told to stop twice.
    detached: true,
  });
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    terminal.log(`Ended: ${kind} with status ${status ?? 'unknown'}`);
  } catch (error) {
    const reason = systemCodeOf(error) ?? String(error);
    renderWarning({ kind: 'warning', code: 'job-not-started', job: kind, reason }, terminal);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
