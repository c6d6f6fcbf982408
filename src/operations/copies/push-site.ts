import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import { readCopiedEvents } from '../../copies/copied-events.ts';
import { type CopiedTags, readCopiedTags } from '../../copies/copied-tags.ts';
import { type PointName, sitePrefix } from '../../copies/layout/keys.ts';
import type { SiteHead } from '../../copies/layout/site-head.ts';
import { copiedPoints, readPoint, removedPoints } from '../../copies/read-copy.ts';
import { formatSealLine } from '../../copies/seal-line.ts';
import type { Lease } from '../../stores/objects/lease/held-lease.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { objectsBelow } from '../../stores/objects/objects-below.ts';
import { Failure } from '../../system/failure.ts';
import { type JobContext, withStep } from '../run/events.ts';
import { type CopyOpener, requireCopyPlace } from './copy-place.ts';
import { type LocalEvents, readLocalEvents, runsToShow } from './events/local-events.ts';
import { pushEvents } from './events/push-events.ts';
import { type CopyForms, openCopyForms } from './forms/copy-forms.ts';
import { keepKey } from './forms/keep-key.ts';
import { lackingPoints } from './lacking-points.ts';
import { type LocalPoint, readLocalPoints } from './local-points.ts';
import { noteSite, readHead, type SeenSite } from './note-site.ts';
import { CopyLock, isLockDue, lockTimes } from './protect/copy-lock.ts';
import { type LocalDoubts, NO_DOUBTS, readLocalDoubts } from './prune/local-doubts.ts';
import { type CopyRetention, keepsAll, pruneCopy } from './prune/prune-copy.ts';
import { settledAs } from './prune/settled.ts';
import type { NewestRecord } from './push/newest-record.ts';
import { pushInOrder } from './push/push-in-order.ts';
import { CopiedPoints, type PushRun } from './push/push-run.ts';
import { type LocalTag, readLocalTags } from './tags/local-tags.ts';
import { pushTags, tagChanges } from './tags/push-tags.ts';
import { takeCopyLease } from './take-copy-lease.ts';

/** An upload that a killed run has begun is gone on with for so long. Nobody sees it, but it takes room. */
const RESUMED_MS = 48 * 3_600_000;

/** Which copy of which site. */
export interface PushRequest {
  readonly site: Site;
  readonly copy: CopySettings;
  readonly now: () => Date;
  /** Opens the place of a copy. */
  readonly open: CopyOpener;
}

/** What a run did for one copy. */
export interface PushResult {
  /** Restore points that came to it. */
  readonly points: number;
  /** Of what came, and of what a killed run had brought. */
  readonly bytes: number;
  /** Restore points that went from it. */
  readonly removed: number;
  /** See `SealLine`; undefined: nothing came or went, so that one which was kept is as good. */
  readonly seal: string | undefined;
}

/** A copy, and what a site has that belongs there. */
interface Copying extends PushRequest {
  readonly store: ObjectStore;
  /** What is below the prefix of the site. */
  readonly below: ObjectStore;
  readonly local: readonly LocalPoint[];
  readonly tags: readonly LocalTag[];
  readonly events: readonly LocalEvents[];
  readonly forms: CopyForms;
  /** What the run before has noted. */
  readonly before: SiteHead | undefined;
}

/**
 * Brings to a copy what it lacks: the newest chain of each place first, each from its full backup on. At each moment
 * all is there of the points that count. Then the newest chains are locked for longer, where the copy is locked and it
 * is time, and what is too old goes, unless the copy is append-only. Failures: those of the store; `locked` where another
 * run copies; `damaged` where a backup isn't what was written, when all else is copied.
 */
export async function pushSite(request: PushRequest, context: JobContext): Promise<PushResult> {
  const { copy, site, now, open } = request;
  await using store = await open(copy);
  const below = objectsBelow(store, sitePrefix(copy.site));
  const local = await readLocalPoints(site, context.backups);
  const tags = await readLocalTags(site, context.backups);
  const events = await readLocalEvents(site, { backups: context.backups, now: now() });
  const there = await copiedPoints(below);
  const before = await readHead(store, copy.site);
  const settled = settledAs(copy, { local, tags, events, there });
  const isDue = there.length > 0 && (await isLockDue(store, lockTimes(copy, before)));
  if (before?.settled === settled && !isDue) {
    const head = { ...before, runs: runsToShow(events) };
    await noteSite(store, { site: copy.site, points: there, head, settled, at: now() });
    return { points: 0, bytes: 0, removed: 0, seal: undefined };
  }
  await using forms = await openCopyForms(copy);
  return await pushLocked(
    { ...request, store, below, local, tags, events, forms, before },
    context,
  );
}

async function pushLocked(copying: Copying, context: JobContext): Promise<PushResult> {
  const { site, copy, now, store, below, local } = copying;
  const { signal } = context;
  await using lease = await takeCopyLease(below, { copy, command: 'copy', context: { signal } });
  await requireCopyPlace(store);
  if (copy.keyFile !== undefined) await keepKey(below, copy.keyFile);
  if (!copy.appendOnly) await below.removeUnfinished('', (await below.now()) - RESUMED_MS);
  const lock =
    copy.lockDays > 0 ? await CopyLock.begin(below, lockTimes(copy, copying.before)) : undefined;
  const events = await readCopiedEvents(below);
  // Others may have copied until now.
  const there = await copiedPoints(below);
  const points = new CopiedPoints(there, (name) => readPoint(below, name));
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
      return { pushed: await pushInOrder(lacking, { run, gone, onPoint: onFile }), bytes, tags };
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
  const isSettled = pushed.failure === undefined && pruned !== 'failed';
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
  if (pushed.failure !== undefined) throw pushed.failure;
  const removed = pruned === 'failed' ? 0 : pruned.removed;
  const hasChanged = pushed.points + removed > 0;
  const seal = hasChanged ? sealOf(copy, { points, newest: pushed.newest }) : undefined;
  return { points: pushed.points, bytes, removed, seal };
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

/** What comes to a copy. */
interface PushPlan {
  readonly lacking: readonly LocalPoint[];
  /** What was removed from it, in the order in which it came. */
  readonly gone: readonly PointName[];
  /** Those that it has then. */
  readonly tags: CopiedTags;
}

/** What belongs into the copy. Tags come before their points. */
async function planPush(
  { copy, below, local, tags: localTags }: Copying,
  {
    there,
    doubts,
    run,
  }: {
    readonly there: readonly PointName[];
    readonly doubts: LocalDoubts;
    readonly run: PushRun;
  },
): Promise<PushPlan> {
  const tags = await readCopiedTags(below);
  const changes = tagChanges(localTags, tags);
  for (const change of changes) tags.add({ ...change, atMs: run.now().getTime() });
  const gone = await removedPoints(below);
  const lacking = lackingPoints(local, { there, removed: gone, tags, keeping: copy, doubts });
  await pushTags(changes, { points: [...there, ...lacking], run });
  return { lacking, gone, tags };
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
