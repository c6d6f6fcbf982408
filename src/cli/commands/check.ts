import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import type { PartScripts } from '../../config/recipe/part-scripts.ts';
import {
  type HealthLimits,
  type HealthState,
  type Judgement,
  judgeHealth,
  type Measure,
} from '../../operations/inspect/health-thresholds.ts';
import { readSiteHealth, type SiteHealth } from '../../operations/inspect/site-health.ts';
import { findBackupPlaces } from '../../operations/run/backup-places.ts';
import { readHistory } from '../../operations/run/past-runs.ts';
import { adoptSystemError, Failure, type FailureCode, isFailure } from '../../system/failure.ts';
import { writeNewFile } from '../../system/files/new-file.ts';
import { oneLine } from '../format/one-line.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { sayOverwritten } from '../options/part-scripts.ts';
import { describeHealth } from '../render/health.ts';
import { type CheckResult, checkedAsJson, valuesOf } from '../render/json/results/check.ts';
import { formatMetrics } from '../render/metrics.ts';
import { adviceOf } from '../render/remedies/advice.ts';
import { findEachSite, withSiteOptions } from '../select/site-options.ts';
import type { MeantSites } from '../select/unusable-sites.ts';
import { type CommandContext, runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { parseAges, parseFree } from './check-thresholds.ts';

/** The exit statuses of monitoring plug-ins. */
const STATUS = { ok: 0, warning: 1, critical: 2 } as const satisfies Record<HealthState, number>;
/** Nobody can tell. */
const UNKNOWN = 3;
const WORDS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
/** What is worst comes first: a site of which nobody can tell must not hide one that is critical. */
const ORDER: readonly number[] = [STATUS.critical, UNKNOWN, STATUS.warning, STATUS.ok];
const EMPHASIS = { good: ['OK'], poor: ['WARNING', 'UNKNOWN'], bad: ['CRITICAL'] };

const DEFAULTS: HealthLimits = {
  backupAge: { warning: 26 * 3600, critical: 50 * 3600 },
  verifyAge: { warning: 8 * 86_400, critical: 22 * 86_400 },
  testRestoreAge: undefined,
  free: { warning: 10, critical: 5, unit: 'percent' },
};

export function addCheckCommand(program: Command): void {
  const command = withSiteOptions(program.command('check'))
    .option('--backup-age <warning:critical>', 'of the newest backup (default: 26h:50h)', parseAges)
    .option('--verify-age <warning:critical>', 'of the last verify (default: 8d:22d)', parseAges)
    .option(
      '--test-restore-age <warning:critical>',
      'of the last test restore (default: off; 35d:70d, for example)',
      parseAges,
    )
    .option('--free <warning:critical>', 'space on the disk (default: 10%:5%)', parseFree)
    .option(
      '--metrics <file>',
      'also write metrics for the textfile collector of Prometheus: NAME.prom',
      metricsFile,
    );
  withOutputOptions(command).action((options) =>
    runCommand({ ...options, command }, async (context) => {
      const { backupAge, verifyAge, testRestoreAge, free } = options;
      const limits: HealthLimits = {
        backupAge: orDefault(backupAge, DEFAULTS.backupAge),
        verifyAge: orDefault(verifyAge, DEFAULTS.verifyAge),
        testRestoreAge: orDefault(testRestoreAge, DEFAULTS.testRestoreAge),
        free: orDefault(free, DEFAULTS.free),
      };
      try {
        const { terminal } = context;
        const sites = await findEachSite(options, { terminal, purpose: 'look' });
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

/** A judgement in words, or why there is none. */
interface Finding extends Omit<Judgement, 'state' | 'finding'> {
  readonly state: HealthState | 'unknown';
  readonly text: string;
  /** The same for programs. */
  readonly code: string;
  readonly values: object;
}

interface CheckedSite {
  readonly part: string;
  readonly judgements: readonly Finding[];
  readonly status: number;
  readonly health: SiteHealth | undefined;
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
  for (const { part, failure } of unusable) results.push(unknown(part, failure, context));
  for (const site of sites) {
    const result = checkSite(site, { limits, scripts, now, context });
    // Of the only one, all is unknown then.
    const isOnly = sites.length + unusable.length === 1;
    results.push(
      await (isOnly ? result : result.catch((error) => unknown(site.part, error, context))),
    );
  }
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
  terminal.print(lineOf(results, status), EMPHASIS);
  return status;
}

/** Backups that aren't there at all are the worst of all states, not an unknown one. */
async function checkSite(
  site: Site,
  {
    limits,
    scripts,
    now,
    context,
  }: {
    readonly limits: HealthLimits;
    readonly scripts: readonly PartScripts[];
    readonly now: Date;
    readonly context: CommandContext;
  },
): Promise<CheckedSite> {
  try {
    // Nothing of its progress is for a plug-in.
    const { signal, backups } = context;
    const silent = { onEvent: () => {}, signal, backups };
    const health = await readSiteHealth(site, { now, context: silent });
    const judgements = [
      ...judgeHealth(health, { limits, now }).map(inWords),
      ...judgeScripts(site, scripts),
    ];
    return { part: site.part, judgements, status: worst(judgements.map(statusOf)), health };
  } catch (error) {
    if (!isFailure(error, 'not-found')) throw error;
    context.terminal.log(`Hint: ${adviceOf(error.hint)}`);
    const text = await describeAbsence(site, context);
    return unread(site.part, { state: 'critical', code: error.code, text });
  }
}

/** That there is no backup yet, and why, if the last run failed. */
async function describeAbsence(site: Site, { backups }: CommandContext): Promise<string> {
  const [place] = await findBackupPlaces(site, 'backup');
  const where = place === undefined ? '' : ` in "${place.path}"`;
  const runs = await readHistory(site, { kind: 'backup', backups }).catch(() => []);
  const last = runs.find(({ verb }) => verb === 'backup');
  const why = last?.message === undefined ? '' : `; the last backup failed: ${last.message}`;
  return `no backup yet${where}${why}`;
}

/** The backups of this site are unknown, but those of the others are not. */
function unknown(part: string, error: unknown, { terminal, signal }: CommandContext): CheckedSite {
  signal.throwIfAborted();
  const { text, code, hint } = reasonOf(error);
  if (hint !== undefined) terminal.log(`Hint: ${hint}`);
  return unread(part, { state: 'unknown', code, text });
}

function unread(part: string, found: Pick<Finding, 'state' | 'code' | 'text'>): CheckedSite {
  const finding = { ...found, values: {}, storage: undefined, measure: undefined };
  return { part, judgements: [finding], status: statusOf(finding), health: undefined };
}

function statusOf({ state }: Pick<Finding, 'state'>): number {
  return state === 'unknown' ? UNKNOWN : STATUS[state];
}

function worst(statuses: readonly number[]): number {
  return ORDER.find((one) => statuses.includes(one)) ?? UNKNOWN;
}

function inWords({ finding, ...judged }: Judgement): Finding {
  return {
    ...judged,
    text: describeHealth(finding),
    code: finding.code,
    values: valuesOf(finding),
  };
}

/** The scripts that cron runs may be those of another program. */
function judgeScripts({ part }: Site, scripts: readonly PartScripts[]): readonly Finding[] {
  const texts = scripts
    .filter((one) => one.part === part)
    .flatMap((one) => sayOverwritten(one) ?? []);
  return texts.map((text) => ({
    ...{ state: 'warning', code: 'scripts-overwritten', text, values: {} },
    ...{ storage: undefined, measure: undefined },
  }));
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
  const rank = (one: Finding) => ORDER.indexOf(statusOf(one));
  const ordered = [...named].sort((a, b) => rank(a) - rank(b));
  const text = ordered
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

/** Why nobody can tell; a defect has no hint. */
function reasonOf(error: unknown): {
  readonly text: string;
  readonly code: FailureCode | 'internal';
  readonly hint?: string;
} {
  const failure = adoptSystemError(error, 'check');
  if (!(failure instanceof Failure)) {
    return { text: `internal error: ${String(error)}`, code: 'internal' };
  }
  const { message, code, hint } = failure;
  return { text: message, code, hint: adviceOf(hint) };
}

function orDefault<T>(said: T | 'off' | undefined, byDefault: T | undefined): T | undefined {
  return said === undefined ? byDefault : said === 'off' ? undefined : said;
}
