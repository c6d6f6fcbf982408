import type { BackupPlan } from '../../repository/backup-plan.ts';
import type { Deletion } from '../../repository/deletion.ts';
import {
  type Catalogue,
  catalogueOf,
  pointStampsOf,
  stampsOf,
} from '../../repository/layout/catalogue.ts';
import { nextStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { sparesOlder } from '../../repository/lineage/source-faults.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import type { Source } from '../../sources/source.ts';
import { type ObservedBackups, observeBackups } from '../retention/observe-backups.ts';
import type { RemovalPlan } from '../retention/plan-removals.ts';
import { reasonOf } from '../retention/prune-filestorage.ts';
import type { Pruning } from '../retention/pruning.ts';
import { findSuperseded, type Superseding } from '../retention/superseded.ts';
import type { JobContext } from '../run/events.ts';
import type { RemovalReason } from '../run/removal-reason.ts';
import { repositoryOf } from './backup-filestorage.ts';
import type { BackupSettings } from './backup-settings.ts';
import { originOfSource } from './continuity/other-copy.ts';
import { faultsOf } from './continuity/source-past.ts';
import { type BackupDecision, decideBackup } from './decide-backup.ts';
import { openDataFs } from './open-data-fs.ts';

/** What a backup would do now; touches nothing. */
export async function planOnly(settings: BackupSettings, context: JobContext): Promise<BackupPlan> {
  await using source = await openDataFs(settings.dataFs);
  return (await decideOnly(source, { settings, context })).decision.plan;
}

/** Files that would go, and why. */
export interface PlannedRemoval {
  readonly reason: RemovalReason;
  readonly fileNames: readonly string[];
}

/** What a backup would do, and what is known of the old ones then. */
export interface PlannedBackup {
  readonly plan: BackupPlan;
  /** Undefined where there is no repository yet. */
  readonly observed: ObservedBackups | undefined;
  /** What a newer backup takes the place of. */
  readonly superseded: readonly Deletion[];
}

/** What of the old backups would go, and what would be left. */
export interface PlannedRemovals {
  readonly removals: readonly PlannedRemoval[];
  /** The full backup that would be the oldest; undefined: the one that would be made, or none. */
  readonly oldestFull: Stamp | undefined;
}

/** How a backup is made, and what the old ones are kept by. */
export interface PlanSettings {
  readonly storage: string;
  readonly backup: BackupSettings;
  readonly pruning: Pruning;
  readonly wasSetBack: Superseding['wasSetBack'];
}

/** The same, with what is known of old backups: what goes is decided for all storages together. */
export async function planFilestorage(
  settings: PlanSettings,
  context: JobContext,
): Promise<PlannedBackup> {
  await using source = await openDataFs(settings.backup.dataFs);
  const how = { settings: settings.backup, context };
  const { decision, repository, catalogue } = await decideOnly(source, how);
  if (catalogue === undefined) return { plan: decision.plan, observed: undefined, superseded: [] };
  // Awaited here: the source is closed when this function returns.
  return await observeOld(decision, { repository, catalogue, settings, context });
}

async function decideOnly(
  source: Source,
  { settings, context }: { readonly settings: BackupSettings; readonly context: JobContext },
): Promise<{
  readonly decision: BackupDecision;
  readonly repository: OpenRepository;
  /** Undefined where it isn't there yet. */
  readonly catalogue: Catalogue | undefined;
}> {
  const repository = await repositoryOf(settings, context);
  const isMade = settings.missingRepository === 'make';
  const catalogue = await (isMade ? repository.catalogueIfThere() : repository.catalogue());
  const deciding = { repository, catalogue: catalogue ?? catalogueOf([]), settings, context };
  return { decision: await decideBackup(source, deciding), repository, catalogue };
}

async function observeOld(
  { plan, observed, past }: BackupDecision,
  {
    repository,
    catalogue,
    settings: { storage, backup, pruning, wasSetBack },
    context: { backups },
  }: {
    readonly repository: OpenRepository;
    readonly catalogue: Catalogue;
    readonly settings: PlanSettings;
    readonly context: JobContext;
  },
): Promise<PlannedBackup> {
  const isFull = plan.kind === 'full';
  const faults = { ...faultsOf(past), isUnread: false, overwritten: undefined };
  const { mayLack } = faults;
  const full = {
    ...originOfSource(observed, backup.isChanges === true),
    ...{ sparesOlder: sparesOlder(faults), mayLack },
  };
  const { blobs } = pruning;
  const madeAt = backup.now();
  const stamp = nextStamp(madeAt, stampsOf(catalogue));
  const coming =
    plan.kind === 'nothing' ? undefined : { stamp, madeAt, full: isFull ? full : undefined };
  // Unless a full one comes, the blobs of the newest are made by then.
  const finished = isFull || blobs === undefined ? undefined : pointStampsOf(catalogue).at(-1);
  const old = await observeBackups(repository, { storage, pruning, coming, finished });
  if (blobs === undefined || pruning.held !== undefined)
    return { plan, observed: old, superseded: [] };
  const { going } = await findSuperseded(repository, {
    ...{ dataFs: backup.dataFs, folder: backup.repository, blobs, wasSetBack, backups },
    coming: { kind: plan.kind, isUncertain: mayLack || full.sparesOlder },
  });
  return { plan, observed: old, superseded: going };
}

/** What would go of the backups of one storage, in the order in which it would. */
export async function removalsOf(
  { repository, deletions, pruning }: RemovalPlan,
  superseded: readonly Deletion[],
): Promise<PlannedRemovals> {
  const namesOf = (some: readonly Deletion[]) => some.flatMap(({ fileNames }) => fileNames);
  const first = new Set(namesOf(superseded));
  const gone = new Set([...superseded, ...deletions].map(({ stamp }) => stamp));
  const { chains } = await repository.catalogue();
  return {
    removals: [
      ...superseded.map(({ fileNames }) => ({
        reason: { kind: 'superseded' } as const,
        fileNames,
      })),
      ...deletions.map(({ fileNames }) => ({
        reason: reasonOf(pruning),
        fileNames: fileNames.filter((name) => !first.has(name)),
      })),
    ],
    oldestFull: chains.find(({ full }) => !gone.has(full.stamp))?.full.stamp,
  };
}
