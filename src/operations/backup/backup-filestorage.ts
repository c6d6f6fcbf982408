import { findRecordedHold } from '../../blobs/ownership/retention-hold.ts';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import type { WrittenBackup } from '../../repository/write-backup.ts';
import type { Source } from '../../sources/source.ts';
import { makeBackupFolder } from '../../stores/backup-rights.ts';
import { observeBackups } from '../retention/observe-backups.ts';
import { planRemovals } from '../retention/plan-removals.ts';
import { pruneFilestorage } from '../retention/prune-filestorage.ts';
import { RemovalGuard } from '../retention/removal-guard.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { warnOfHold } from '../run/warn-of-hold.ts';
import type { BackupSettings } from './backup-settings.ts';
import { carryOut } from './carry-out.ts';
import { decideBackup } from './decide-backup.ts';
import { checkDataFs, openDataFs } from './open-data-fs.ts';
import { recoverInterruptedRun } from './recover-interrupted-run.ts';

/** What a backup did. */
export interface BackupResult {
  readonly plan: BackupPlan;
  /** Undefined where there was nothing to do. */
  readonly written: WrittenBackup | undefined;
  readonly removed: readonly string[];
}

/** Backs up one Data.fs. The repository is locked meanwhile: failure `locked` if another run is there. */
export async function backUp(settings: BackupSettings, context: JobContext): Promise<BackupResult> {
  await checkDataFs(settings.dataFs); // Where there is none, no folder is made.
  await ensureRepository(settings, context);
  const repository = await repositoryOf(settings, context);
  await using _lock = await repository.store.lock(lockRequest(context, 'backup'));
  await using source = await openDataFs(settings.dataFs);
  return await backUpLocked(source, { settings, context });
}

/** The same for a caller that holds the lock of a repository that is there: looks, decides, and copies what was decided. */
export async function backUpLocked(
  source: Source,
  { settings, context }: { readonly settings: BackupSettings; readonly context: JobContext },
): Promise<BackupResult> {
  const repository = await repositoryOf(settings, context);
  await recoverInterruptedRun(repository, context);
  const deciding = { repository, catalogue: await repository.catalogue(), settings, context };
  const decision = await decideBackup(source, deciding);
  const { plan } = decision;
  const written =
    plan.kind === 'nothing' ? undefined : await carryOut({ ...decision, plan }, deciding);
  await noticeReplacement(source, context);
  const isDue = settings.pruneAfter === 'every-backup' || plan.kind === 'full';
  const removed = isDue ? await prune(repository, settings, context) : [];
  return { plan, written, removed };
}

/** The repository that a Data.fs is backed up to, whether it is there or not. */
export function repositoryOf(
  { repository, dataFs }: BackupSettings,
  { backups }: JobContext,
): Promise<OpenRepository> {
  return backups.repository(repository, { original: dataFs });
}

/** It is there afterwards. */
async function ensureRepository(settings: BackupSettings, context: JobContext): Promise<void> {
  if (settings.missingRepository === 'make') {
    const { wasMade } = await makeBackupFolder(settings.repository, settings.dataFs);
    if (wasMade) context.onEvent({ kind: 'folder-made', path: settings.repository });
  }
  await (await context.backups.repository(settings.repository)).store.requireThere();
}

/**
 * A pack gives the path a new file. What was read is the old one, complete up to the pack: a good
 * backup of that moment. The next backup will find other bytes and be a full one.
 */
async function noticeReplacement(source: Source, { onEvent }: JobContext): Promise<void> {
  if (!(await source.wasReplaced())) return;
  onEvent({ kind: 'notice', code: 'source-replaced', source: source.path });
}

/** What is backed up without its blobs pushes nothing out, either, that is kept for those. */
async function prune(
  repository: OpenRepository,
  { repository: path, keep }: Pick<BackupSettings, 'repository' | 'keep'>,
  context: JobContext,
): Promise<readonly string[]> {
  if (keep === 0) return [];
  const hold = await findRecordedHold(path, context);
  if (hold !== undefined) {
    warnOfHold(hold, context);
    return [];
  }
  const observed = await observeBackups(repository, { storage: path, pruning: { keep } });
  const [plan] = await planRemovals([observed], undefined);
  if (plan === undefined) return [];
  return await pruneFilestorage(plan, { guard: new RemovalGuard([repository], context), context });
}
