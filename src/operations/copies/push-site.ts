import type { CopySettings } from '../../config/model/copy-settings.ts';
import type { Site } from '../../config/model/site.ts';
import { sitePrefix } from '../../copies/layout/keys.ts';
import { formatPlace } from '../../copies/layout/place.ts';
import { copiedPoints, readPoint } from '../../copies/read-copy.ts';
import { formatSealLine } from '../../copies/seal-line.ts';
import type { Lease } from '../../stores/objects/lease/held-lease.ts';
import type { ObjectStore } from '../../stores/objects/object-store.ts';
import { objectsBelow } from '../../stores/objects/objects-below.ts';
import { openObjectStore } from '../../stores/objects/open-object-store.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { type JobContext, withStep } from '../run/events.ts';
import { requireCopyPlace } from './copy-place.ts';
import { type CopyForms, openCopyForms } from './forms/copy-forms.ts';
import { lackingPoints } from './lacking-points.ts';
import { type LocalPoint, readLocalPoints } from './local-points.ts';
import { findNewestRecord } from './newest-record.ts';
import { noteSite } from './note-site.ts';
import { pointsTooOld } from './prune/old-chains.ts';
import { pruneCopy } from './prune/prune-copy.ts';
import { pushPoint } from './push-point.ts';
import { CopiedPoints, type PushRun } from './push-run.ts';
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

export type CopyOpener = (copy: CopySettings) => Promise<ObjectStore>;

/** A place that can't lock is one that keeps to no condition. */
export const openCopy: CopyOpener = ({ url, access, singleWriter }) =>
  openObjectStore(url, { ...access, ...(singleWriter && { conditions: 'none' }) });

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
  readonly forms: CopyForms;
}

/**
 * Brings to a copy what it lacks: the newest chain of each place first, each from its full backup on. At each moment
 * all is there of the points that count. Then what is too old goes, unless the copy is append-only. Failures: those of the store; `locked` where
 * another run copies; `damaged` where a backup isn't what was written, when all else is copied.
 */
export async function pushSite(request: PushRequest, context: JobContext): Promise<PushResult> {
  const { copy, site, now, open } = request;
  await using store = await open(copy);
  const below = objectsBelow(store, sitePrefix(copy.site));
  const local = await readLocalPoints(site, context.backups);
  const there = await copiedPoints(below);
  const { keep, appendOnly } = copy;
  const hasOld = !appendOnly && pointsTooOld(there, { keep, isSound: () => true }).length > 0;
  if (hasOld || lackingPoints(local, { there, keep }).length > 0) {
    await using forms = await openCopyForms(copy);
    return await pushLocked({ ...request, store, below, local, forms }, context);
  }
  await noteSite(store, { site: copy.site, points: there, sha256: undefined, at: now() });
  return { points: 0, bytes: 0, removed: 0, seal: undefined };
}

async function pushLocked(copying: Copying, context: JobContext): Promise<PushResult> {
  const { copy, now, store, below, local } = copying;
  const { signal } = context;
  await using lease = await takeCopyLease(below, { copy, signal });
  await requireCopyPlace(store);
  if (!copy.appendOnly) await below.removeUnfinished('', (await below.now()) - RESUMED_MS);
  // Others may have copied until now.
  const there = await copiedPoints(below);
  const points = new CopiedPoints(there, (name) => readPoint(below, name));
  const { pushed, bytes } = await withStep(context, {
    step: 'copy',
    totalBytes: undefined,
    work: async ({ onFile, onBytes }) => {
      let bytes = 0;
      const count = (more: number) => {
        bytes += more;
        onBytes(more);
      };
      const run = runOf(copying, { points, lease, signal, onBytes: count });
      const lacking = lackingPoints(local, { there, keep: copy.keep });
      return { pushed: await pushInOrder(lacking, { run, onPoint: onFile }), bytes };
    },
  });
  const run = runOf(copying, { points, lease, signal, onBytes: () => {} });
  const removed = copy.appendOnly ? 0 : await tryToPrune({ ...copying, run }, context);
  const at = now();
  const newest = points.names.at(-1);
  const sha256 = newest && (await points.read(newest)).sha256;
  await noteSite(store, { site: copy.site, points: points.names, at, sha256 });
  if (pushed.points > 0 && store.isUnsynced)
    context.onEvent({ kind: 'notice', code: 'copy-not-synced', copy: copy.name });
  if (pushed.failure !== undefined) throw pushed.failure;
  const hasChanged = pushed.points + removed > 0;
  const seal = hasChanged ? sealOf(copy, { points, sha256 }) : undefined;
  return { points: pushed.points, bytes, removed, seal };
}

function sealOf(
  { site }: CopySettings,
  { points: { names }, sha256 }: { readonly points: CopiedPoints; readonly sha256: string | undefined },
): string | undefined {
  const newest = names.at(-1);
  if (newest === undefined || sha256 === undefined) return undefined;
  return formatSealLine({ site, sequence: newest.sequence, points: names.length, sha256 });
}

function runOf(
  { below, now, forms }: Copying,
  {
    points,
    lease,
    signal,
    onBytes,
  }: {
    readonly points: CopiedPoints;
    readonly lease: Lease;
    readonly signal: AbortSignal;
    readonly onBytes: (count: number) => void;
  },
): PushRun {
  return {
    ...{ site: below, now, points, forms },
    storing: {
      ...{ signal, onBytes },
      confirm: () => lease.confirm(),
      requireTime: () => lease.requireTime(),
    },
  };
}

interface PushedPoints {
  readonly points: number;
  /** Why a chain was left. */
  readonly failure: Failure | undefined;
}

/** A backup that isn't what was written ends its chain; the others are copied all the same. */
async function pushInOrder(
  lacking: readonly LocalPoint[],
  { run, onPoint }: { readonly run: PushRun; readonly onPoint: (name: string) => void },
): Promise<PushedPoints> {
  let newest = await findNewestRecord(run.site, run.points);
  let points = 0;
  let failure: Failure | undefined;
  const broken = new Set<string>();
  for (const point of lacking) {
    const chain = `${formatPlace(point.place)} ${point.chainAge}`;
    if (broken.has(chain)) continue;
    onPoint(`${formatPlace(point.place)} ${point.stamp}`);
    try {
      newest = await pushPoint(point, { run, newest });
      points += 1;
    } catch (error) {
      if (!isFailure(error, 'damaged', 'not-found')) throw error;
      broken.add(chain);
      failure ??= error;
    }
  }
  return { points, failure };
}

/** The copy is complete whether old backups go or not. */
async function tryToPrune(
  { site, copy, run }: Copying & { readonly run: PushRun },
  context: JobContext,
): Promise<number> {
  try {
    return await pruneCopy({ site, keep: copy.keep, run }, context);
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'interrupted') throw error;
    const reason = error.message;
    context.onEvent({ kind: 'warning', code: 'copy-not-pruned', copy: copy.name, reason });
    return 0;
  }
}
