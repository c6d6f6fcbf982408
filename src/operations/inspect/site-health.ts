import type { OpenBackups } from '../../blobs/open-backups.ts';
import { readOwnBlobs } from '../../blobs/ownership/ownership.ts';
import { findRetentionHoldOf, type RetentionHold } from '../../blobs/ownership/retention-hold.ts';
import { backedUpDataFs } from '../../config/model/relocate-site.ts';
import type { Site } from '../../config/model/site.ts';
import { isSound, type Judgement, reasonsAgainst } from '../../repository/judgement.ts';
import { stampOfFileName } from '../../repository/layout/file-names.ts';
import { momentOfStamp, parseStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { copyBeside, readPointsOfCopies } from '../../repository/lineage/points-of-copies.ts';
import {
  type Check,
  findUnreadChecks,
  isAsDeep,
  ofGoodLooks,
} from '../../repository/records/check-results.ts';
import { isTestRestore, isVerification } from '../../repository/records/last-looks.ts';
import { findSiteFault, type SiteFault } from '../../repository/site-faults.ts';
import type { Finding } from '../../repository/verify-repository.ts';
import { type AstrayServer, findAstrayServers } from '../../sources/astray-server.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import { freeSpaceOf } from '../../system/files/free-space.ts';
import { isOnReadOnlyDisk } from '../../system/files/presence.ts';
import { eachInTurn } from '../../system/streams/cooperative.ts';
import { type RememberedCopy, rememberedCopies } from '../copies/remembered-copies.ts';
import { type ListedSitePoint, listPlace } from '../list/list-site.ts';
import { isLeftHalfRestored } from '../restore/held-site.ts';
import { type BackupPlace, findBackupPlaces } from '../run/backup-places.ts';
import type { JobContext } from '../run/events.ts';
import { isAtWork } from '../run/is-at-work.ts';
import { type PastRun, readPastRuns } from '../run/past-runs.ts';
import type { BlobFinding } from '../verify/blob-finding.ts';
import { findGoneBlobs } from '../verify/gone-blobs.ts';
import type { EntryFinding } from '../verify/record-checks.ts';
import { verify } from '../verify/verify.ts';
import { verifyBlobs } from '../verify/verify-blobs.ts';
import { type BackupDisk, keepsAll, readBackupDisks } from './disk-growth.ts';
import { ownRuns } from './own-runs.ts';

/** What is known about the backups of one storage, those that the script `backup` makes. */
export interface PlaceHealth {
  readonly storage: string;
  readonly path: string;
  readonly points: number;
  /** Moments of restore points; the newest is none of another copy of the database, or of another one. */
  readonly oldest: Date | undefined;
  readonly newest: Date | undefined;
  /** Size of the Data.fs of that one; undefined where nothing tells. */
  readonly dataFsBytes: number | undefined;
  /** Bytes of all data files in the repository. */
  readonly storedBytes: number;
  /**
   * When every byte of some point of this copy was last read, and when one was last restored for trial, and was what
   * the site had.
   */
  readonly verified: Date | undefined;
  readonly testRestored: Date | undefined;
  /** When such a look last found something wrong. */
  readonly verifiedBad: Date | undefined;
  readonly testRestoredBad: Date | undefined;
  /** Points in which a look has found something wrong that the site hasn't had for as long as backups tell. */
  readonly badPoints: readonly BadPoint[];
  /** The newest of all points, if another copy of the database, or another database, is what it was made of. */
  readonly newestOfCopy: NewestOfCopy | undefined;
  /** What it has had so long: its backups are as they should be. */
  readonly siteFault: SiteFault | undefined;
  /** Files that are missing or have another size. */
  readonly problems: readonly (Finding | BlobFinding)[];
  /** Whether all of that is older than a full backup that was verified since, as deeply as what is bad was. */
  readonly isSuperseded: boolean;
  /** The file with what looks have found, where it can't be read. */
  readonly unreadChecks: string | undefined;
  /** Whether its disk is mounted for reading alone: no backup can be made. */
  readonly isReadOnly: boolean;
  /** Why nothing old goes meanwhile. */
  readonly hold: RetentionHold | undefined;
  readonly freeBytes: number;
  readonly diskBytes: number;
}

/** A restore point, and the look that has found something wrong in it. */
export interface BadPoint {
  readonly stamp: Stamp;
  readonly foundBy: Check['kind'];
}

/** A restore point, and the Data.fs of the other copy, or database, that it was made of. */
export interface NewestOfCopy {
  readonly stamp: Stamp;
  readonly path: string;
  readonly is: 'copy' | 'database';
  /** Where none is of the live Data.fs: that of a third one. */
  readonly beside?: string;
}

export interface SiteHealth {
  readonly part: string;
  readonly places: readonly PlaceHealth[];
  /** The last run of each kind that has ended, or was killed, but for those of a clock that was ahead. */
  readonly lastRuns: ReadonlyMap<PastRun['verb'], PastRun>;
  /** When a backup last ended well, be it that nothing had to be written. */
  readonly lastGoodBackup: Date | undefined;
  /** Servers that have lost the Data.fs of a storage; none where they can't be looked into. */
  readonly astray: readonly StorageAstray[];
  readonly disks: readonly BackupDisk[];
  /** Places that get a copy of each backup, as the last runs have left them: none of them is asked. */
  readonly copies: readonly RememberedCopy[];
  /** Whether a restore was killed while it swapped what is live: that is half the one state, half the other. */
  readonly isHalfRestored: boolean;
  /** Whether every backup stays until somebody removes it by hand. */
  readonly keepsAll: boolean;
}

/** A storage of which a server writes elsewhere. */
export interface StorageAstray {
  readonly storage: string;
  readonly dataFs: string;
  readonly server: AstrayServer;
}

/**
 * Looks at the backups of a site without reading them: names, sizes, what is remembered. Failure
 * `not-found` where one of their folders isn't there.
 */
export async function readSiteHealth(
  site: Site,
  { now, context }: { readonly now: Date; readonly context: JobContext },
): Promise<SiteHealth> {
  const places: PlaceHealth[] = [];
  const runs: PastRun[] = [];
  for (const place of await findBackupPlaces(site, { kind: 'backup', backups: context.backups })) {
    places.push(await placeHealth(place, { site, now, context }));
    const logged = await ownRuns(site, await readPastRuns(place.path, context.backups));
    await eachInTurn(logged, (run) => {
      if (run.of !== 'backup' && run.of !== 'all') return;
      if (!isAhead(new Date(run.begun), now)) runs.push(run);
    });
  }
  runs.sort((a, b) => (a.begun < b.begun ? -1 : a.begun > b.begun ? 1 : 0));
  const isGood = ({ verb, result }: PastRun) =>
    verb === 'backup' && (result === 'done' || result === 'warnings');
  const good = runs.findLast(isGood);
  const lastRuns = new Map<PastRun['verb'], PastRun>();
  for (const run of runs) if (run.result !== 'running') lastRuns.set(run.verb, run);
  return {
    part: site.part,
    places,
    lastRuns,
    lastGoodBackup: good === undefined ? undefined : endOf(good),
    astray: await findAstray(site),
    isHalfRestored: await isLeftHalfRestored(site, now),
    copies: await rememberedCopies(site, context.backups),
    disks: await readBackupDisks(site, { now, backups: context.backups }),
    keepsAll: keepsAll(site),
  };
}

async function findAstray({ storages, contents }: Site): Promise<readonly StorageAstray[]> {
  const found: StorageAstray[] = [];
  for (const { name, dataFs } of contents === 'blobs' ? [] : storages) {
    for (const server of await findAstrayServers(dataFs)) {
      found.push({ storage: name, dataFs, server });
    }
  }
  return found;
}

/** So far clocks of machines that share a folder may differ. */
const AHEAD_SECONDS = 600;

/** Whether a clock was wrong that told a moment. */
export function isAhead(moment: Date, now: Date): boolean {
  return moment.getTime() > now.getTime() + AHEAD_SECONDS * 1000;
}

/** When a run ended. */
export function endOf({ begun, seconds }: PastRun): Date {
  return new Date(new Date(begun).getTime() + seconds * 1000);
}

async function placeHealth(
  place: BackupPlace,
  { site, now, context }: { readonly site: Site; readonly now: Date; readonly context: JobContext },
): Promise<PlaceHealth> {
  const { storage, path, repository, blobs } = place;
  const { backups } = context;
  const opened = await backups.repository(path);
  await requireBackups(opened.store);
  const disk = await freeSpaceOf(path);
  const listed = await listPlace(place, { site, backups });
  const problems = await problemsOf(place, { listed, now, context });
  const hold = await findRetentionHoldOf(place, context);
  const unreadChecks = await findUnreadChecks(opened.store);
  const common = {
    storage,
    path,
    ...disk,
    problems,
    hold,
    unreadChecks,
    isReadOnly: await isOnReadOnlyDisk(path),
  };
  if (repository === undefined && blobs !== undefined) {
    const { entries } = await readOwnBlobs(blobs, { repository, backups });
    const moments = entries.map(({ stamp }) => momentOfStamp(stamp));
    return {
      ...common,
      points: entries.length,
      oldest: moments.at(-1),
      newest: moments[0],
      dataFsBytes: undefined,
      storedBytes: 0,
      verified: undefined,
      testRestored: undefined,
      verifiedBad: undefined,
      testRestoredBad: undefined,
      badPoints: [],
      newestOfCopy: undefined,
      siteFault: undefined,
      isSuperseded: false,
    };
  }
  const judged = listed.flatMap((one) => (one.kind === 'filestorage' ? [one] : []));
  const points = judged.map(({ point }) => point);
  const own = judged.filter(isOwn);
  const siteFault = findSiteFault(judged.map(({ judgement }) => judgement));
  const isFaithful = ({ stamp }: { readonly stamp: Stamp }) =>
    siteFault?.stamps.includes(stamp) === true;
  const past = (checks: readonly Check[]) => checks.filter(({ at }) => !isAhead(new Date(at), now));
  const good = past(
    own.flatMap(({ point }) => (isFaithful(point) ? point.checks : ofGoodLooks(point.checks))),
  );
  const bad = past(own.flatMap(({ point }) => point.checks)).filter(isBad);
  const badPoints = judged
    .map(({ judgement }) => judgement)
    .filter((one) => looksAgainst(one).length > 0 && !isFaithful(one));
  // What a run has not finished, or not yet, is no backup of that moment.
  const finished = own.filter(({ judgement }) => judgement.run !== 'incomplete');
  return {
    ...common,
    points: points.length,
    oldest: points[0]?.moment,
    newest: finished.at(-1)?.point.moment,
    dataFsBytes: own.at(-1)?.point.dataFsBytes,
    storedBytes: points.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    verified: latest(good.filter(isVerification)),
    testRestored: latest(good.filter(isTestRestore)),
    verifiedBad: latest(bad.filter(isVerification)),
    testRestoredBad: latest(bad.filter(isTestRestore)),
    badPoints: badPoints.flatMap(badPointOf),
    newestOfCopy: await newestOfCopy(judged, { place, site, backups }),
    siteFault,
    isSuperseded: isSuperseded({ problems, badPoints }, own),
  };
}

function isBad({ outcome }: Check): boolean {
  return outcome === 'bad';
}

/** Files that are missing tell of themselves. */
function looksAgainst(judgement: Judgement): readonly Check[] {
  return reasonsAgainst(judgement).flatMap((one) => ('check' in one ? one.check : []));
}

function badPointOf(judgement: Judgement): readonly BadPoint[] {
  const [look] = looksAgainst(judgement);
  return look === undefined ? [] : [{ stamp: judgement.stamp, foundBy: look.kind }];
}

type FilestoragePoint = Extract<ListedSitePoint, { kind: 'filestorage' }>;

/** What has moved is one. */
function isOwn({ madeOf }: FilestoragePoint): boolean {
  return madeOf === undefined || madeOf.is === 'place-before';
}

/** A restore without a date would take it. */
async function newestOfCopy(
  points: readonly FilestoragePoint[],
  {
    place: { storage, repository },
    site,
    backups,
  }: { readonly place: BackupPlace; readonly site: Site; readonly backups: OpenBackups },
): Promise<NewestOfCopy | undefined> {
  const newest = points.findLast(({ judgement }) => judgement.run !== 'incomplete');
  if (newest === undefined) return undefined;
  const { stamp } = newest.point;
  if (newest.madeOf !== undefined) {
    const { path, is } = newest.madeOf;
    return is === 'place-before' ? undefined : { stamp, path, is };
  }
  const dataFs = backedUpDataFs(site, storage);
  // Only what knew of another copy can be of two that are both none of this Data.fs.
  if (!newest.judgement.known.hasOtherCopy || dataFs === undefined || repository === undefined)
    return undefined;
  const opened = await backups.repository(repository);
  const { points: all } = await readPointsOfCopies(opened, dataFs);
  const madeOf = all.find((one) => one.stamp === stamp)?.madeOf;
  const beside = await copyBeside(all, stamp);
  if (typeof madeOf !== 'object' || beside === undefined) return undefined;
  return { stamp, path: madeOf.path, is: 'copy', beside: beside.path };
}

async function problemsOf(
  place: BackupPlace,
  {
    listed,
    now,
    context,
  }: {
    readonly listed: readonly ListedSitePoint[];
    readonly now: Date;
    readonly context: JobContext;
  },
): Promise<PlaceHealth['problems']> {
  const { repository, blobs } = place;
  const quick = { depth: 'quick' } as const;
  const findings: (Finding | BlobFinding)[] =
    repository === undefined
      ? []
      : [...(await verify({ repository, ...quick, chains: 'all' }, context))];
  const ofEntries: EntryFinding[] = [];
  if (blobs !== undefined) {
    const found = verifyBlobs(blobs, { repository, ...quick, entries: 'newest', context });
    for await (const one of found) ofEntries.push(one);
  }
  findings.push(...ofEntries.map(({ finding }) => finding));
  const isRunning = await isAtWork(repository, { now, backups: context.backups });
  const gone = findGoneBlobs(listed, { place, isRunning, found: ofEntries });
  return [...findings.filter(({ kind }) => kind === 'bad'), ...gone];
}

/** Whether the newest full backup of which all is good is newer than all that isn't. */
function isSuperseded(
  {
    problems,
    badPoints,
  }: {
    readonly problems: readonly (Finding | BlobFinding)[];
    readonly badPoints: readonly Judgement[];
  },
  points: readonly FilestoragePoint[],
): boolean {
  const stamps = [
    ...problems.map(({ name }) => stampOfFileName(name) ?? parseStamp(name)),
    ...badPoints.map(({ stamp }) => stamp),
  ];
  // What a look at the bytes can't see, it doesn't disprove.
  const looks = badPoints.flatMap(looksAgainst).map(({ kind }) => kind);
  const isProven = ({ judgement }: (typeof points)[number]) => {
    const { data } = judgement;
    if (!isSound(judgement) || data.kind !== 'good') return false;
    const { depth } = data;
    return depth !== undefined && looks.every((kind) => kind === 'verify' || isAsDeep(depth, kind));
  };
  const proven = points.findLast((one) => one.point.kind === 'full' && isProven(one))?.point.stamp;
  return proven !== undefined && stamps.every((stamp) => stamp !== undefined && stamp < proven);
}

function latest(checks: readonly Check[]): Date | undefined {
  const times = checks.map(({ at }) => at).sort();
  const last = times.at(-1);
  return last === undefined ? undefined : new Date(last);
}
