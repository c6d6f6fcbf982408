import type { Command } from '@commander-js/extra-typings';
import { type BackupResult, type BackupSettings, backUp, planOnly } from '../../jobs/backup.ts';
import { findSite } from '../../sites/plain-site.ts';
import { compressionWish, OPTION, wholeNumber } from '../options.ts';
import { describePlan, renderEvents } from '../render/events.ts';
import { formatBytes, formatSeconds } from '../render/units.ts';
import { type CommandContext, runCommand } from '../run.ts';
import type { Terminal } from '../terminal.ts';

export function addBackupCommand(program: Command): void {
  program
    .command('backup')
    .description('back up what was committed since the last backup')
    .addOption(OPTION.dataFs)
    .addOption(OPTION.location)
    .option('--full', 'make a full backup even if an increment would do')
    .option('--quick', 'compare a few places with the last backup (default)', true)
    .option('--no-quick', 'compare every byte with the backups')
    .addOption(OPTION.gzipOn)
    .addOption(OPTION.gzip)
    .addOption(OPTION.compressor)
    .addOption(OPTION.level)
    .option(
      '--keep <number>',
      'keep this many full backups with their increments, remove older ones; 0 keeps all',
      wholeNumber({ minimum: 0, maximum: 999_999 }),
      0,
    )
    .addOption(OPTION.dryRun)
    .addOption(OPTION.json)
    .addOption(OPTION.quiet)
    .addOption(OPTION.verbose)
    .action((options) =>
      runCommand(options, async (context) => {
        const site = await findSite(process.cwd(), {
          dataFs: options.datafs,
          repository: options.location,
        });
        const settings: BackupSettings = {
          ...site,
          full: options.full ? 'always' : 'when-needed',
          comparison: options.quick ? 'quick' : 'thorough',
          compression: compressionWish(options),
          keep: options.keep,
          pruneAfter: 'every-backup',
          missingRepository: 'make',
          now: () => new Date(),
          random: Math.random,
        };
        return options.dryRun ? showPlan(settings, context) : carryOut(settings, context);
      }),
    );
}

async function showPlan(settings: BackupSettings, { terminal, signal }: CommandContext) {
  const plan = await planOnly(settings, { onEvent: renderEvents(terminal), signal });
  const { kind, end, reason } = plan;
  const start = plan.kind === 'increment' ? plan.start : 0;
  terminal.printJson({ plan: { kind, start, end, reason } });
  terminal.print(describePlan(plan));
  return undefined;
}

async function carryOut(settings: BackupSettings, { terminal, signal }: CommandContext) {
  const since = Date.now();
  const result = await backUp(settings, { onEvent: renderEvents(terminal), signal });
  report(result, { terminal, seconds: (Date.now() - since) / 1000 });
  return undefined;
}

function report(
  { plan, written, removed }: BackupResult,
  { terminal, seconds }: { readonly terminal: Terminal; readonly seconds: number },
): void {
  terminal.printJson({
    backup: {
      kind: plan.kind,
      reason: plan.reason,
      end: plan.end,
      file: written?.file.name,
      sizeBytes: written === undefined ? 0 : written.record.end - written.record.start,
      storedBytes: written?.record.stored.sizeBytes ?? 0,
      transactions: written?.record.transactionCount ?? 0,
      lastTid: written?.record.lastTid,
      removed,
    },
  });
  if (written === undefined) {
    terminal.log(describePlan(plan));
    return;
  }
  const { record, file } = written;
  const size = formatBytes(record.end - record.start);
  const stored = formatBytes(record.stored.sizeBytes);
  terminal.log(
    `Wrote ${file.name}: ${size}, ${record.transactionCount} transactions, stored as ${stored}, in ${formatSeconds(seconds)}`,
  );
}
