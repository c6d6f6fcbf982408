import type { OpenBackups } from '../../blobs/open-backups.ts';
import {
  findRestorePoint,
  type RestorePoint,
  readRestorePoint,
} from '../../repository/restore-point.ts';
import { requireBackups } from '../../stores/require-backups.ts';
import { Failure } from '../../system/failure.ts';
import { isMountPoint } from '../../system/files/mount-points.ts';
import { statOf } from '../../system/files/presence.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { Disposables } from '../../system/streams/disposables.ts';
import { tap } from '../../system/streams/pipeline.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { holdFolders } from '../run/lock-folders.ts';
import { lockTarget } from '../run/server-lock.ts';
import { applyRestore } from './apply-restore.ts';
import { settleRestore } from './journal/restore-journal.ts';
import { lockRestore } from './journal/restore-lock.ts';
import { removeStaged } from './journal/staged-leftovers.ts';
import type { RestorePlan, RestoreResult, RestoreSettings } from './restore-plan.ts';

/** Finds what to restore and what it would replace. Failures: see {@link findRestorePoint}, `locked`. */
export async function planRestore(
  settings: Pick<RestoreSettings, 'repository' | 'date' | 'target'>,
  backups: OpenBackups,
): Promise<RestorePlan> {
  const repository = await backups.repository(settings.repository);
  await requireBackups(repository.store);
  const catalogue = await repository.catalogue();
  const point = await findRestorePoint(repository.store, {
    catalogue,
    date: settings.date,
    aim: 'restore from',
  });
  const replaced = await statOf(settings.target);
  if (replaced !== undefined && !replaced.isFile()) {
    throw new Failure('usage', `Cannot restore to "${settings.target}": it is not a regular file`, {
      hint: 'Name the Data.fs to make, not the folder it lies in.',
    });
  }
  if (replaced !== undefined && (await isMountPoint(await realPlaceOf(settings.target)))) {
    throw new Failure('usage', `Cannot restore to "${settings.target}": it is a mount point`, {
      hint: 'A restore puts another file in its place, and no program can do that with a mounted one. Mount its folder instead, or unmount the file.',
    });
  }
  return {
    repository: settings.repository,
    point,
    target: settings.target,
    replaces: replaced !== undefined,
    sizeBytes: sizeOfPoint(point),
  };
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
  await using locks = new Disposables();
  const anchor = await realPlaceOf(settings.target);
  locks.use(await lockRestore(anchor, lockRequest(context, 'restore')));
  locks.use(await lockTarget(settings, context));
  const sources = { repositories: [settings.repository], blobFolders: [] };
  const request = lockRequest(context, 'restore');
  locks.use(await holdFolders(sources, { backups, request }));
  await settleRestore(anchor, context);
  await removeStaged([settings.target, anchor], { anchor, context });
  const plan = await planRestore(settings, backups);
  reportLeftOut(plan, context);
  const filestorages = [{ storage: plan.target, plan }];
  const how = { anchor, settings: { ...settings, earlierState: 'replace' as const }, context };
  const [result] = await applyRestore({ filestorages, blobs: [] }, { ...how, onBegin: () => {} });
  if (result === undefined) throw new RangeError('a Data.fs that is restored has a result');
  return result;
}

/** Gives the bytes of a restore point to `sink`, in order; they may be used when it has returned. */
export async function restoreToStream(
  { repository, date }: Pick<RestoreSettings, 'repository' | 'date'>,
  {
    context,
    sink,
  }: {
    readonly context: JobContext;
    readonly sink: (bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  },
): Promise<RestorePoint> {
  const opened = await context.backups.repository(repository);
  const { store } = opened;
  await requireBackups(store);
  const catalogue = await opened.catalogue();
  const point = await findRestorePoint(store, { catalogue, date, aim: 'restore from' });
  await sink(tap(readRestorePoint(store, { point }), () => context.signal.throwIfAborted()));
  return point;
}

/** Says which files are newer than the point and not listed in its chain. */
export function reportLeftOut({ point }: RestorePlan, { onEvent }: JobContext): void {
  if (point.leftOut.length === 0) return;
  onEvent({
    kind: 'warning',
    code: 'files-left-out',
    fileNames: point.leftOut.map(({ name }) => name),
  });
}

function sizeOfPoint(point: RestorePoint): number | undefined {
  switch (point.kind) {
    case 'listed':
      return point.links.at(-1)?.range.end;
    case 'unlisted':
      return undefined;
    default:
      return point satisfies never;
  }
}
