import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { PartScripts } from '../../config/recipe/part-scripts.ts';
import type { Measure } from '../../operations/inspect/health-judgement.ts';
import type { HealthLimits } from '../../operations/inspect/health-thresholds.ts';
import { writeNewFile } from '../../system/files/new-file.ts';
import { oneLine } from '../format/one-line.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { type CheckResult, checkedAsJson } from '../render/json/results/check.ts';
import { formatMetrics } from '../render/metrics.ts';
import { SITES_FROM_OPTION } from '../select/copied-sites.ts';
import { findCopyPlace, findEachSite, withSiteOptions } from '../select/site-options.ts';
import type { MeantSites } from '../select/unusable-sites.ts';
import { type CommandContext, runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { parseAges, parseFree } from './check-thresholds.ts';
import { checkCopies, toldInALine } from './copied/check-copies.ts';
import {
  type CheckedSite,
  checkSite,
  DEFAULT_LIMITS,
  reasonOf,
  UNKNOWN,
  unknownSite,
  WORDS,
  worst,
  worstFirst,
} from './site-verdict.ts';

const EMPHASIS = { good: ['OK'], poor: ['WARNING', 'UNKNOWN'], bad: ['CRITICAL'] };

export function addCheckCommand(program: Command): void {
  const command = withSiteOptions(program.command('check'))
    .addOption(SITES_FROM_OPTION)
    .option(
      '--backup-age <warning:critical>',
      'limits for the age of the newest backup (default: 26h:50h)',
      parseAges,
    )
    .option(
      '--verify-age <warning:critical>',
      'limits for the age of the last verify (default: 8d:22d)',
      parseAges,
    )
    .option(
      '--test-restore-age <warning:critical>',
      'limits for the age of the last test restore (default: off; 35d:70d, for example)',
      parseAges,
    )
    .option(
      '--free <warning:critical>',
      'limits for the free space on the disk (default: 10%:5%)',
      parseFree,
    )
    .option(
      '--metrics <file>',
      'also write metrics for the textfile collector of Prometheus: NAME.prom',
      metricsFile,
    );
  withOutputOptions(command).action((options) =>
    runCommand({ ...options, command }, async (context) => {
      const { backupAge, verifyAge, testRestoreAge, free } = options;
      const limits: HealthLimits = {
        backupAge: orDefault(backupAge, DEFAULT_LIMITS.backupAge),
        verifyAge: orDefault(verifyAge, DEFAULT_LIMITS.verifyAge),
        testRestoreAge: orDefault(testRestoreAge, DEFAULT_LIMITS.testRestoreAge),
        free: orDefault(free, DEFAULT_LIMITS.free),
      };
      try {
        const { terminal, backups } = context;
        if (options.from !== undefined) {
          const { from, part: name } = options;
          const place = await findCopyPlace({ ...options, from }, context);
          const now = new Date();
          const results = await checkCopies(place, { name, limits, now });
          const told = toldInALine(results);
          return await conclude(results, { told, metrics: options.metrics, now, context });
        }
        const sites = await findEachSite(options, { terminal, purpose: 'look', backups });
        return await check(sites, {
          limits,
          scripts: sites.scripts,
          metrics: options.metrics,
          context,
        });
      } catch (error) {
        return sayUnknown(error, context.terminal);
      }
    }),
  );
}

/** The collector reads no others. */
function metricsFile(path: string): string {
  if (path.endsWith('.prom')) return path;
  throw new InvalidArgumentError('Its name has to end in .prom: the collector reads no others.');
}

/** The line for what nobody can tell. */
function unknownLine(reason: string): string {
  return `ZODBVAULT ${WORDS[UNKNOWN]} - ${forPlugin(reason)}`;
}

async function check(
  { sites, unusable }: MeantSites,
  {
    limits,
    scripts,
    metrics,
    context,
  }: {
    readonly limits: HealthLimits;
    readonly scripts: readonly PartScripts[];
    readonly metrics: string | undefined;
    readonly context: CommandContext;
  },
): Promise<number> {
  const now = new Date();
  const results: CheckedSite[] = [];
  for (const { part, failure } of unusable) results.push(unknownSite(part, failure, context));
  for (const site of sites) {
    const result = checkSite(site, { limits, scripts, now, context });
    // Of the only one, all is unknown then.
    const isOnly = sites.length + unusable.length === 1;
    results.push(
      await (isOnly ? result : result.catch((error) => unknownSite(site.part, error, context))),
    );
  }
  return await conclude(results, { told: results, metrics, now, context });
}

/** Says what was found, and returns the exit status. @param told - what the line has room for */
async function conclude(
  results: readonly CheckedSite[],
  {
    told,
    metrics,
    now,
    context,
  }: {
    readonly told: readonly CheckedSite[];
    readonly metrics: string | undefined;
    readonly now: Date;
    readonly context: CommandContext;
  },
): Promise<number> {
  for (const { hint } of results) if (hint !== undefined) context.terminal.log(`Hint: ${hint}`);
  const status = worst(results.map((one) => one.status));
  if (metrics !== undefined) {
    await writeMetrics(resolve(metrics), formatMetrics(results, now));
  }
  const { terminal } = context;
  terminal.document.result<CheckResult>({
    state: WORDS[status] ?? 'UNKNOWN',
    findings: results.flatMap(({ part, judgements }) =>
      judgements.map((one) => checkedAsJson(part, one)),
    ),
  });
  terminal.print(lineOf(told, status), EMPHASIS);
  return status;
}

/** What is worst comes first; all is said where all is well. */
function lineOf(results: readonly CheckedSite[], status: number): string {
  const named = results.flatMap(({ part, judgements }) =>
    judgements.map((one) => ({
      ...one,
      name: [results.length > 1 ? part : undefined, one.storage]
        .filter((word) => word !== undefined)
        .join('/'),
    })),
  );
  const text = worstFirst(named)
    .map(({ name, text }) => (name === '' ? text : `${name}: ${text}`))
    .map(forPlugin)
    .join(', ');
  const numbers = named.flatMap(({ name, measure }) =>
    measure === undefined ? [] : [formatMeasure(measure, name)],
  );
  const data = numbers.length === 0 ? '' : ` | ${numbers.join(' ')}`;
  return `ZODBVAULT ${WORDS[status]} - ${text}${data}`;
}

/** `'label'=value[UOM];warn;crit;min;max`, of the guidelines for monitoring plug-ins. */
function formatMeasure({ name, value, unit, limits }: Measure, where: string): string {
  const label = (where === '' ? name : `${where}/${name}`).replaceAll(/['=|]/g, '_');
  // For what must not fall below a limit, a range has a colon behind it.
  const limit = (number: number | undefined) =>
    number === undefined ? '' : unit === 'B' ? `${number}:` : String(number);
  return `'${oneLine(label)}'=${value}${unit};${limit(limits?.warning)};${limit(limits?.critical)};0`;
}

/** The bar begins the numbers. */
function forPlugin(text: string): string {
  return oneLine(text).replaceAll('|', '/');
}

/** Under another name, then renamed: the collector never reads a half. It runs as another user. */
async function writeMetrics(path: string, text: string): Promise<void> {
  await writeNewFile(path, Buffer.from(text), { rights: { kind: 'exact', mode: 0o644 } });
}

/** Every failure is a state that nobody can tell, and so is a defect. Returns the exit status. */
export function sayUnknown(error: unknown, terminal: Terminal): number {
  const { text: message, code, hint } = reasonOf(error);
  terminal.document.result<CheckResult>({ state: WORDS[UNKNOWN], findings: [] });
  terminal.document.addError({ code, message, ...(hint !== undefined && { hint }) });
  // For who tries it out: monitoring reads the line on stdout.
  if (hint !== undefined) terminal.log(`Hint: ${hint}`);
  terminal.print(unknownLine(message), EMPHASIS);
  return UNKNOWN;
}

function orDefault<T>(said: T | 'off' | undefined, byDefault: T | undefined): T | undefined {
  return said === undefined ? byDefault : said === 'off' ? undefined : said;
}
