import type { OpenBackups } from '../../blobs/open-backups.ts';
import { type RestorePoint, readRestorePoint } from '../../repository/restore-point.ts';
import { Failure } from '../../system/failure.ts';
import { isMountPoint } from '../../system/files/mount-points.ts';
import { statOf } from '../../system/files/presence.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { tap } from '../../system/streams/pipeline.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { holdFolders } from '../run/lock-folders.ts';
import { openPoint } from '../run/open-point.ts';
import { lockTarget } from '../run/server-lock.ts';
import { applyRestore } from './apply-restore.ts';
import { finishInterruptedRestore } from './journal/restore-journal.ts';
import { lockRestore } from './journal/restore-lock.ts';
import { removeStaged } from './journal/staged-leftovers.ts';
import type { RestorePlan, RestoreResult, RestoreSettings } from './restore-plan.ts';

/** Finds what to restore and what it would replace. Failures: see {@link openPoint}, `usage`. */
export async function planRestore(
  { repository, wanted, target }: Pick<RestoreSettings, 'repository' | 'wanted' | 'target'>,
  backups: OpenBackups,
): Promise<RestorePlan> {
  const { point } = await openPoint(repository, { target: wanted, aim: 'restore from', backups });
  const replaced = await statOf(target);
  if (replaced !== undefined && !replaced.isFile()) {
    throw new Failure('usage', `Cannot restore to "${target}": it is not a regular file`, {
      hint: 'Name the Data.fs itself, not its folder.',
    });
  }
  if (replaced !== undefined && (await isMountPoint(await realPlaceOf(target)))) {
    throw new Failure('usage', `Cannot restore to "${target}": it is a mount point`, {
      hint: 'A restore puts another file in its place, and no program can do that with a mounted one. Mount its folder instead, or unmount the file.',
    });
  }
  return { repository, point, target, replaces: replaced !== undefined };
}

/**
 * Restores a Data.fs alone, and its index. The new ones are made beside the target and checked while they
 * are written; only then the old ones are replaced. A failure leaves the target as it was.
 */
export async function restore(
  settings: RestoreSettings,
  context: JobContext,
): Promise<RestoreResult> {
  const { backups } = context;
  await planRestore(settings, backups); // Where there is nothing to restore, not even a lock file is made.
  await using locks = new DisposableStack();
  const anchor = await realPlaceOf(settings.target);
  locks.use(await lockRestore(anchor, lockRequest(context, 'restore')));
  locks.use(await lockTarget(settings, context));
  const sources = { repositories: [settings.repository], blobFolders: [] };
  const request = lockRequest(context, 'restore');
  locks.use(await holdFolders(sources, { backups, request }));
  await finishInterruptedRestore(anchor, context);
  await removeStaged([settings.target, anchor], { anchor, context });
  const plan = await planRestore(settings, backups);
  reportSkippedFiles(plan, context);
  const filestorages = [{ storage: plan.target, plan }];
  const how = { anchor, settings: { ...settings, earlierState: 'replace' as const }, context };
  const [result] = await applyRestore({ filestorages, blobs: [] }, { ...how, onBegin: () => {} });
  if (result === undefined) throw new RangeError('a Data.fs that is restored has a result');
  return result;
}

/** Gives the bytes of a restore point to `sink`, in order; they may be used when it has returned. */
export async function restoreToStream(
  { repository, wanted }: Pick<RestoreSettings, 'repository' | 'wanted'>,
  {
    context,
    sink,
  }: {
    readonly context: JobContext;
    readonly sink: (bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  },
): Promise<RestorePoint> {
  const { backups } = context;
  const how = { target: wanted, aim: 'restore from', backups } as const;
  const { store, point } = await openPoint(repository, how);
  await sink(tap(readRestorePoint(store, { point }), () => context.signal.throwIfAborted()));
  return point;
}

/** Says which files are newer than the point and not listed in its chain. */
export function reportSkippedFiles({ point }: RestorePlan, { onEvent }: JobContext): void {
  if (point.skipped.length === 0) return;
  onEvent({
    kind: 'warning',
    code: 'files-left-out',
    fileNames: point.skipped.map(({ name }) => name),
  });
}
