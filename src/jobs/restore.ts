import { readCatalogue } from '../repository/catalogue.ts';
import type { RecoveryDate } from '../repository/recovery-date.ts';
import {
  findRestorePoint,
  type RestorePoint,
  readRestorePoint,
} from '../repository/restore-point.ts';
import { folderStore, requireBackups } from '../stores/folder-store.ts';
import type { Store } from '../stores/store.ts';
import { Disposables } from '../system/disposables.ts';
import { Failure } from '../system/failure.ts';
import { statOf } from '../system/presence.ts';
import { namesOfFile, realPlaceOf } from '../system/real-place.ts';
import { removeAll } from '../system/replacement.ts';
import { requireRoomFor } from '../system/room.ts';
import { tap } from '../system/stages.ts';
import { type JobContext, lockRequest, withStep } from './events.ts';
import { appendRest, findHeadStart, type HeadStart } from './head-start.ts';
import { keepOwnership, rightsOfRestored } from './keep-ownership.ts';
import {
  lockRestore,
  type RestoreJournal,
  removeStaged,
  settleRestore,
  swapAll,
} from './restore-journal.ts';
import { makeRestoredIndex } from './restored-index.ts';
import { holdFolders } from './run-locks.ts';
import { lockTarget } from './server-lock.ts';
import { stageRestore } from './stage-restore.ts';

/** What a restore is asked for. */
export interface RestoreSettings {
  readonly repository: string;
  /** Undefined: the newest backup. */
  readonly date: RecoveryDate | undefined;
  /** Path of the Data.fs to make or to replace. */
  readonly target: string;
  /** What to do where a server holds the target's lock. */
  readonly heldLock: 'refuse' | 'ignore';
  /**
   * What to do with a target that is an earlier state of the same log: replace it like any other, or
   * append to it what is new.
   */
  readonly earlierState: 'replace' | 'append';
  /**
   * What becomes of what is replaced: it is kept, for an undo; goes when the restore is done; or goes
   * first, where there is no room for both, after every byte of the backup has been checked.
   */
  readonly old: OldState;
  readonly now: () => Date;
}

export type OldState = 'keep' | 'discard' | 'remove-first';

/** What a restore will do; nothing has been touched yet. */
export interface RestorePlan {
  /** Folder of the repository. */
  readonly repository: string;
  readonly point: RestorePoint;
  readonly target: string;
  /** Whether a file is there that it replaces. */
  readonly replaces: boolean;
  /** Bytes of the Data.fs; undefined where only reading all of it would tell. */
  readonly sizeBytes: number | undefined;
}

/** What a restore did. */
export interface RestoreResult {
  readonly plan: RestorePlan;
  readonly sizeBytes: number;
  /** Bytes that the target had already; 0 where it was made from nothing. */
  readonly hadBytes: number;
  /** `without`: the server will make an index of its own when it starts. */
  readonly index: 'restored' | 'without';
}

/** Finds what to restore and what it would replace. Failures: see {@link findRestorePoint}, `locked`. */
export async function planRestore(
  settings: Pick<RestoreSettings, 'repository' | 'date' | 'target'>,
): Promise<RestorePlan> {
  await requireBackups(settings.repository);
  const store = folderStore(settings.repository);
  const catalogue = await readCatalogue(store);
  const point = await findRestorePoint(store, {
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
  await planRestore(settings); // Where there is nothing to restore, not even a lock file is made.
  await using locks = new Disposables();
  const anchor = await realPlaceOf(settings.target);
  locks.use(await lockRestore(anchor, lockRequest(context, 'restore')));
  locks.use(await lockTarget(settings, context));
  const sources = { repositories: [settings.repository], blobFolders: [] };
  locks.use(await holdFolders(sources, lockRequest(context, 'restore')));
  await settleRestore(anchor, context);
  await removeStaged([settings.target, anchor], { anchor, context });
  const plan = await planRestore(settings);
  reportLeftOut(plan, context);
  const store = folderStore(settings.repository);
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
  const store = folderStore(repository);
  const catalogue = await readCatalogue(store);
  const point = await findRestorePoint(store, { catalogue, date, aim: 'restore from' });
  await sink(tap(readRestorePoint(store, { point }), () => context.signal.throwIfAborted()));
  return point;
}

/** Says which files are newer than the point and not listed in its chain. */
export function reportLeftOut({ point }: RestorePlan, { onEvent }: JobContext): void {
  if (point.leftOut.length === 0) return;
  onEvent({ kind: 'files-left-out', fileNames: point.leftOut.map(({ name }) => name) });
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
