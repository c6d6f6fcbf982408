import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import {
  planRestore,
  type RestorePlan,
  type RestoreSettings,
  restore,
} from '../../jobs/restore.ts';
import { parseRecoveryDate } from '../../repository/recovery-date.ts';
import { findRepository, findSite } from '../../sites/plain-site.ts';
import { OPTION } from '../options.ts';
import { askToReplace } from '../question.ts';
import { renderEvents } from '../render/events.ts';
import { formatBytes, formatSeconds } from '../render/units.ts';
import { type CommandContext, runCommand } from '../run.ts';
import type { Terminal } from '../terminal.ts';

export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description('put back the Data.fs as it was at a backup')
    .argument('[date]', 'yyyy-mm-dd[-hh[-mm[-ss]]], UTC: the newest backup that is not later')
    .addOption(OPTION.dataFs)
    .addOption(OPTION.location)
    .option(
      '--to <file>',
      'restore to this file instead of the Data.fs; an earlier state is brought forward',
    )
    .option('--force', 'restore even while a server holds the Data.fs')
    .option('-n, --no-prompt', 'do not ask')
    .addOption(OPTION.dryRun)
    .addOption(OPTION.json)
    .addOption(OPTION.quiet)
    .addOption(OPTION.verbose)
    .action((date, options) =>
      runCommand(options, async (context) => {
        const settings: RestoreSettings = {
          ...(await whereTo({
            dataFs: options.datafs,
            repository: options.location,
            to: options.to,
          })),
          date: date === undefined ? undefined : parseRecoveryDate(date),
          heldLock: options.force ? 'ignore' : 'refuse',
          earlierState: options.to === undefined ? 'replace' : 'append',
        };
        const plan = await planRestore(settings);
        if (options.dryRun) return showPlan(plan, context.terminal);
        if (options.prompt && (await agree(plan, context)) === 'no') return undefined;
        return carryOut(settings, context);
      }),
    );
}

async function whereTo(said: {
  readonly dataFs: string | undefined;
  readonly repository: string | undefined;
  readonly to: string | undefined;
}): Promise<{ readonly repository: string; readonly target: string }> {
  if (said.to !== undefined) {
    return { repository: findRepository(process.cwd(), said), target: resolve(said.to) };
  }
  const site = await findSite(process.cwd(), said);
  return { repository: site.repository, target: site.dataFs };
}

function showPlan({ point, target, replaces, sizeBytes }: RestorePlan, terminal: Terminal) {
  const files = point.files.map(({ name }) => name);
  terminal.printJson({ plan: { stamp: point.stamp, target, replaces, sizeBytes, files } });
  const size = sizeBytes === undefined ? 'of unknown size' : `of ${formatBytes(sizeBytes)}`;
  terminal.print(`Restore the Data.fs of ${point.stamp} (UTC), ${size}, from:`);
  for (const name of files) terminal.print(`    ${name}`);
  terminal.print(`${replaces ? 'It would replace' : 'It would make'} ${target}`);
  return undefined;
}

/** A file that isn't there needs no question, as nothing can be lost. */
async function agree(plan: RestorePlan, { terminal, signal }: CommandContext) {
  terminal.log(`The backup is of ${plan.point.stamp} (UTC)`);
  if (!plan.replaces) return 'yes';
  const answer = await askToReplace({ filestorages: [plan.target], blobstorages: [] }, signal);
  if (answer === 'no') {
    terminal.log('Not restoring.');
    terminal.printJson({ restore: { answer } });
  }
  return answer;
}

async function carryOut(settings: RestoreSettings, { terminal, signal }: CommandContext) {
  const since = Date.now();
  const { plan, sizeBytes, hadBytes, index } = await restore(settings, {
    onEvent: renderEvents(terminal),
    signal,
  });
  const { stamp } = plan.point;
  terminal.printJson({ restore: { stamp, target: plan.target, sizeBytes, hadBytes, index } });
  const seconds = formatSeconds((Date.now() - since) / 1000);
  const amount =
    hadBytes === 0
      ? formatBytes(sizeBytes)
      : `${formatBytes(sizeBytes - hadBytes)} appended to ${formatBytes(hadBytes)}`;
  terminal.log(
    `Restored ${plan.target} as of ${stamp} (UTC): ${amount} in ${seconds}, every checksum right`,
  );
  if (index === 'without') terminal.log('The backup has no usable index; the server will make one');
  return undefined;
}
