import type { CopySettings } from '../../config/model/copy-settings.ts';
import { readCopiedEvents } from '../../copies/copied-events.ts';
import { copiedPoints, readPoint } from '../../copies/read-copy.ts';
import { formatSealLine } from '../../copies/seal-line.ts';
import type { Lease } from '../../stores/objects/lease/held-lease.ts';
import { Failure } from '../../system/failure.ts';
import { keepHeapLean } from '../../system/processes/lean-heap.ts';
import { type JobContext, withStep } from '../run/events.ts';
import { requireCopyPlace } from './copy-place.ts';
import type { Copying, PushResult } from './copying.ts';
import { runsToShow } from './events/local-events.ts';
import { pushEvents } from './events/push-events.ts';
import { keepKey } from './forms/keep-key.ts';
import { noteSite, type SeenSite } from './note-site.ts';
import { CopyLock, lockTimes } from './protect/copy-lock.ts';
import { faultOfNewest } from './prune/fault-of-newest.ts';
import { NO_DOUBTS, readLocalDoubts } from './prune/local-doubts.ts';
import { type CopyRetention, keepsAll, pruneCopy } from './prune/prune-copy.ts';
import { settledAs } from './prune/settled.ts';
import type { NewestRecord } from './push/newest-record.ts';
import { planPush } from './push/plan-push.ts';
import { pushInOrder } from './push/push-in-order.ts';
import { CopiedPoints, type PushRun } from './push/push-run.ts';
import { requireOwnCopy } from './push/require-own-copy.ts';
import { takeCopyLease } from './take-copy-lease.ts';

/** An upload that a killed run has begun is gone on with for so long. Nobody sees it, but it takes room. */
const RESUMED_MS = 48 * 3_600_000;

/** Brings to a copy what it lacks, and takes from it what is too old, while nobody else does. */
export async function pushLocked(copying: Copying, context: JobContext): Promise<PushResult> {
  const { site, copy, now, store, below, local, onBrought } = copying;
  const { signal } = context;
  keepHeapLean();
  await using lease = await takeCopyLease(below, { copy, command: 'copy', context: { signal } });
  await requireCopyPlace(store);
  await copying.onBegun?.();
  if (copy.keyFile !== undefined) await keepKey(below, copy.keyFile);
  if (!copy.appendOnly) await below.removeUnfinished('', (await below.now()) - RESUMED_MS);
  const lock =
    copy.lockDays > 0 ? await CopyLock.begin(below, lockTimes(copy, copying.before)) : undefined;
  const events = await readCopiedEvents(below);
  // Others may have copied until now.
  const there = await copiedPoints(below);
  const points = new CopiedPoints(there, (name) => readPoint(below, name));
  if (copying.beginAgain !== true) await requireOwnCopy(copying, points);
  const { damaged } = events;
  const doubts = keepsAll(copy) ? NO_DOUBTS : await readLocalDoubts(site, context);
  const { pushed, bytes, tags } = await withStep(context, {
    step: 'copy',
    totalBytes: undefined,
    work: async ({ onFile, onBytes }) => {
      let bytes = 0;
      const count = (more: number) => {
        bytes += more;
        onBytes(more);
      };
      const run = runOf(copying, { points, lease, lock, damaged, signal, onBytes: count });
      const { lacking, gone, tags } = await planPush(copying, { there, doubts, run });
      return {
        pushed: await pushInOrder(lacking, { run, gone, onPoint: onFile, onBrought }),
        bytes,
        tags,
      };
    },
  });
  const run = runOf(copying, { points, lease, lock, damaged, signal, onBytes: () => {} });
  const storages = site.storages.map(({ name }) => name);
  const lockedUntilMs = await lock?.extend(points, { storages, signal });
  await pushEvents(copying.events, { there: events, run });
  const retention = { keeping: copy, kind: 'all', tags, events, doubts } as const;
  const pruned = copy.appendOnly
    ? { removed: 0 }
    : await tryToPrune(run, { name: copy.name, retention, context });
  const failure = pushed.failure ?? faultOfNewest(points.names, { events, below });
  const isSettled = failure === undefined && pruned !== 'failed';
  const settled = isSettled
    ? settledAs(copy, { local, tags: copying.tags, events: copying.events, there: points.names })
    : undefined;
  const at = now();
  const { sequence, link } = pushed.newest;
  const head: SeenSite['head'] = {
    sequence,
    sha256: link?.sha256,
    runs: runsToShow(copying.events),
    lockedUntil: lockedUntilMs === undefined ? undefined : new Date(lockedUntilMs).toISOString(),
  };
  // Whoever has nothing but the place finds the site by its head, in what an intruder has left, too.
  await noteSite(lock?.writerOf(store) ?? store, {
    ...{ site: copy.site, points: points.names, head, settled, at },
  });
  if (pushed.points > 0 && store.isUnsynced)
    context.onEvent({ kind: 'notice', code: 'copy-not-synced', copy: copy.name });
  if (failure !== undefined) throw failure;
  const removed = pruned === 'failed' ? 0 : pruned.removed;
  const hasChanged = pushed.points + removed > 0;
  const seal = hasChanged ? sealOf(copy, { points, newest: pushed.newest }) : undefined;
  return { points: pushed.points, bytes, removed, held: points.names.length, seal };
}

function sealOf(
  { site }: CopySettings,
  {
    points: { names },
    newest: { sequence, link },
  }: { readonly points: CopiedPoints; readonly newest: NewestRecord },
): string | undefined {
  if (names.length === 0 || link === null) return undefined;
  return formatSealLine({ site, sequence, points: names.length, sha256: link.sha256 });
}

function runOf(
  { below, now, forms }: Copying,
  {
    points,
    lease,
    lock,
    damaged,
    signal,
    onBytes,
  }: {
    readonly points: CopiedPoints;
    readonly lease: Lease;
    readonly lock: CopyLock | undefined;
    readonly damaged: PushRun['damaged'];
    readonly signal: AbortSignal;
    readonly onBytes: (count: number) => void;
  },
): PushRun {
  return {
    ...{ site: lock?.site ?? below, now, points, forms, damaged },
    storing: {
      ...{ signal, onBytes },
      confirm: () => lease.confirm(),
      requireTime: () => lease.requireTime(),
      onFound: (key) => lock?.found(key),
    },
  };
}

/** The copy is complete whether old backups go or not. */
async function tryToPrune(
  run: PushRun,
  {
    name,
    retention,
    context,
  }: {
    readonly name: string;
    readonly retention: CopyRetention;
    readonly context: JobContext;
  },
): Promise<{ readonly removed: number } | 'failed'> {
  try {
    const removed = await pruneCopy(run, retention);
    return { removed: removed.length };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'interrupted') throw error;
    const reason = error.message;
    context.onEvent({ kind: 'warning', code: 'copy-not-pruned', copy: name, reason });
    return 'failed';
  }
}
