import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { Site } from '../../config/model/site.ts';
import type { PartScripts } from '../../config/recipe/part-scripts.ts';
import type { Judgement } from '../../operations/inspect/health-judgement.ts';
import { type HealthLimits, judgeHealth } from '../../operations/inspect/health-thresholds.ts';
import type { HealthState } from '../../operations/inspect/limits.ts';
import { readSiteHealth, type SiteHealth } from '../../operations/inspect/site-health.ts';
import { findBackupPlaces } from '../../operations/run/backup-places.ts';
import { readHistory } from '../../operations/run/past-runs.ts';
import { adoptSystemError, Failure, type FailureCode, isFailure } from '../../system/failure.ts';
import { sayOverwritten } from '../options/part-scripts.ts';
import { describeHealth } from '../render/health.ts';
import { valuesOf } from '../render/json/results/check.ts';
import { adviceOf } from '../render/remedies/advice.ts';
import type { CommandContext } from '../terminal/run-command.ts';

/** The exit statuses of monitoring plug-ins. */
const STATUS = { ok: 0, warning: 1, critical: 2 } as const satisfies Record<HealthState, number>;
/** The state cannot be found out. */
export const UNKNOWN = 3;
export const WORDS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;
/** The worst comes first: a site in an unknown state must not hide one that is critical. */
export const ORDER: readonly number[] = [STATUS.critical, UNKNOWN, STATUS.warning, STATUS.ok];
/** Unless options of `check` say otherwise. */
export const DEFAULT_LIMITS: HealthLimits = {
  backupAge: { warning: 26 * 3600, critical: 50 * 3600 },
  verifyAge: { warning: 8 * 86_400, critical: 22 * 86_400 },
  testRestoreAge: undefined,
  free: { warning: 10, critical: 5, unit: 'percent' },
};

/** A judgement in words, or why there is none. */
export interface Finding extends Omit<Judgement, 'state' | 'finding'> {
  readonly state: HealthState | 'unknown';
  readonly text: string;
  /** The same for programs. */
  readonly code: string;
  readonly values: object;
}

/** The verdict on one site: `check` says it in a line, `report` on a page. */
export interface CheckedSite {
  readonly part: string;
  readonly judgements: readonly Finding[];
  readonly status: number;
  readonly health: SiteHealth | undefined;
  /** What to do where nothing could be judged. */
  readonly hint: string | undefined;
}

/** Backups that aren't there at all are the worst of all states, not an unknown one. */
export async function checkSite(
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
    readonly context: Pick<CommandContext, 'signal' | 'backups'>;
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
    const status = worst(judgements.map(statusOf));
    return { part: site.part, judgements, status, health, hint: undefined };
  } catch (error) {
    if (!isFailure(error, 'not-found')) throw error;
    const text = await describeAbsence(site, context);
    const hint = adviceOf(error.hint);
    return unread(site.part, { state: 'critical', code: error.code, text, hint });
  }
}

/** That there is no backup yet, and why, if the last run failed, or why its log doesn't tell. */
async function describeAbsence(
  site: Site,
  { backups }: Pick<CommandContext, 'backups'>,
): Promise<string> {
  const [place] = await findBackupPlaces(site, { kind: 'backup', backups });
  const where = place === undefined ? '' : ` in "${place.path}"`;
  return `no backup yet${where}${await describeLastRun(site, backups)}`;
}

/** As the end of a sentence. */
async function describeLastRun(site: Site, backups: OpenBackups): Promise<string> {
  try {
    const runs = await readHistory(site, { kind: 'backup', backups });
    const last = runs.find(({ verb }) => verb === 'backup');
    if (last?.message !== undefined) return `; the last backup failed: ${last.message}`;
    if (last?.result === 'killed') return '; the last backup was killed';
    return last?.result === 'running' ? '; a backup is running' : '';
  } catch (error) {
    // Where there is no folder yet, there is no log, either.
    if (isFailure(error, 'not-found')) return '';
    if (error instanceof Failure) return `; ${error.message}`;
    throw error;
  }
}

/** The backups of this site are unknown, but those of the others are not. */
export function unknownSite(
  part: string,
  error: unknown,
  { signal }: Pick<CommandContext, 'signal'>,
): CheckedSite {
  signal.throwIfAborted();
  return unread(part, { state: 'unknown', hint: undefined, ...reasonOf(error) });
}

function unread(
  part: string,
  {
    hint,
    ...found
  }: Pick<Finding, 'state' | 'code' | 'text'> & { readonly hint: string | undefined },
): CheckedSite {
  const finding = { ...found, values: {}, storage: undefined, measure: undefined };
  return { part, judgements: [finding], status: statusOf(finding), health: undefined, hint };
}

/** What is worst comes first. */
export function worstFirst<F extends Pick<Finding, 'state'>>(findings: readonly F[]): readonly F[] {
  const rank = (one: F) => ORDER.indexOf(statusOf(one));
  return [...findings].sort((a, b) => rank(a) - rank(b));
}

export function statusOf({ state }: Pick<Finding, 'state'>): number {
  return state === 'unknown' ? UNKNOWN : STATUS[state];
}

export function worst(statuses: readonly number[]): number {
  return ORDER.find((one) => statuses.includes(one)) ?? UNKNOWN;
}

/** The same for people, and for programs. */
export function inWords({ finding, ...judged }: Judgement): Finding {
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

/** Why the state is unknown; a defect has no hint. */
export function reasonOf(error: unknown): {
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
