import type { OpenBackups } from '../../blobs/open-backups.ts';
import {
  findRestorePoint,
  type RestorePoint,
  readRestorePoint,
} from '../../repository/restore-point.ts';
import { requireBackups } from '../../stores/folder-store.ts';
import type { Store } from '../../stores/store.ts';
import { Failure } from '../../system/failure.ts';
import { requireRoomFor } from '../../system/files/free-space.ts';
import { statOf } from '../../system/files/presence.ts';
import { namesOfFile, realPlaceOf } from '../../system/files/real-path.ts';
import { removeAll } from '../../system/files/replacement.ts';
import { Disposables } from '../../system/streams/disposables.ts';
import { tap } from '../../system/streams/pipeline.ts';
import { type JobContext, lockRequest, withStep } from '../run/events.ts';
import { holdFolders } from '../run/lock-folders.ts';
import { lockTarget } from '../run/server-lock.ts';
import { appendRest, findHeadStart, type HeadStart } from './append-to-existing.ts';
import { keepOwnership, rightsOfRestored } from './keep-ownership.ts';
import {
  lockRestore,
  type RestoreJournal,
  removeStaged,
  settleRestore,
  swapAll,
} from './restore-journal.ts';
import type { RestorePlan, RestoreResult, RestoreSettings } from './restore-plan.ts';
import { makeRestoredIndex } from './restored-index.ts';
import { stageRestore } from './stage-filestorage.ts';

/** Finds what to restore and what it would replace. Failures: see {@link findRestorePoint}, `locked`. */
export async function planRestore(
  settings: Pick<RestoreSettings, 'repository' | 'date' | 'target'>,
  backups: OpenBackups,
): Promise<RestorePlan> {
  await requireBackups(settings.repository);
  const repository = await backups.repository(settings.repository);
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
  return {
    repository: settings.repository,
    point,
    target: settings.target,
    replaces: replaced !== undefined,
    sizeBytes: sizeOfPoint(point),
  };
}

/**
 * Restores a Data.fs and its index. The new ones are made beside the target and checked while they
 * are written; only then the old ones are replaced. A failure leaves the target as it was. A target
 * that is an earlier state of the same log can be brought forward instead.
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
  const { store } = await backups.repository(settings.repository);
  const headStart =
    plan.replaces && settings.earlierState === 'append'
      ? await findHeadStart(settings.target, { point: plan.point, context })
      : undefined;
  if (headStart !== undefined) return bringForward(store, { plan, anchor, headStart, context });
  if (settings.old === 'remove-first') {
    await checkPoint(plan, { store, context });
    await removeFilestorage(plan);
  } else await requireRoomFor([{ path: plan.target, bytes: plan.sizeBytes ?? 0 }]);
  await using staged = await stageRestore(plan, { anchor, store, context });
  const { point } = plan;
  await swapAll(anchor, {
    steps: await staged.steps(),
    restored: `${plan.target} as of ${point.stamp}`,
    points: await pointsOf([plan]),
    old: settings.old === 'keep' ? 'keep' : 'discard',
    earlier: 'superseded',
    now: settings.now(),
    onTaken: () => staged.handOver(),
  });
  return staged.result;
}

/** What the journal tells of the restore points. */
export function pointsOf(plans: readonly RestorePlan[]): Promise<RestoreJournal['points']> {
  return Promise.all(
    plans.map(async ({ target, point }) => ({
      path: await realPlaceOf(target),
      stamp: point.stamp,
    })),
  );
}

/**
 * Appends to a target what it lacks. Its old index goes on to be right, as it speaks of the bytes
 * that stay.
 */
export async function bringForward(
  store: Store,
  {
    plan,
    anchor,
    headStart,
    context,
  }: {
    readonly plan: RestorePlan;
    /** Where the journal of a restore is. */
    readonly anchor: string;
    readonly headStart: HeadStart;
    readonly context: JobContext;
  },
): Promise<RestoreResult> {
  const { target: path, point } = plan;
  const sizeBytes = await appendRest(path, { store, headStart, context });
  await using index = await makeRestoredIndex(store, {
    point,
    anchor,
    rights: await rightsOfRestored(path),
    dataFs: { path, sizeBytes },
  });
  if (index !== undefined) await keepOwnership([index], path);
  await index?.publish();
  const hadBytes = headStart.sizeBytes;
  return { plan, sizeBytes, hadBytes, index: index === undefined ? 'without' : 'restored' };
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
  await requireBackups(repository);
  const opened = await context.backups.repository(repository);
  const { store } = opened;
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

/** Reads all of a restore point. Failure `damaged` where a checksum is wrong. */
export async function checkPoint(
  { point, sizeBytes }: RestorePlan,
  { store, context }: { readonly store: Store; readonly context: JobContext },
): Promise<void> {
  await withStep(context, {
    step: 'verify',
    totalBytes: sizeBytes,
    work: async ({ onFile, onBytes }) => {
      for await (const chunk of readRestorePoint(store, { point, onFile })) {
        context.signal.throwIfAborted();
        onBytes(chunk.length);
      }
    },
  });
}

/** Removes a Data.fs and its index for good, to make room. */
export async function removeFilestorage({ target }: RestorePlan): Promise<void> {
  for (const name of await namesOfFile(target)) await removeAll(`${name}.index`);
  await removeAll(await realPlaceOf(target));
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
