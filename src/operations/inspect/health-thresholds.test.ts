import { describe, expect, it } from 'vitest';
import { stamp } from '../../../test/support/stamp.ts';
import type { PastRun } from '../run/past-runs.ts';
import { type HealthLimits, judgeHealth } from './health-thresholds.ts';
import type { HealthState } from './limits.ts';
import type { PlaceHealth, SiteHealth } from './site-health.ts';

const NOW = new Date('2026-03-10T00:00:00Z');
const day = (number: number) => new Date(Date.UTC(2026, 2, number));
const hours = (number: number) => number * 3600;

const PLACE: PlaceHealth = {
  storage: '1',
  path: '/backups',
  points: 3,
  oldest: day(8),
  newest: day(9),
  dataFsBytes: 1000,
  storedBytes: 1000,
  verified: day(9),
  testRestored: undefined,
  verifiedBad: undefined,
  testRestoredBad: undefined,
  badPoints: [],
  newestOfCopy: undefined,
  siteFault: undefined,
  problems: [],
  isSuperseded: false,
  unreadChecks: undefined,
  isReadOnly: false,
  hold: undefined,
  freeBytes: 300,
  diskBytes: 1000,
};
const SITE: SiteHealth = {
  part: 'backup',
  places: [PLACE],
  lastRuns: new Map(),
  lastGoodBackup: day(9),
  astray: [],
  disks: [],
  isHalfRestored: false,
  copies: [],
  keepsAll: false,
};
const LIMITS: HealthLimits = {
  backupAge: { warning: hours(26), critical: hours(50) },
  verifyAge: { warning: hours(100), critical: hours(200) },
  testRestoreAge: undefined,
  free: { unit: 'percent', warning: 20, critical: 10 },
};
const BACKUP: PastRun = {
  verb: 'backup',
  of: 'backup',
  part: 'backup',
  begun: '2026-03-09T00:00:00.000Z',
  seconds: 1,
  readBytes: 0,
  storedBytes: 0,
  blobBytes: 0,
  warnings: 0,
  result: 'done',
};

function judge(site: Partial<SiteHealth>, limits: Partial<HealthLimits> = {}) {
  return judgeHealth({ ...SITE, ...site }, { limits: { ...LIMITS, ...limits }, now: NOW });
}

const inPlace = (change: Partial<PlaceHealth>): Partial<SiteHealth> => ({
  places: [{ ...PLACE, ...change }],
});

/** Whatever is not ok. */
function complaints(site: Partial<SiteHealth>, limits?: Partial<HealthLimits>) {
  return judge(site, limits).flatMap(({ state, finding }) =>
    state === 'ok' ? [] : [{ state, finding }],
  );
}

describe('the health of backups', () => {
  it('is ok for a site that was backed up and verified in time', () => {
    expect(complaints({})).toEqual([]);
    const names = judge({}).flatMap(({ measure }) => measure?.name ?? []);
    expect(names).toEqual(['backup_age', 'verify_age', 'free', 'problems']);
  });

  it.each<[number, HealthState]>([
    [hours(26), 'ok'],
    [hours(26) + 1, 'warning'],
    [hours(50), 'warning'],
    [hours(50) + 1, 'critical'],
  ])('goes by the age of the last backup: %d seconds', (age, state) => {
    const last = new Date(NOW.getTime() - age * 1000);
    const [judged] = judge({ ...inPlace({ newest: last }), lastGoodBackup: undefined });
    expect([judged?.state, judged?.measure?.value]).toEqual([state, age]);
  });

  it('takes a run that found nothing new for a backup, where there is one to restore', () => {
    const old = { newest: day(1), oldest: day(1) };
    expect(complaints(inPlace(old))).toEqual([]);
    expect(complaints({ ...inPlace(old), lastGoodBackup: undefined })[0]?.state).toBe('critical');
    const none = { points: 0, newest: undefined, oldest: undefined };
    expect(complaints(inPlace(none))).toContainEqual({
      state: 'critical',
      finding: { code: 'no-backup' },
    });
  });

  it('does not go by a restore point of the future', () => {
    const ahead = inPlace({ newest: day(20) });
    expect(complaints(ahead).map(({ state }) => state)).toEqual(['warning']);
    const [judged] = judge({ ...ahead, lastGoodBackup: day(1) });
    expect(judged?.state).toBe('critical');
  });

  it('tells a verification that found damage from none', () => {
    const place = { verified: undefined, verifiedBad: day(8), testRestoredBad: day(9) };
    const found = judge(inPlace(place)).map(({ finding }) => finding);
    const ageOf = (at: Date) => (NOW.getTime() - at.getTime()) / 1000;
    expect(found).toContainEqual({ code: 'verify-found-damage', ageSeconds: ageOf(day(8)) });
    expect(found).toContainEqual({ code: 'test-restore-found-damage', ageSeconds: ageOf(day(9)) });
    const later = judge(inPlace({ verifiedBad: day(8) })).map(({ finding }) => finding.code);
    expect(later).toContain('verify-age');
  });

  it.each<[string, Partial<PlaceHealth>, readonly HealthState[]]>([
    ['the site is new', { verified: undefined }, []],
    ['its backups are old', { verified: undefined, oldest: day(4) }, ['warning']],
    ['they are very old', { verified: undefined, oldest: day(1) }, ['critical']],
  ])('counts from the oldest backup what was never verified: %s', (_, change, states) => {
    expect(complaints(inPlace(change)).map(({ state }) => state)).toEqual(states);
  });

  it.each<[number, HealthState]>([
    [200, 'ok'],
    [199, 'warning'],
    [100, 'warning'],
    [99, 'critical'],
  ])('goes by the room that is left: %d of 1000 bytes', (freeBytes, state) => {
    const inBytes = { unit: 'bytes', warning: 200, critical: 100 } as const;
    for (const free of [LIMITS.free, inBytes]) {
      const found = judge(inPlace({ freeBytes }), { free });
      expect(found.find(({ measure }) => measure?.name === 'free')?.state).toBe(state);
    }
    expect(complaints(inPlace({ freeBytes }), { free: undefined })).toEqual([]);
  });

  const problem = { kind: 'bad', name: 'a.fs', problem: { kind: 'no-full-backup' } } as const;
  const bad = { stamp: stamp('2026-03-09-00-00-00'), foundBy: 'deep' } as const;
  it.each<[string, Partial<PlaceHealth>, HealthState]>([
    ['a file that is missing', { problems: [problem] }, 'critical'],
    ['a restore point that a look has found bad', { badPoints: [bad] }, 'critical'],
    [
      'the same, older than a verified full backup',
      { badPoints: [bad], isSuperseded: true },
      'warning',
    ],
    ['a fault of the site itself', { siteFault: { stamps: [bad.stamp], count: 1 } }, 'warning'],
    [
      'a hold',
      { hold: { kind: 'lost', source: '/site/blobs', holder: '/backups/blobs.0' } },
      'warning',
    ],
    [
      'a newest point of another copy',
      { newestOfCopy: { stamp: bad.stamp, path: '/copy/Data.fs', is: 'copy' } },
      'warning',
    ],
  ])('complains once about %s', (_, change, state) => {
    expect(complaints(inPlace(change)).map((one) => one.state)).toEqual([state]);
  });

  const days = (daysUntilFull: number) => ({
    disks: [{ folders: ['/backups'], freeBytes: 1, diskBytes: 2, daysUntilFull }],
  });
  it('tells of a disk that fills where nothing old ever goes', () => {
    expect(complaints({ ...days(13), keepsAll: true }).map(({ state }) => state)).toEqual([
      'warning',
    ]);
    expect(complaints({ ...days(14), keepsAll: true })).toEqual([]);
    expect(complaints({ ...days(13), keepsAll: false })).toEqual([]);
    expect(complaints({ ...days(13), keepsAll: true }, { free: undefined })).toEqual([]);
  });

  it.each<[string, Partial<PastRun>, number]>([
    ['a backup that was done', {}, 0],
    ['a backup with warnings', { result: 'warnings', warnings: 2 }, 1],
    ['a backup that failed', { result: 'failed', message: 'no room' }, 1],
    ['a backup that was killed', { result: 'killed' }, 1],
    ['a verification that failed', { verb: 'verify', result: 'failed' }, 0],
    ['a verification that was killed', { verb: 'verify', result: 'killed' }, 1],
  ])('goes by the last run of each kind: %s', (_, change, count) => {
    const run: PastRun = { ...BACKUP, ...change };
    const found = complaints({ lastRuns: new Map([[run.verb, run]]) });
    expect(found.map(({ state }) => state)).toEqual(Array(count).fill('warning'));
  });

  it('tells of a restore that was killed half-way once, and that it is critical', () => {
    const lastRuns = new Map([
      ['restore', { ...BACKUP, verb: 'restore', result: 'killed' }],
    ] as const);
    expect(complaints({ isHalfRestored: true, lastRuns }).map(({ state }) => state)).toEqual([
      'critical',
    ]);
    expect(complaints({ lastRuns }).map(({ state }) => state)).toEqual(['warning']);
  });

  it('names the storage where there are several', () => {
    const places = [PLACE, { ...PLACE, storage: 'catalog', points: 0 }];
    const storages = judge({ places }).filter(({ state }) => state !== 'ok');
    expect(storages.map(({ storage }) => storage)).toEqual(['catalog']);
    expect(judge({}).every(({ storage }) => storage === undefined)).toBe(true);
  });
});
