import { describeHold } from '../../blobs/ownership/retention-hold.ts';
import { LOOKS } from '../../repository/judgement.ts';
import { describeSiteFault } from '../../repository/site-faults.ts';
import { describeAstray, rescueCommand } from '../run/astray-server-warning.ts';
import type { PastRun } from '../run/past-runs.ts';
import { isAhead, type PlaceHealth, type SiteHealth } from './site-health.ts';

/** From where on something is a warning, and from where on critical. */
export interface Limits {
  readonly warning: number;
  readonly critical: number;
}

/** Limits of ages in seconds; of free space in bytes or percent. Undefined: it isn't judged. */
export interface HealthLimits {
  readonly backupAge: Limits | undefined;
  readonly verifyAge: Limits | undefined;
  readonly rehearsalAge: Limits | undefined;
  readonly free: (Limits & { readonly unit: 'bytes' | 'percent' }) | undefined;
}

/** The exit statuses of monitoring plug-ins: 0, 1, 2. */
export type HealthState = 'ok' | 'warning' | 'critical';

/** One thing that was judged. */
export interface Judgement {
  readonly state: HealthState;
  /** Which storage, where it is about one of several. */
  readonly storage: string | undefined;
  readonly text: string;
  /** Undefined where there is no number to it. */
  readonly measure: Measure | undefined;
}

/** A number as monitoring takes it. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: 's' | 'B' | '';
  readonly limits: Limits | undefined;
}

/** How numbers are put into words. */
interface Words {
  readonly age: (seconds: number) => string;
  readonly size: (bytes: number) => string;
}

/**
 * Judges the backups of a site.
 *
 * @param say - puts an age in seconds, or a size, into words
 */
export function judgeHealth(
  health: SiteHealth,
  {
    limits,
    now,
    say,
  }: {
    readonly limits: HealthLimits;
    readonly now: Date;
    readonly say: Words;
  },
): readonly Judgement[] {
  const judgements = health.places.flatMap((place) => {
    const storage = health.places.length === 1 ? undefined : place.storage;
    const age = (moment: Date | undefined) =>
      moment === undefined ? undefined : Math.max(0, (now.getTime() - moment.getTime()) / 1000);
    const backups = [place.newest, health.lastGoodBackup].filter((one) => one !== undefined);
    const last = backups.filter((one) => !isAhead(one, now)).reduce(later, undefined);
    const judged: readonly Unplaced[] = [
      judgeBackup(age(last), { place, limits, say }),
      ...(place.newest !== undefined && isAhead(place.newest, now)
        ? [judgeClock(place.newest)]
        : []),
      judgeCheck('verified', age(place.verified), {
        since: age(place.oldest),
        limits: limits.verifyAge,
        say,
      }),
      judgeCheck('rehearsed', age(place.rehearsed), {
        since: age(place.oldest),
        limits: limits.rehearsalAge,
        say,
      }),
      judgeFree(place, { limits: limits.free, say }),
      judgeChains(place),
      ...judgeNewest(place),
      ...judgeHold(place),
    ];
    return judged.map((one) => ({ ...one, storage }));
  });
  return [
    ...judgements,
    ...(limits.free === undefined ? [] : judgeGrowth(health)),
    ...judgeServers(health),
    ...judgeHalfRestored(health),
    ...judgeLastRuns(health),
  ];
}

type Unplaced = Omit<Judgement, 'storage'>;
interface Saying {
  readonly say: Words;
}

function judgeBackup(
  age: number | undefined,
  { place, limits, say }: { place: PlaceHealth; limits: HealthLimits } & Saying,
): Unplaced {
  // A backup that found nothing new is one only where there is something to restore.
  if (age === undefined || place.points === 0) {
    const text = place.points === 0 ? 'no backup is there' : 'nobody knows when it was backed up';
    return { state: 'critical', text, measure: undefined };
  }
  return {
    state: stateOf(age, limits.backupAge),
    text: `backed up ${say.age(age)} ago`,
    measure: { name: 'backup_age', value: Math.round(age), unit: 's', limits: limits.backupAge },
  };
}

/** Its age says nothing, nor that of those that follow: stamps only rise. */
function judgeClock(newest: Date): Unplaced {
  const moment = newest.toISOString().slice(0, 'yyyy-mm-dd'.length);
  return {
    state: 'warning',
    text: `the newest restore point is dated ${moment}, in the future: a clock was wrong`,
    measure: undefined,
  };
}

/** What was never checked counts from the oldest backup on: a new site has time. */
function judgeCheck(
  what: 'verified' | 'rehearsed',
  age: number | undefined,
  { since, limits, say }: { since: number | undefined; limits: Limits | undefined } & Saying,
): Unplaced {
  const name = what === 'verified' ? 'verify_age' : 'rehearsal_age';
  if (age === undefined) {
    const state = since === undefined ? 'ok' : stateOf(since, limits);
    return { state, text: `never ${what}`, measure: undefined };
  }
  return {
    state: stateOf(age, limits),
    text: `${what} ${say.age(age)} ago`,
    measure: { name, value: Math.round(age), unit: 's', limits },
  };
}

function judgeFree(
  { freeBytes, diskBytes }: PlaceHealth,
  { limits, say }: { limits: HealthLimits['free'] } & Saying,
): Unplaced {
  const share = diskBytes === 0 ? 0 : freeBytes / diskBytes;
  const inBytes = (limit: number) =>
    limits?.unit === 'percent' ? Math.floor((limit / 100) * diskBytes) : limit;
  const settled = limits && {
    warning: inBytes(limits.warning),
    critical: inBytes(limits.critical),
  };
  const state =
    settled === undefined || freeBytes >= settled.warning
      ? 'ok'
      : freeBytes >= settled.critical
        ? 'warning'
        : 'critical';
  return {
    state,
    text: `${say.size(freeBytes)} free (${Math.floor(share * 100)}%)`,
    measure: { name: 'free', value: freeBytes, unit: 'B', limits: settled },
  };
}

function judgeChains(place: PlaceHealth): Unplaced {
  const { problems, badPoints, siteFault, points, isSuperseded } = place;
  const measure = {
    name: 'problems',
    value: problems.length + badPoints.length,
    unit: '',
    limits: undefined,
  } as const;
  const state = isSuperseded ? 'warning' : 'critical';
  const remedy = isSuperseded
    ? '; a newer full backup was verified, "zodbvault retire --damaged" removes what is bad'
    : '';
  const [problem] = problems;
  if (problem?.kind === 'bad') {
    const text = `${problems.length} wrong: ${problem.name}: ${problem.problem}${remedy}`;
    return { state, text, measure };
  }
  const [bad] = badPoints;
  if (bad !== undefined) {
    const text = `${LOOKS[bad.foundBy]} found ${bad.stamp} bad${remedy}`;
    return { state, text, measure };
  }
  if (siteFault !== undefined) {
    return { state: 'warning', text: describeSiteFault(siteFault), measure };
  }
  return { state: 'ok', text: `${points} restore point${points === 1 ? '' : 's'} whole`, measure };
}

/** A restore without a date does not guess which of the copies is meant. */
function judgeNewest({ newestOfCopy }: PlaceHealth): readonly Unplaced[] {
  if (newestOfCopy === undefined) return [];
  const { stamp, path, is, beside } = newestOfCopy;
  const what = is === 'copy' ? 'another copy of the database' : 'another database';
  const third = beside === undefined ? '' : `; the folder holds backups of "${beside}", too`;
  const each = is === 'copy' ? 'copy' : 'database';
  const text = `the newest restore point, ${stamp}, was made of ${what}, "${path}"${third}: give each ${each} a folder of its own, and name a date to restore`;
  return [{ state: 'warning', text, measure: undefined }];
}

function judgeHold({ hold }: PlaceHealth): readonly Unplaced[] {
  if (hold === undefined) return [];
  return [{ state: 'warning', text: describeHold(hold), measure: undefined }];
}

/** So many days are left to make room, or to decide what may go. */
const FULL_SOON_DAYS = 14;

/** Where old backups go, room comes back. */
function judgeGrowth({ disks, keepsAll }: SiteHealth): readonly Judgement[] {
  if (!keepsAll) return [];
  return disks.flatMap(({ folders, daysUntilFull: days }) => {
    if (days === undefined || days >= FULL_SOON_DAYS) return [];
    const [folder] = folders;
    const text = `the disk with ${folder} will be full in about ${Math.floor(days)} days, and no old backup is ever removed: set keep, or make room`;
    return [{ state: 'warning', storage: undefined, text, measure: undefined }] as const;
  });
}

/** What such a server commits is in no backup. */
function judgeServers({ astray, places }: SiteHealth): readonly Judgement[] {
  return astray.map(({ storage, dataFs, server }) => ({
    state: 'critical',
    storage: places.length === 1 ? undefined : storage,
    text: `${describeAstray(server, dataFs)}; copy it out before you stop that: ${rescueCommand(server, dataFs)}`,
    measure: undefined,
  }));
}

/** A site that starts on it has a Data.fs and blobs of two states, or none. */
function judgeHalfRestored({ isHalfRestored }: SiteHealth): readonly Judgement[] {
  if (!isHalfRestored) return [];
  const text =
    'a restore was killed half-way: run "zodbvault restore" or "zodbvault backup" to finish it, and don’t start the site before';
  return [{ state: 'critical', storage: undefined, text, measure: undefined }];
}

/** Of other runs, the age of the last good one tells; but one that was killed has told nobody. */
function judgeLastRuns({ lastRuns, isHalfRestored }: SiteHealth): readonly Judgement[] {
  return [...lastRuns.values()].flatMap((run) => {
    const isSaid = isHalfRestored && (run.verb === 'restore' || run.verb === 'undo');
    if (isSaid && run.result === 'killed') return [];
    const isTold = run.result === 'killed' || (run.verb === 'backup' && run.result !== 'done');
    if (!isTold) return [];
    const text = describeLastRun(run);
    return [{ state: 'warning', storage: undefined, text, measure: undefined }] as const;
  });
}

function describeLastRun({ verb, result, begun, warnings, warned, message }: PastRun): string {
  const name = `the last ${verb}`;
  if (result === 'killed') return `${name} was killed: it began at ${begun} and never ended`;
  if (result !== 'warnings') return `${name} was not done: ${message ?? result}`;
  const many = warnings === 1 ? 'a warning' : `${warnings} warnings`;
  const [first] = warned ?? [];
  return `${name} ended with ${many}${first === undefined ? ', which its log has' : `: ${first}`}`;
}

function stateOf(age: number, limits: Limits | undefined): HealthState {
  if (limits === undefined || age <= limits.warning) return 'ok';
  return age <= limits.critical ? 'warning' : 'critical';
}

function later(a: Date | undefined, b: Date): Date {
  return a === undefined || b > a ? b : a;
}
