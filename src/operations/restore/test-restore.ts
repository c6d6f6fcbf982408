import { mkdtemp, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { retarget } from '../../config/model/relocate-site.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';
import { Failure, isFailure, withSystemErrors } from '../../system/failure.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { PRIVATE } from '../../system/files/rights.ts';
import type { DamagedPart, JobContext, JobEvent } from '../run/events.ts';
import { withRunLog } from '../run/run-log.ts';
import { compareWithLive, type LiveComparison } from '../verify/compare-with-live.ts';
import { rememberPoint } from '../verify/record-checks.ts';
import type { RestoredPoint } from '../verify/restored-point.ts';
import type { DeepVerifiedPoint } from '../verify/verify-deep.ts';
import { verifySiteDeepUnlogged } from '../verify/verify-site-deep.ts';
import { type RestoredSite, restoreUnlogged } from './restore-site.ts';
import type { SiteRestorePlan } from './site-restore-plan.ts';
import { TO_EMPTY_PLACE } from './site-restore-plan.ts';

export interface TestRestoreSettings {
  readonly site: Site;
  readonly kind: BackupKind;
  readonly wanted: RestoreTarget;
  /** A folder with room for all of the site, made if it isn't there; what is made is removed again. */
  readonly folder: string;
  /** Whether what comes out is held against the live Data.fs. */
  readonly isComparedWithLive: boolean;
  readonly now: () => Date;
}

/** What a test restore has shown. */
export interface TestRestore {
  /** Time that the restore took. */
  readonly restoreSeconds: number;
  readonly verifySeconds: number;
  readonly storages: readonly TestedStorage[];
}

export interface TestedStorage {
  readonly storage: string;
  readonly repository: string;
  readonly point: DeepVerifiedPoint;
  /** Undefined: it was not compared. */
  readonly live: LiveComparison | undefined;
}

/**
 * Restores a site into a folder of its own, as after a disaster, verifies deeply what was restored,
 * and removes it: so it is known that a restore works, and how long it takes. Remembered in the
 * repositories. The site's commands are not run. Failures: those of a restore.
 */
export async function testRestore(
  settings: TestRestoreSettings,
  context: JobContext,
): Promise<TestRestore> {
  const { site, kind, now } = settings;
  if (settings.isComparedWithLive) refuseWithoutDataFs(site);
  const start = { verb: 'rehearse', site, kind, now } as const;
  return await withRunLog(start, context, async (watched) => {
    const tested = await testUnlogged(settings, watched.context);
    await watched.done({ problems: problemsOf(tested.storages) });
    return tested;
  });
}

function refuseWithoutDataFs({ contents, part }: Site): void {
  if (contents !== 'blobs') return;
  throw new Failure(
    'usage',
    `Cannot compare "${part}" with its live Data.fs: only its blobs are backed up`,
    {
      hint: 'A test restore holds the blobs against the checksums of their backup in any case.',
    },
  );
}

/** How many there are. */
export function problemsOf(storages: readonly TestedStorage[]): number {
  return storages.reduce((sum, { point, live }) => {
    const bad = point.findings.filter(({ kind }) => kind === 'bad').length;
    return sum + bad + (live?.kind === 'differs' ? 1 : 0);
  }, 0);
}

async function testUnlogged(
  settings: TestRestoreSettings,
  context: JobContext,
): Promise<TestRestore> {
  const { site, kind, folder, now } = settings;
  const { uppermost } = await makeFolder(folder, { rights: PRIVATE });
  const place = await withSystemErrors(`create a folder in "${folder}"`, () =>
    mkdtemp(join(folder, 'zodbvault-test-restore-')),
  );
  try {
    const begun = now();
    const { plan } = await restoreInto(place, { settings, begun, context });
    const restored = now();
    const compared = settings.isComparedWithLive
      ? await compareAll(plan, { site, context })
      : new Map<string, LiveComparison>();
    const verified = await verifyRestored({ site, kind, now, plan }, context);
    const restoreSeconds = secondsBetween(begun, restored);
    for (const { point, repository } of verified) {
      const time = { begun, seconds: restoreSeconds };
      await rememberPoint(await context.backups.repository(repository), {
        kind: 'rehearsal',
        point,
        time,
        context,
      });
    }
    return {
      restoreSeconds,
      verifySeconds: secondsBetween(restored, now()),
      storages: verified.map((one) => ({ ...one, live: compared.get(one.storage) })),
    };
  } finally {
    await withSystemErrors(`remove "${place}"`, () => rm(place, { recursive: true, force: true }));
    if (uppermost !== undefined) await removeEmpty(folder, { upTo: uppermost });
  }
}

/** By the names of the storages. Failure `usage` where there is no Data.fs to compare. */
async function compareAll(
  { filestorages }: SiteRestorePlan,
  { site, context }: { readonly site: Site; readonly context: JobContext },
): Promise<ReadonlyMap<string, LiveComparison>> {
  const compared = new Map<string, LiveComparison>();
  for (const { storage, plan } of filestorages) {
    const live = site.storages.find(({ name }) => name === storage)?.dataFs;
    if (live === undefined) continue;
    compared.set(storage, await compareWithLive(plan.target, { live, context }));
  }
  return compared;
}

/** Where what is stored turns out to be damaged, that is remembered: a restore would fail there, too. */
async function restoreInto(
  place: string,
  {
    settings: { site, kind, wanted, now },
    begun,
    context,
  }: {
    readonly settings: TestRestoreSettings;
    readonly begun: Date;
    readonly context: JobContext;
  },
): Promise<RestoredSite> {
  const damaged: DamagedPart[] = [];
  const onEvent = (event: JobEvent) => {
    if (event.kind === 'part-damaged') damaged.push(event);
    context.onEvent(event);
  };
  try {
    return await restoreUnlogged(
      {
        site: retarget(site, place),
        kind,
        wanted,
        ...TO_EMPTY_PLACE,
        now,
      },
      { context: { ...context, onEvent }, done: async () => {} },
    );
  } catch (error) {
    const time = { begun, seconds: secondsBetween(begun, now()) };
    for (const { repository, stamp, part, state } of damaged) {
      const faults = { where: 'stored', names: [state], count: 1 } as const;
      const verdicts = [{ part, outcome: 'bad', faults }] as const;
      const untold = { cut: undefined, fingerprint: undefined, isWrapped: false };
      const point = { stamp, verdicts, ...untold };
      await rememberPoint(await context.backups.repository(repository), {
        kind: 'rehearsal',
        point,
        time,
        context,
      });
    }
    throw asOfTestRestore(error);
  }
}

/** Nothing is to be restored: what a restore would advise is of no use. */
function asOfTestRestore(error: unknown): unknown {
  if (!isFailure(error, 'damaged')) return error;
  return new Failure('damaged', error.message, {
    hint: { kind: 'full-backup-now' },
    cause: error,
  });
}

/** Removes the folders that were made, as far as nobody has put anything there. */
async function removeEmpty(folder: string, { upTo }: { readonly upTo: string }): Promise<void> {
  for (let path = folder; path.length >= upTo.length; path = dirname(path)) {
    if (
      !(await rmdir(path).then(
        () => true,
        () => false,
      ))
    )
      return;
  }
}

/** By storages. */
function whatCameOut({ filestorages, blobs }: SiteRestorePlan): ReadonlyMap<string, RestoredPoint> {
  return new Map(
    filestorages.map(({ storage, plan: { point, target } }) => {
      const own = blobs.find((one) => one.storage === storage)?.plan;
      const restored = own && { tree: own.target, choice: own.choice };
      return [storage, { point, dataFs: target, blobs: restored }];
    }),
  );
}

async function verifyRestored(
  {
    site,
    kind,
    plan,
    now,
  }: Pick<TestRestoreSettings, 'site' | 'kind' | 'now'> & { readonly plan: SiteRestorePlan },
  context: JobContext,
): Promise<readonly Omit<TestedStorage, 'live'>[]> {
  if (site.contents === 'blobs') return [];
  const found: Omit<TestedStorage, 'live'>[] = [];
  const points = { kind: 'restored', byStorage: whatCameOut(plan) } as const;
  const wanted = { site, kind, points, sample: { kind: 'all' }, now } as const;
  for await (const { place, point } of verifySiteDeepUnlogged(wanted, context)) {
    const { storage, repository } = place;
    if (repository !== undefined) found.push({ storage, repository, point });
  }
  return found;
}

function secondsBetween(begun: Date, ended: Date): number {
  return (ended.getTime() - begun.getTime()) / 1000;
}
