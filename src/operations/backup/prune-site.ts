import type { Deletion } from '../../repository/deletion.ts';
import { pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { StayReason } from '../../repository/retention/retention-point.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import { formatOfKind } from '../backup-blobs/format-of-kind.ts';
import type { RemovalPlan } from '../retention/plan-removals.ts';
import { reasonOf } from '../retention/prune-filestorage.ts';
import { neededOnlyBy, type RemovalCosts, readRemovalCosts } from '../retention/removal-costs.ts';
import type { JobContext } from '../run/events.ts';
import type { RemovalReason } from '../run/removal-reason.ts';
import { withRunLog } from '../run/run-log.ts';
import { type PlannedRemoval, removalsOf } from './plan-filestorage.ts';
import { recoverInterruptedRun } from './recover-interrupted-run.ts';
import type { SiteBackupSettings } from './site-backup-settings.ts';
import { SiteFolders } from './site-folders.ts';
import { SiteRetention } from './site-retention.ts';

/** Which old backups are looked at. */
export type PruneSettings = Pick<SiteBackupSettings, 'site' | 'kind' | 'now'>;

/** What becomes of the backups of a storage. */
export interface StoragePrunePlan {
  readonly storage: string;
  /** Of its Data.fs backups; undefined where only blobs are backed up. */
  readonly repository: string | undefined;
  /** Oldest first. */
  readonly points: readonly PlannedPoint[];
  /** Backups of blobs that would go. */
  readonly blobRemovals: readonly PlannedRemoval[];
  /** What all that goes would free; copies of blobs included, which share files. */
  readonly freedBytes: number;
}

/** A restore point, what becomes of it, and what that costs. */
export interface PlannedPoint {
  readonly stamp: Stamp;
  readonly kind: 'full' | 'increment';
  /** Why it stays; none: it goes. */
  readonly reasons: readonly StayReason[];
  /** Why it goes; undefined: it stays. */
  readonly removal: RemovalReason | undefined;
  /**
   * Of one that goes what that frees. Of one that stays what would be free besides if it didn't: with what only it needs,
   * and nothing where others need it.
   */
  readonly bytes: number;
}

/** Removes what no rule keeps, as a backup would that finds nothing to do. Returns the names of the removed files. */
export async function pruneSite(
  settings: PruneSettings,
  context: JobContext,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { site, kind, now } = settings;
  return await withRunLog({ verb: 'prune', site, kind, now }, context, async (watched) => {
    const { folders, retention } = retentionOf(settings, watched.context);
    await requireFolders(folders, watched.context);
    await using _locks = await folders.lock('prune');
    for (const storage of folders.filestorages()) {
      await recoverInterruptedRun(await folders.opened(storage), watched.context);
    }
    const removed = await retention.prune();
    await watched.done({});
    return removed;
  });
}

/** What {@link pruneSite} would do now; touches nothing. */
export async function planSitePrune(
  settings: PruneSettings,
  context: JobContext,
): Promise<readonly StoragePrunePlan[]> {
  const { folders, retention } = retentionOf(settings, context);
  await requireFolders(folders, context);
  const superseded = new Map<string, readonly Deletion[]>();
  for (const storage of folders.filestorages()) {
    superseded.set(storage.name, await retention.planSuperseded(storage));
  }
  const old = await retention.planOld(superseded);
  const plans = new Map(old.map((plan) => [plan.storage, plan]));
  const all: StoragePrunePlan[] = [];
  for (const storage of settings.site.storages) {
    const plan = plans.get(storage.name);
    const blobs = folders.blobStorages().find((one) => one.storage === storage);
    if (plan === undefined && blobs === undefined) continue;
    const going = superseded.get(storage.name) ?? [];
    const removals = plan && (await removalsOf(plan, going));
    const { points, freedBytes } =
      plan === undefined
        ? { points: [], freedBytes: 0 }
        : await pointsOf(plan, {
            superseded: going,
            costs: await readRemovalCosts(plan.repository, { blobs, context }),
          });
    const nothing = { plan: { kind: 'nothing', end: 0 } as const, ...removals };
    all.push({
      storage: storage.name,
      repository: plan && folders.repositoryOf(storage),
      points,
      blobRemovals: blobs === undefined ? [] : await retention.planBlobRemovals(blobs, nothing),
      freedBytes,
    });
  }
  return all;
}

function retentionOf(settings: PruneSettings, context: JobContext) {
  const { site, kind } = settings;
  const folders = new SiteFolders(settings, context);
  const format = formatOfKind(kind, site.blobFormat);
  const isFull = kind !== 'backup' || site.full === 'always';
  return { folders, retention: new SiteRetention({ settings, folders, format, isFull }, context) };
}

/** Failure `not-found` where nothing was backed up yet. */
async function requireFolders(folders: SiteFolders, { backups }: JobContext): Promise<void> {
  for (const storage of folders.filestorages()) {
    await requireBackups((await folders.opened(storage)).store);
  }
  for (const { folder } of folders.blobStorages()) {
    await requireBackups((await backups.blobFolder(folder)).store);
  }
}

async function pointsOf(
  { repository, verdicts, pruning }: RemovalPlan,
  { superseded, costs }: { readonly superseded: readonly Deletion[]; readonly costs: RemovalCosts },
): Promise<Pick<StoragePrunePlan, 'points' | 'freedBytes'>> {
  const { chains } = await repository.catalogue();
  const byStamp = new Map(verdicts.map((verdict) => [verdict.stamp, verdict]));
  const replaced = new Set(superseded.flatMap(({ points }) => points));
  const reasonsOfPoint = (stamp: Stamp) => byStamp.get(stamp)?.reasons ?? [];
  const going = new Set(
    pointStampsOf({ chains }).filter((stamp) => reasonsOfPoint(stamp).length === 0),
  );
  const freedBytes = costs.bytesOf(going);
  const points = chains.flatMap(({ full, increments }) => {
    const files = [full, ...increments];
    const ofChain = files.flatMap(({ stamp }) => byStamp.get(stamp) ?? []);
    return files.map(({ stamp, kind }): PlannedPoint => {
      const reasons = reasonsOfPoint(stamp);
      if (reasons.length === 0) {
        const removal = replaced.has(stamp) ? ({ kind: 'superseded' } as const) : reasonOf(pruning);
        return { stamp, kind, reasons, removal, bytes: costs.bytesOf(new Set([stamp])) };
      }
      const alone = neededOnlyBy(stamp, ofChain);
      const bytes = costs.bytesOf(new Set([...going, ...alone])) - freedBytes;
      return { stamp, kind, reasons, removal: undefined, bytes };
    });
  });
  return { points, freedBytes };
}
