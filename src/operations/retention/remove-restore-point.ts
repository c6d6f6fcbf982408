import { blobsThatCount } from '../../blobs/ownership/retention-repository.ts';
import type { Site } from '../../config/model/site.ts';
import { type Deletion, planDeletion } from '../../repository/deletion.ts';
import { findDamage } from '../../repository/find-damage.ts';
import { areBlobsThere, type Judgement, type Reason } from '../../repository/judgement.ts';
import { type Catalogue, pointStampsOf, stampsOf } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { readJudgements } from '../../repository/read-judgements.ts';
import { noteGoingBlobs } from '../../repository/records/going-blobs.ts';
import { tagsByStamp } from '../../repository/records/tags.ts';
import { removeListed } from '../../repository/remove-chain.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import { Failure } from '../../system/failure.ts';
import { listRestorePoints } from '../list/list-restore-points.ts';
import type { BackupPlace } from '../run/backup-places.ts';
import { type JobContext, lockRequest, withStep } from '../run/events.ts';
import type { RemovalReason } from '../run/removal-reason.ts';
import { withRunLog } from '../run/run-log.ts';
import { tellRemoval } from './tell-removal.ts';

/** What is to go from a repository. */
export type DeleteSelection =
  /** A restore point, whatever state it is in. */
  { readonly kind: 'point'; readonly stamp: Stamp } | { readonly kind: 'damaged' };

/** Why it goes. */
type DeletionReason = Extract<RemovalReason, { readonly kind: 'named' | 'damaged' }>;

/** What goes, and why. */
export interface PlannedDeletion extends Deletion {
  readonly reason: DeletionReason;
}

export interface DeletePlan {
  readonly repository: string;
  readonly deletions: readonly PlannedDeletion[];
  /** Full backups in which something was suspected; they were read again, and are whole. */
  readonly whole: readonly Stamp[];
  readonly leaves: Left;
}

/** What there is to restore from when that is gone; `without-blobs`: the Data.fs alone, where what goes has blobs. */
export type Left = 'backup' | 'without-blobs' | 'nothing';

/**
 * Plans what goes; changes nothing. Damage is looked for anew. Failure `not-found` where nothing has the
 * stamp.
 */
export async function planDelete(
  path: string,
  {
    selection,
    blobs,
    context,
  }: {
    readonly selection: DeleteSelection;
    /** Where those are that belong to it. */
    readonly blobs: BackupPlace['blobs'];
    readonly context: JobContext;
  },
): Promise<DeletePlan> {
  const repository = await context.backups.repository(path);
  await requireBackups(repository.store);
  const catalogue = await repository.catalogue();
  const { found, whole } = await wanted(repository, { catalogue, selection, context });
  const deletions: PlannedDeletion[] = [];
  for (const { stamp, reason } of found) {
    deletions.push({ ...planDeletion(catalogue, stamp), reason });
  }
  await refuseTagged(repository, deletions);
  const leaving = { catalogue, deletions, whole, blobs, context };
  const leaves = await whatIsLeft(repository, leaving);
  return { repository: path, deletions, whole, leaves };
}

/** Failure `refused` where somebody wants to keep what would go. */
async function refuseTagged(
  { store, name }: OpenRepository,
  deletions: readonly Deletion[],
): Promise<void> {
  const tags = await tagsByStamp(store);
  for (const stamp of deletions.flatMap(({ points }) => points)) {
    const [tag] = tags.get(stamp) ?? [];
    if (tag === undefined) continue;
    throw new Failure('refused', `Cannot delete ${stamp} in "${name}": it has the tag "${tag}"`, {
      hint: { kind: 'remove-tag', name: tag },
    });
  }
}

async function wanted(
  repository: OpenRepository,
  {
    catalogue,
    selection,
    context,
  }: {
    readonly catalogue: Catalogue;
    readonly selection: DeleteSelection;
    readonly context: JobContext;
  },
): Promise<{
  readonly found: readonly { readonly stamp: Stamp; readonly reason: DeletionReason }[];
  readonly whole: readonly Stamp[];
}> {
  if (selection.kind === 'point') {
    const { stamp } = selection;
    if (!stampsOf(catalogue).includes(stamp)) {
      const { name } = repository;
      throw new Failure('not-found', `Cannot delete ${stamp}: "${name}" has no such backup`, {
        hint: { kind: 'name-restore-point' },
      });
    }
    return { found: [{ stamp, reason: { kind: 'named' } }], whole: [] };
  }
  const points = await listRestorePoints(repository);
  return withStep(context, {
    step: 'verify',
    totalBytes: points.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
    work: async (progress) => {
      const { signal } = context;
      const judgements = await readJudgements(repository);
      const looking = { catalogue, judgements, progress, signal };
      const { damaged, whole } = await findDamage(repository.store, looking);
      const found = damaged.map(({ stamp, problem }) => {
        return { stamp, reason: { kind: 'damaged', problem } as const };
      });
      return { found, whole };
    },
  });
}

/** Whether some full backup stays of which nobody knows anything bad, and with blobs as good as those that go. */
async function whatIsLeft(
  repository: OpenRepository,
  {
    catalogue,
    deletions,
    whole,
    blobs,
    context,
  }: {
    readonly catalogue: Catalogue;
    readonly deletions: readonly Deletion[];
    readonly whole: readonly Stamp[];
    readonly blobs: BackupPlace['blobs'];
    readonly context: JobContext;
  },
): Promise<Left> {
  const gone = new Set(deletions.flatMap(({ points }) => points));
  const { backups, signal } = context;
  const reading = { repository: repository.name, backups, signal };
  const counting = blobs && (await blobsThatCount(blobs, reading));
  const judgements = await readJudgements(repository, { blobsOf: counting?.factsOf });
  const ofWhole = new Set(
    catalogue.chains
      .filter(({ full }) => whole.includes(full.stamp))
      .flatMap((files) => pointStampsOf({ chains: [files] })),
  );
  const isWhole = ({ stamp, data }: Judgement) =>
    data.kind !== 'bad' || (ofWhole.has(stamp) && data.reasons.every(wasReadAgain));
  const all = [...judgements.values()];
  const left = all.filter((one) => !gone.has(one.stamp) && isWhole(one));
  if (left.length === 0) return 'nothing';
  if (counting === undefined) return 'backup';
  const havingOf = async (some: readonly Judgement[]): Promise<0 | 1 | 2> => {
    const having = some.filter(areBlobsThere);
    for (const { stamp, blobs } of having) {
      if (blobs.kind === 'good' && (await counting.amountOf(stamp)) === 'as-recorded') return 2;
    }
    return having.length > 0 ? 1 : 0;
  };
  const going = all.filter(({ stamp }) => gone.has(stamp));
  return (await havingOf(left)) < (await havingOf(going)) ? 'without-blobs' : 'backup';
}

/** What the files hold was right just now; what is in it was not looked at. */
function wasReadAgain({ kind }: Reason): boolean {
  return kind !== 'database';
}

/** What a deletion came to. */
export interface Deleted {
  readonly fileNames: readonly string[];
}

/**
 * Carries out a plan that somebody has agreed to. Failures: `refused` where nothing could be restored
 * afterwards and `last` doesn't allow it, or where the files are others by now; `locked`.
 */
export async function deleteAll(
  plan: DeletePlan,
  {
    place,
    site,
    last,
    now,
  }: {
    readonly place: BackupPlace;
    readonly site: Site;
    /** Whether the last backup may go, too. */
    readonly last: 'stays' | 'may-go';
    readonly now: () => Date;
  },
  context: JobContext,
): Promise<Deleted> {
  refuseLast(plan, last);
  const start = { verb: 'retire', site, kind: place.kind, now } as const;
  return await withRunLog(start, context, async (watched) => {
    const repository = await context.backups.repository(plan.repository);
    const { store } = repository;
    await using _lock = await store.lock(lockRequest(watched.context, 'delete'));
    const catalogue = await repository.catalogue();
    refuseChanged(catalogue, plan);
    if (place.blobs !== undefined && removesBlobs(site, place)) {
      const going = plan.deletions.flatMap(({ points }) => points);
      if (going.length > 0) await noteGoingBlobs(store, going);
    }
    const removed: string[] = [];
    for (const { stamp, fileNames, reason } of plan.deletions) {
      const names = await tellRemoval(watched.context, {
        folder: plan.repository,
        reason,
        remove: (onFile) => removeListed(store, { catalogue, stamp, names: fileNames, onFile }),
      });
      removed.push(...names);
    }
    await watched.done({});
    return { fileNames: removed };
  });
}

/** Whether the next backup removes the blobs of what was deleted; where nothing old ever goes, they are for people to remove. */
export function removesBlobs({ keep, keepRules }: Site, { kind }: BackupPlace): boolean {
  return kind === 'zip' || keep > 0 || keepRules !== undefined;
}

/** Failure `refused` where nothing could be restored afterwards. */
export function refuseLast(
  { repository, deletions, leaves }: DeletePlan,
  last: 'stays' | 'may-go',
): void {
  if (last === 'may-go' || leaves === 'backup' || deletions.length === 0) return;
  const state = leaves === 'nothing' ? 'is known to be whole' : 'has sound blobs';
  throw new Failure(
    'refused',
    `Cannot delete anything in "${repository}": no other backup there ${state}`,
    {
      hint: { kind: 'make-full-backup-or-insist' },
    },
  );
}

/** Nobody has agreed to what came, or went, since the plan was made. */
function refuseChanged(catalogue: Catalogue, { deletions }: DeletePlan): void {
  for (const { stamp, fileNames } of deletions) {
    const found = planDeletion(catalogue, stamp);
    if (found.fileNames.join() === fileNames.join()) continue;
    throw new Failure('refused', `Cannot delete ${stamp}: its files have changed meanwhile`, {
      hint: 'Nothing was changed. Run the command again to see what there is now.',
    });
  }
}
