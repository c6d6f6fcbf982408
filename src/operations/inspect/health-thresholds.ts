import type { PastRun } from '../run/past-runs.ts';
import type { Warning } from '../run/warnings/warning.ts';
import type { HealthFinding } from './health-findings.ts';
import type { Judgement } from './health-judgement.ts';
import { judgeCopies } from './judge-copies.ts';
import { type Limits, stateOfAge } from './limits.ts';
import { isAhead, type PlaceHealth, type SiteHealth } from './site-health.ts';

/** Limits of ages in seconds; of free space in bytes or percent. Undefined: it isn't judged. */
export interface HealthLimits {
  readonly backupAge: Limits | undefined;
  readonly verifyAge: Limits | undefined;
  readonly testRestoreAge: Limits | undefined;
  readonly free: (Limits & { readonly unit: 'bytes' | 'percent' }) | undefined;
}

/** Judges the backups of a site. */
export function judgeHealth(
  health: SiteHealth,
  { limits, now }: { readonly limits: HealthLimits; readonly now: Date },
): readonly Judgement[] {
  const judgements = health.places.flatMap((place) => {
    const storage = health.places.length === 1 ? undefined : place.storage;
    const age = (moment: Date | undefined) =>
      moment === undefined ? undefined : Math.max(0, (now.getTime() - moment.getTime()) / 1000);
    const backups = [place.newest, health.lastGoodBackup].filter((one) => one !== undefined);
    const last = backups.filter((one) => !isAhead(one, now)).reduce(later, undefined);
    const judged: readonly Unplaced[] = [
      judgeBackup(age(last), { place, limits }),
      ...(place.newest !== undefined && isAhead(place.newest, now)
        ? [judgeClock(place.newest)]
        : []),
      judgeCheck('verified', age(place.verified), {
        bad: age(place.verifiedBad),
        since: age(place.oldest),
        limits: limits.verifyAge,
      }),
      judgeCheck('test-restored', age(place.testRestored), {
        bad: age(place.testRestoredBad),
        since: age(place.oldest),
        limits: limits.testRestoreAge,
      }),
      judgeFree(place, limits.free),
      judgeChains(place),
      ...judgeNewest(place),
      ...judgeHold(place),
      ...judgeUnread(place),
      ...judgeReadOnly(place),
    ];
    return judged.map((one) => ({ ...one, storage }));
  });
  return [
    ...judgements,
    ...(limits.free === undefined ? [] : judgeGrowth(health)),
    ...judgeServers(health),
    ...judgeHalfRestored(health),
    ...judgeCopies(health.copies, { limits: limits.backupAge, now }),
    ...judgeLastRuns(health),
  ];
}

type Unplaced = Omit<Judgement, 'storage'>;

function judgeBackup(
  age: number | undefined,
  { place, limits }: { place: PlaceHealth; limits: HealthLimits },
): Unplaced {
  // A backup that found nothing new is one only where there is something to restore.
  if (age === undefined || place.points === 0) {
    const code = place.points === 0 ? 'no-backup' : 'backup-age-unknown';
    return { state: 'critical', finding: { code }, measure: undefined };
  }
  return {
    state: stateOfAge(age, limits.backupAge),
    finding: { code: 'backup-age', ageSeconds: age },
    measure: { name: 'backup_age', value: Math.round(age), unit: 's', limits: limits.backupAge },
  };
}

/** Its age says nothing, nor that of those that follow: stamps only rise. */
function judgeClock(newest: Date): Unplaced {
  return {
    state: 'warning',
    finding: { code: 'clock-was-wrong', newest },
    measure: undefined,
  };
}

/** What was never checked counts from the oldest backup on: a new site has time. */
function judgeCheck(
  what: 'verified' | 'test-restored',
  age: number | undefined,
  {
    bad,
    since,
    limits,
  }: {
    /** The age of the last one that found damage. */
    readonly bad: number | undefined;
    readonly since: number | undefined;
    readonly limits: Limits | undefined;
  },
): Unplaced {
  const isVerify = what === 'verified';
  if (age === undefined) {
    const state = since === undefined ? 'ok' : stateOfAge(since, limits);
    if (bad === undefined) return { state, finding: { code: `never-${what}` }, measure: undefined };
    const code = isVerify ? 'verify-found-damage' : 'test-restore-found-damage';
    return { state, finding: { code, ageSeconds: bad }, measure: undefined };
  }
  return {
    state: stateOfAge(age, limits),
    finding: { code: isVerify ? 'verify-age' : 'test-restore-age', ageSeconds: age },
    measure: {
      name: isVerify ? 'verify_age' : 'test_restore_age',
      value: Math.round(age),
      unit: 's',
      limits,
    },
  };
}

function judgeFree({ freeBytes, diskBytes }: PlaceHealth, limits: HealthLimits['free']): Unplaced {
  const share = diskBytes === 0 ? 0 : freeBytes / diskBytes;
  const inBytes = (limit: number) =>
    limits?.unit === 'percent' ? Math.floor((limit / 100) * diskBytes) : limit;
  const limitsInBytes = limits && {
    warning: inBytes(limits.warning),
    critical: inBytes(limits.critical),
  };
  const state =
    limitsInBytes === undefined || freeBytes >= limitsInBytes.warning
      ? 'ok'
      : freeBytes >= limitsInBytes.critical
        ? 'warning'
        : 'critical';
  return {
    state,
    finding: { code: 'free-space', bytes: freeBytes, percent: Math.floor(share * 100) },
    measure: { name: 'free', value: freeBytes, unit: 'B', limits: limitsInBytes },
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
  const [problem] = problems;
  if (problem?.kind === 'bad') {
    const found = { count: problems.length, name: problem.name, problem: problem.problem };
    return { state, finding: { code: 'backup-files-bad', ...found, isSuperseded }, measure };
  }
  const [bad] = badPoints;
  if (bad !== undefined) {
    const { stamp, foundBy } = bad;
    return { state, finding: { code: 'restore-point-bad', stamp, foundBy, isSuperseded }, measure };
  }
  if (siteFault !== undefined) {
    return { state: 'warning', finding: { code: 'site-faults', ...siteFault }, measure };
  }
  return { state: 'ok', finding: { code: 'restore-points-whole', count: points }, measure };
}

function judgeNewest({ newestOfCopy }: PlaceHealth): readonly Unplaced[] {
  if (newestOfCopy === undefined) return [];
  const finding = { code: 'newest-of-other-copy', ...newestOfCopy } as const;
  return [{ state: 'warning', finding, measure: undefined }];
}

function judgeHold({ hold }: PlaceHealth): readonly Unplaced[] {
  if (hold === undefined) return [];
  const finding = { code: 'retention-hold', hold } as const;
  return [{ state: 'warning', finding, measure: undefined }];
}

function judgeReadOnly({ isReadOnly, path }: PlaceHealth): readonly Unplaced[] {
  if (!isReadOnly) return [];
  return [{ state: 'warning', finding: { code: 'disk-read-only', path }, measure: undefined }];
}

function judgeUnread({ unreadChecks }: PlaceHealth): readonly Unplaced[] {
  if (unreadChecks === undefined) return [];
  const finding = { code: 'unread-checks', fileName: unreadChecks } as const;
  return [{ state: 'warning', finding, measure: undefined }];
}

/** So many days are left to make room, or to decide what may go. */
const FULL_SOON_DAYS = 14;

/** Where old backups go, room comes back. */
function judgeGrowth({ disks, keepsAll }: SiteHealth): readonly Judgement[] {
  if (!keepsAll) return [];
  return disks.flatMap(({ folders, daysUntilFull: days }) => {
    if (days === undefined || days >= FULL_SOON_DAYS) return [];
    const [folder] = folders;
    const finding = { code: 'disk-full-soon', folder, days: Math.floor(days) } as const;
    return [{ state: 'warning', storage: undefined, finding, measure: undefined }] as const;
  });
}

/** What such a server commits is in no backup. */
function judgeServers({ astray, places }: SiteHealth): readonly Judgement[] {
  return astray.map(({ storage, dataFs, server }) => ({
    state: 'critical',
    storage: places.length === 1 ? undefined : storage,
    finding: { code: 'astray-server', dataFs, ...server },
    measure: undefined,
  }));
}

function judgeHalfRestored({ isHalfRestored }: SiteHealth): readonly Judgement[] {
  if (!isHalfRestored) return [];
  const finding = { code: 'restore-half-done' } as const;
  return [{ state: 'critical', storage: undefined, finding, measure: undefined }];
}

/** Of other runs, the age of the last good one tells; but one that was killed has told nobody. */
function judgeLastRuns({ lastRuns, isHalfRestored }: SiteHealth): readonly Judgement[] {
  return [...lastRuns.values()].flatMap((run) => {
    const isSaid = isHalfRestored && (run.verb === 'restore' || run.verb === 'undo');
    if (isSaid && run.result === 'killed') return [];
    const isTold = run.result === 'killed' || (run.verb === 'backup' && run.result !== 'done');
    if (!isTold || isOfCopies(run)) return [];
    const finding = findingOf(run);
    return [{ state: 'warning', storage: undefined, finding, measure: undefined }] as const;
  });
}

/** Copies are judged by what is known of them by now. */
function isOfCopies({ result, warnedOf = [] }: PastRun): boolean {
  const failed: Warning['code'] = 'copy-failed';
  return result === 'warnings' && warnedOf.length > 0 && warnedOf.every((code) => code === failed);
}

function findingOf({ verb, result, begun, warnings, warned, message }: PastRun): HealthFinding {
  if (result === 'killed') return { code: 'last-run-killed', verb, begun };
  if (result === 'warnings') {
    return { code: 'last-run-warned', verb, warnings, first: warned?.[0] };
  }
  return { code: 'last-run-not-done', verb, reason: message ?? result };
}

function later(a: Date | undefined, b: Date): Date {
  return a === undefined || b > a ? b : a;
}
