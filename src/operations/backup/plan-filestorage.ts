import type { BackupPlan } from '../../repository/backup-plan.ts';
import { type Catalogue, catalogueOf, pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { sparesOlder } from '../../repository/lineage/source-faults.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { filesOfChain } from '../../repository/remove-chain.ts';
import { type Pruning, planPrune } from '../retention/prune-filestorage.ts';
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
  return (await planWithRemovals(settings, context)).plan;
}

/** Files that would go, and why. */
export interface PlannedRemoval {
  readonly reason: RemovalReason;
  readonly fileNames: readonly string[];
}

/** What a backup would do, and what would be left then. */
export interface PlannedBackup {
  readonly plan: BackupPlan;
  readonly removals: readonly PlannedRemoval[];
  /** The full backup that would be the oldest; undefined: the one that would be made, or none. */
  readonly oldestFull: Stamp | undefined;
}

/** How a backup is made, and what the old ones are kept by. */
export type PlanSettings = BackupSettings &
  Pick<Pruning, 'blobs'> &
  Partial<Pick<Superseding, 'wasSetBack'>>;

/** The same, with what `keep` would remove then. */
export async function planWithRemovals(
  settings: PlanSettings,
  context: JobContext,
): Promise<PlannedBackup> {
  await using source = await openDataFs(settings.dataFs);
  const repository = await repositoryOf(settings, context);
  const isMade = settings.missingRepository === 'make';
  const catalogue = await (isMade ? repository.catalogueIfThere() : repository.catalogue());
  const deciding = { repository, catalogue: catalogue ?? catalogueOf([]), settings, context };
  const decision = await decideBackup(source, deciding);
  const { plan } = decision;
  const isDue = settings.pruneAfter === 'every-backup' || plan.kind === 'full';
  if (catalogue === undefined || !isDue) return { plan, removals: [], oldestFull: undefined };
  // Awaited here: the source is closed when this function returns.
  return await planRemovals(decision, { repository, catalogue, settings, context });
}

async function planRemovals(
  { plan, observed, past }: BackupDecision,
  {
    repository,
    catalogue,
    settings,
    context,
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
  const coming = {
    ...originOfSource(observed, settings.isChanges === true),
    ...{ sparesOlder: sparesOlder(faults), mayLack },
  };
  const { keep, blobs } = settings;
  const { tooOld } = await planPrune(repository, {
    keep,
    coming: isFull ? coming : undefined,
    blobs,
    // Unless a full one comes, the blobs of the newest are made by then.
    finished: isFull || blobs === undefined ? undefined : pointStampsOf(catalogue).at(-1),
  });
  const superseded =
    blobs === undefined
      ? []
      : (
          await findSuperseded(repository, {
            dataFs: settings.dataFs,
            folder: settings.repository,
            blobs,
            wasSetBack: settings.wasSetBack ?? (() => false),
            backups: context.backups,
            coming: { kind: plan.kind, isUncertain: mayLack || coming.sparesOlder },
          })
        ).going;
  return {
    plan,
    removals: [
      ...superseded.map(({ fileNames }) => ({
        reason: { kind: 'superseded' } as const,
        fileNames,
      })),
      ...tooOld
        .filter((chain) => !superseded.some(({ stamp }) => stamp === chain.full.stamp))
        .map((chain) => ({
          reason: { kind: 'newer-full-backups', keep } as const,
          fileNames: filesOfChain(catalogue, chain),
        })),
    ],
    oldestFull: catalogue.chains.find(
      (chain) => !tooOld.some(({ full }) => full.stamp === chain.full.stamp),
    )?.full.stamp,
  };
}
