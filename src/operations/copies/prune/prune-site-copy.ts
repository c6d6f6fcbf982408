import type { CopySettings } from '../../../config/model/copy-settings.ts';
import type { Site } from '../../../config/model/site.ts';
import { readCopiedEvents } from '../../../copies/copied-events.ts';
import { readCopiedTags } from '../../../copies/copied-tags.ts';
import { type PointName, sitePrefix } from '../../../copies/layout/keys.ts';
import type { CopyPlace } from '../../../copies/layout/place.ts';
import { copiedPoints, readPoint } from '../../../copies/read-copy.ts';
import type { ObjectStore } from '../../../stores/objects/object-store.ts';
import { objectsBelow } from '../../../stores/objects/objects-below.ts';
import { Failure, isFailure } from '../../../system/failure.ts';
import { type JobContext, withStep } from '../../run/events.ts';
import type { RemovalReason } from '../../run/removal-reason.ts';
import type { CopyOpener } from '../copy-place.ts';
import { requireCopyThere } from '../copy-place.ts';
import { noteSite, readHead } from '../note-site.ts';
import { CopyLock, lockTimes, lockTimesOfOther } from '../protect/copy-lock.ts';
import { CopiedPoints } from '../push/push-run.ts';
import { takeCopyLease } from '../take-copy-lease.ts';
import { readCopyCosts } from './copy-costs.ts';
import { NO_DOUBTS, readLocalDoubts } from './local-doubts.ts';
import { type PricedPoint, pricePoints } from './price-points.ts';
import { type CopyRetention, keepsAll, planRecords, pruneCopy } from './prune-copy.ts';

/** The copy of a site whose old restore points go. */
export interface SiteCopyPrune {
  /** Undefined: nothing is known here of the site but the copy. */
  readonly site: Site | undefined;
  /** How much it keeps says the copy. */
  readonly copy: CopySettings;
  readonly kind: CopyPlace['kind'] | 'all';
  readonly now: () => Date;
  readonly open: CopyOpener;
}

/** What becomes of the restore points of a copy. */
export interface SiteCopyPrunePlan {
  /** In each place, oldest first. */
  readonly points: readonly PricedPoint[];
  /** What all that goes would free: some time later, as what nothing names stays for a while. */
  readonly freedBytes: number;
}

/**
 * Removes the restore points of a copy that no rule keeps, as a run would that copies. Returns those. Failures: those of
 * the store; `usage` where nothing says what stays; `refused` where this machine may not remove anything there, and
 * where what is there is of a later version; `locked`; `damaged` where a record can't be read: then nothing goes.
 */
export async function pruneSiteCopy(
  request: SiteCopyPrune,
  context: JobContext,
): Promise<readonly PointName[]> {
  const { copy, now, open } = request;
  refuseAppendOnly(copy);
  refuseWithoutRules(copy);
  await using store = await open(copy);
  const below = objectsBelow(store, sitePrefix(copy.site));
  await requireCopyThere(store);
  await using lease = await takeCopyLease(below, { copy, command: 'prune', context });
  const { points, retention } = await observe(below, request, context);
  const head = await readHead(store, copy.site);
  const times = await lockTimesOfOther(below, lockTimes(copy, head));
  const lock = times && (await CopyLock.begin(below, times));
  const storing = { confirm: () => lease.confirm() };
  const removed = await withStep(context, {
    step: 'remove',
    totalBytes: undefined,
    work: () => pruneCopy({ site: lock?.site ?? below, now, points, storing }, retention),
  });
  // Whether the copy is complete only those know who have the backups: that is as before.
  if (head !== undefined) {
    const seen = { site: copy.site, points: points.names, head, settled: undefined };
    await noteSite(lock?.writerOf(store) ?? store, { ...seen, at: new Date(head.at) });
  }
  return removed;
}

/** What {@link pruneSiteCopy} would do now; changes nothing, and locks nothing. */
export async function planSiteCopyPrune(
  request: SiteCopyPrune,
  context: JobContext,
): Promise<SiteCopyPrunePlan> {
  const { copy, open } = request;
  refuseWithoutRules(copy);
  await using store = await open(copy);
  const below = objectsBelow(store, sitePrefix(copy.site));
  await requireCopyThere(store);
  const { points, retention } = await observe(below, request, context);
  const planned = await planRecords(points, retention);
  const costs = await readCopyCosts(below, {
    points: planned.map(({ point }) => point),
    signal: context.signal,
  });
  const { keep, keepRules } = copy;
  const removal: RemovalReason =
    keepRules === undefined ? { kind: 'newer-full-backups', keep } : { kind: 'no-rule' };
  return pricePoints(planned, { costs, removal });
}

async function observe(
  below: ObjectStore,
  { site, copy, kind }: SiteCopyPrune,
  context: JobContext,
): Promise<{ readonly points: CopiedPoints; readonly retention: CopyRetention }> {
  const events = await readCopiedEvents(below);
  const points = new CopiedPoints(await copiedPoints(below), (name) => readPoint(below, name));
  if (points.names.length === 0) throw noPoints(below);
  const doubts = site === undefined ? NO_DOUBTS : await doubtsOf(site, context);
  const tags = await readCopiedTags(below);
  return { points, retention: { keeping: copy, kind, tags, events, doubts } };
}

/** A machine that looks after copies may know a site of which it has no backups. */
async function doubtsOf(site: Site, context: JobContext) {
  try {
    return await readLocalDoubts(site, context);
  } catch (error) {
    if (isFailure(error, 'not-found')) return NO_DOUBTS;
    throw error;
  }
}

function refuseAppendOnly({ name, appendOnly }: CopySettings): void {
  if (!appendOnly) return;
  throw new Failure('refused', `Cannot remove anything from the copy ${name}: it is append-only`, {
    hint: 'Prune it from another machine, with a key that may remove.',
  });
}

function refuseWithoutRules(copy: CopySettings): void {
  if (!keepsAll(copy)) return;
  throw new Failure('usage', `Cannot prune the copy ${copy.name}: nothing says what stays`, {
    hint: { kind: 'name-keep-rules' },
  });
}

function noPoints(below: ObjectStore): Failure {
  return new Failure('not-found', `Cannot find a restore point in "${below.name}"`, {
    hint: 'Name the place, and the site, as the configuration of the site does.',
  });
}
