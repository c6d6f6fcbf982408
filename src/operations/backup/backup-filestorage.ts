import { join } from 'node:path';
import { findRecordedHold } from '../../blobs/ownership/retention-hold.ts';
import { MAGIC_BYTES } from '../../filestorage/format.ts';
import { transactionEndingAt } from '../../filestorage/uncommitted-tail.ts';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import { settleCompression } from '../../repository/content/compression.ts';
import { estimateStoredBytes } from '../../repository/content/stored-size.ts';
import { catalogueOf, pointStampsOf } from '../../repository/layout/catalogue.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { chainsByPlace } from '../../repository/lineage/chains-by-place.ts';
import { sparesOlder } from '../../repository/lineage/source-faults.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { filesOfChain } from '../../repository/remove-chain.ts';
import {
  type HashedFile,
  type WriteSettings,
  type WrittenBackup,
  writeBackup,
} from '../../repository/write-backup.ts';
import { findAstrayServers } from '../../sources/astray-server.ts';
import { makeBackupFolder } from '../../stores/backup-rights.ts';
import { Failure } from '../../system/failure.ts';
import {
  type FileIdentity,
  type FileSource,
  isStillAt,
  openFileSource,
} from '../../system/files/byte-source.ts';
import { requireRoomFor } from '../../system/files/free-space.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { VERSION } from '../../system/processes/version.ts';
import { type Pruning, planPrune, pruneFulls } from '../retention/prune-filestorage.ts';
import { RemovalGuard } from '../retention/removal-guard.ts';
import { findSuperseded, SUPERSEDED, type Superseding } from '../retention/superseded.ts';
import { describeAstray, rescueCommand } from '../run/astray-server-warning.ts';
import { type JobContext, lockRequest, withStep } from '../run/events.ts';
import { warnOfHold } from '../run/warn-of-hold.ts';
import type { BackupSettings } from './backup-settings.ts';
import { failureForGone, type OwnerOfData } from './gone-data-fs.ts';
import { newStamp } from './new-stamp.ts';
import { originOfSource } from './other-copy.ts';
import { NO_PAST, pastOf, warnOfOverwrite } from './overwritten-source.ts';
import { type MadePlan, makePlan, type Planning } from './plan-backup.ts';
import { tidyUp } from './tidy-up.ts';

/** What a backup did. */
export interface BackupResult {
  readonly plan: BackupPlan;
  /** Undefined where there was nothing to do. */
  readonly written: WrittenBackup | undefined;
  readonly removed: readonly string[];
}

/** Backs up one Data.fs. The repository is locked meanwhile: failure `locked` if another run is there. */
export async function backUp(settings: BackupSettings, context: JobContext): Promise<BackupResult> {
  await using source = await openDataFs(settings.dataFs);
  await settleFolder(settings, context);
  const repository = await repositoryOf(settings, context);
  await using _lock = await repository.store.lock(lockRequest(context, 'backup'));
  return await backUpTo(repository, { source, settings, context });
}

/** The same for a caller that holds the lock of a repository that is there. */
export async function backUpLocked(
  settings: BackupSettings,
  context: JobContext,
): Promise<BackupResult> {
  await using source = await openDataFs(settings.dataFs);
  return await backUpTo(await repositoryOf(settings, context), { source, settings, context });
}

function repositoryOf(
  { repository, dataFs }: BackupSettings,
  { backups }: JobContext,
): Promise<OpenRepository> {
  return backups.repository(repository, { original: dataFs });
}

async function backUpTo(
  repository: OpenRepository,
  {
    source,
    settings,
    context,
  }: {
    readonly source: FileSource;
    readonly settings: BackupSettings;
    readonly context: JobContext;
  },
): Promise<BackupResult> {
  await tidyUp(repository, context);
  const planning = {
    repository,
    catalogue: await repository.catalogue(),
    chainOf: chainsByPlace(repository.chainOf, source.path),
    settings,
    context,
  };
  const { plan, ...known } = await makePlan(source, planning);
  const written =
    plan.kind === 'nothing' ? undefined : await carryOut(source, { plan, ...known, ...planning });
  await noticeReplacement(source, context);
  const isDue = settings.pruneAfter === 'every-backup' || plan.kind === 'full';
  const removed = isDue ? await prune(repository, settings, context) : [];
  return { plan, written, removed };
}

/** What is backed up without its blobs pushes nothing out, either, that is kept for those. */
async function prune(
  repository: OpenRepository,
  { repository: path, keep }: Pick<BackupSettings, 'repository' | 'keep'>,
  context: JobContext,
): Promise<readonly string[]> {
  if (keep === 0) return [];
  const hold = await findRecordedHold(path, context);
  if (hold === undefined)
    return await pruneFulls(repository, {
      keep,
      guard: new RemovalGuard([repository], context),
      context,
    });
  warnOfHold(hold, context);
  return [];
}

/** What a backup would do now; touches nothing. */
export async function planOnly(settings: BackupSettings, context: JobContext): Promise<BackupPlan> {
  return (await planWithRemovals(settings, context)).plan;
}

/** Files that would go, and why. */
export interface PlannedRemoval {
  readonly reason: string;
  readonly fileNames: readonly string[];
}

/** What a backup would do, and what would be left then. */
export interface PlannedBackup {
  readonly plan: BackupPlan;
  readonly removals: readonly PlannedRemoval[];
  /** The full backup that would be the oldest; undefined: the one that would be made, or none. */
  readonly oldestFull: Stamp | undefined;
}

/** The same, with what `keep` would remove then. */
export async function planWithRemovals(
  settings: BackupSettings & Pick<Pruning, 'blobs'> & Partial<Pick<Superseding, 'wasSetBack'>>,
  context: JobContext,
): Promise<PlannedBackup> {
  await using source = await openDataFs(settings.dataFs);
  const repository = await repositoryOf(settings, context);
  const isMade = settings.missingRepository === 'make';
  const catalogue = await (isMade ? repository.catalogueIfThere() : repository.catalogue());
  const chainOf = chainsByPlace(repository.chainOf, source.path);
  // Awaited here: the source is closed when this function returns.
  const known = catalogue ?? catalogueOf([]);
  const planning = { repository, catalogue: known, chainOf, settings, context };
  const { plan, hasLostEnd, hasOtherCopy, mayLack } = await makePlan(source, planning);
  const isDue = settings.pruneAfter === 'every-backup' || plan.kind === 'full';
  if (catalogue === undefined || !isDue) return { plan, removals: [], oldestFull: undefined };
  const isFull = plan.kind === 'full';
  const faults = { isUnread: false, hasLostEnd, hasOtherCopy, mayLack, overwritten: undefined };
  const coming = isFull
    ? {
        ...(await originOfSource(source, settings.isChanges === true)),
        sparesOlder: sparesOlder(faults),
        mayLack,
      }
    : undefined;
  const { keep, blobs } = settings;
  const { tooOld, reason } = await planPrune(repository, {
    keep,
    coming,
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
            coming: { kind: plan.kind, isDoubtful: mayLack || sparesOlder(faults) },
          })
        ).going;
  return {
    plan,
    removals: [
      ...superseded.map(({ fileNames }) => ({ reason: SUPERSEDED, fileNames })),
      ...tooOld
        .filter((chain) => !superseded.some(({ stamp }) => stamp === chain.full.stamp))
        .map((chain) => ({ reason, fileNames: filesOfChain(catalogue, chain) })),
    ],
    oldestFull: catalogue.chains.find(
      (chain) => !tooOld.some(({ full }) => full.stamp === chain.full.stamp),
    )?.full.stamp,
  };
}

/** Which file a Data.fs is that can be read. Failures `not-found`, `system`, `usage`. */
export async function checkDataFs(path: string, owner?: OwnerOfData): Promise<FileIdentity> {
  await using source = await openDataFs(path, owner);
  return source.identity;
}

/**
 * Opens the Data.fs; all of it is read through this handle. While a pack renames its files, there is
 * no Data.fs for a moment, so its absence is believed only the second time.
 */
async function openDataFs(path: string, owner?: OwnerOfData): Promise<FileSource> {
  try {
    return await openFileSource(path);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'not-found') throw error;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return openFileSource(path).catch((failure) => explainGone(failure, { path, owner }));
  }
}

async function explainGone(
  error: unknown,
  { path, owner }: { readonly path: string; readonly owner: OwnerOfData | undefined },
): Promise<never> {
  if (!(error instanceof Failure) || error.code !== 'not-found') throw error;
  const [astray] = await findAstrayServers(path);
  if (astray !== undefined) {
    throw new Failure('not-found', `${error.message}; ${describeAstray(astray, path)}`, {
      hint: `Keep everybody out of the site, do not stop that process yet, and copy its file: ${rescueCommand(astray, path)}. Then stop it, and give the copy the name "${path}".`,
      cause: error,
    });
  }
  throw await failureForGone(error, owner);
}

/** It is there afterwards. */
async function settleFolder(settings: BackupSettings, context: JobContext): Promise<void> {
  if (settings.missingRepository === 'make') {
    const { wasMade } = await makeBackupFolder(settings.repository, settings.dataFs);
    if (wasMade) context.onEvent({ kind: 'folder-made', path: settings.repository });
  }
  await (await context.backups.repository(settings.repository)).store.requireThere();
}

async function carryOut(
  source: FileSource,
  {
    plan,
    newest,
    hasLostEnd,
    hasOtherCopy,
    mayLack,
    catalogue,
    chainOf,
    repository,
    settings,
    context,
  }: Planning & MadePlan & { readonly plan: Exclude<BackupPlan, { kind: 'nothing' }> },
): Promise<WrittenBackup> {
  const totalBytes = plan.kind === 'full' ? plan.end : plan.end - plan.start;
  const past =
    plan.kind === 'full' ? await pastOf(source, { catalogue, chainOf, end: plan.end }) : NO_PAST;
  const now = settings.now();
  const compression = await settleCompression(settings.compression, totalBytes);
  const stamp = await newStamp(repository, {
    now,
    catalogue,
    blobs: settings.blobPlace,
    backups: context.backups,
  });
  const bytes = estimateStoredBytes(totalBytes, { compression, newest });
  await requireRoomFor([{ path: join(settings.repository, stamp), bytes }]);
  const blobs = await expectedBlobs(settings);
  const written = await withStep(context, {
    step: 'back-up',
    totalBytes,
    work: (progress) =>
      writeBackup(source, {
        store: repository.store,
        plan,
        settings: {
          stamp,
          compression,
          tool: `zodbvault ${VERSION}`,
          now,
          random: settings.random,
          progress,
          signal: context.signal,
          confirm: (files) => confirm(files, { settings, context }),
          hasLostEnd,
          hasOtherCopy,
          mayLack,
          ...past,
          isChanges: settings.isChanges === true,
          blobs,
          beforePublishing: () => refuseChangedSource(source, plan.end),
        },
      }),
  });
  const { overwritten } = written.record;
  if (overwritten !== undefined) warnOfOverwrite(source, { overwritten, context });
  return written;
}

async function expectedBlobs({
  blobPlace,
}: Pick<BackupSettings, 'blobPlace'>): Promise<WriteSettings['blobs']> {
  return blobPlace === undefined ? null : { folder: await realPlaceOf(blobPlace.folder) };
}

async function confirm(
  files: readonly HashedFile[],
  {
    settings,
    context,
  }: { readonly settings: Pick<BackupSettings, 'confirmation'>; readonly context: JobContext },
): Promise<void> {
  if (settings.confirmation === 'none') return;
  await withStep(context, {
    step: 'confirm',
    totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    work: async ({ onFile, onBytes }) => {
      for (const file of files) {
        onFile(file.name);
        await file.confirm(file.sha256, { signal: context.signal, onBytes });
      }
    },
  });
}

/** Something that writes into the open file itself (a copy over it) must not become a backup. */
async function refuseChangedSource(source: FileSource, end: number): Promise<void> {
  const isThere =
    (await source.currentSizeBytes()) >= end &&
    (end <= MAGIC_BYTES || (await transactionEndingAt(source, end)) !== undefined);
  if (isThere) return;
  throw new Failure('damaged', `Cannot back up "${source.path}": it was overwritten meanwhile`, {
    hint: 'Nothing was kept. Run the backup again when whatever wrote the file has ended.',
  });
}

/**
 * A pack gives the path a new file. What was read is the old one, complete up to the pack: a good
 * backup of that moment. The next backup will find other bytes and be a full one.
 */
async function noticeReplacement(source: FileSource, { onEvent }: JobContext): Promise<void> {
  if (await isStillAt(source.path, source.identity)) return;
  onEvent({ kind: 'notice', code: 'source-replaced', source: source.path });
}
