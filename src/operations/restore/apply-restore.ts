import { cutOf, nameOfPoint, restoredStateOf } from '../../repository/restore-point.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import type { JobContext } from '../run/events.ts';
import { type FastForward, fastForwardFile, planFastForward } from './append-to-existing.ts';
import { withoutBlobsAsBackedUp } from './blobs/blobs-as-backed-up.ts';
import { restoringPart } from './damaged-part.ts';
import type { RestoreJournal } from './journal/journal-record.ts';
import { swapAll } from './journal/restore-journal.ts';
import { makeRoom } from './make-room.ts';
import type { CutOfRestore } from './moment/cut-log.ts';
import type { RestorePlan, RestoreResult } from './restore-plan.ts';
import type { SiteRestorePlan, SiteRestoreSettings } from './site-restore-plan.ts';
import { type StagedBlobs, stageBlobs } from './stage-blobs.ts';
import { type StagedRestore, stageRestore } from './stage-filestorage.ts';

/** How a plan is carried out. */
export interface RestoreToApply {
  /** Where the journal of the restore is. */
  readonly anchor: string;
  readonly settings: Pick<SiteRestoreSettings, 'earlierState' | 'old' | 'now'>;
  readonly context: JobContext;
  /** A Data.fs is about to be made, or appended to. */
  readonly onBegin: (plan: RestorePlan) => void;
}

/**
 * Makes everything of a plan beside what it replaces, then swaps all of it by renames; last, it appends to each
 * Data.fs that only lacks its end. What is there already as it would be made stays. The caller holds the locks of what
 * is read and of what is replaced.
 */
export async function applyRestore(
  plan: SiteRestorePlan,
  { anchor, settings, context, onBegin }: RestoreToApply,
): Promise<readonly RestoreResult[]> {
  const fastForwards = await findFastForwards(plan, { settings, context });
  const anew = await withoutBlobsAsBackedUp(madeAnew(plan, fastForwards), context);
  if (settings.earlierState === 'append') tellReplaced(anew, context);
  await makeRoom(anew, { old: settings.old, context });
  await using things = new DisposableStack();
  const staged: StagedRestore[] = [];
  const cuts = new Map<string, CutOfRestore>();
  const stagedBlobs: StagedBlobs[] = [];
  for (const { plan: one, storage } of anew.filestorages) {
    onBegin(one);
    const { store } = await context.backups.repository(one.repository);
    const work = () => stageRestore(one, { anchor, store, context });
    const made = await restoringPart({ storage, part: 'data' }, { plan, context, work });
    staged.push(things.use(made));
    if (made.cut !== undefined) cuts.set(storage, made.cut);
  }
  for (const { plan: one, storage } of anew.blobs) {
    const work = () => stageBlobs(one, { anchor, cut: cuts.get(storage), context });
    const made = await restoringPart({ storage, part: 'blobs' }, { plan, context, work });
    stagedBlobs.push(things.use(made));
  }
  context.signal.throwIfAborted();
  const all = [...staged, ...stagedBlobs];
  if (all.length + fastForwards.length > 0)
    await swapAll(anchor, {
      steps: (await Promise.all(all.map((one) => one.steps()))).flat(),
      restored: describePlan(plan),
      points: await pointsOf(plan.filestorages.map(({ plan: one }) => one)),
      // What was appended can't be taken back, so the rest of it must not be, either.
      old: settings.old === 'keep' && fastForwards.length === 0 ? 'keep' : 'discard',
      earlier: 'superseded',
      now: settings.now(),
      onTaken: () => {
        for (const one of all) one.handOver();
      },
    });
  for (const { plan: one } of anew.blobs) {
    context.onEvent({ kind: 'blobs-restored', target: one.target, entry: one.choice.entry.name });
  }
  const results = staged.map(({ result }) => result);
  // Blobs of later transactions do no harm to an earlier Data.fs; the other way round they lack.
  for (const { of, fastForward } of fastForwards) {
    onBegin(of.plan);
    const { store } = await context.backups.repository(of.plan.repository);
    results.push(await fastForwardFile(store, { plan: of.plan, anchor, fastForward, context }));
  }
  return results;
}

/** A Data.fs that only lacks its end. */
export interface FileToFastForward {
  readonly of: SiteRestorePlan['filestorages'][number];
  readonly fastForward: FastForward;
}

/** What of a plan is made beside what is there. */
export function madeAnew(
  { filestorages, blobs }: SiteRestorePlan,
  fastForwards: readonly FileToFastForward[],
): SiteRestorePlan {
  const isAppended = (one: (typeof filestorages)[number]) =>
    fastForwards.some(({ of }) => of === one);
  return { filestorages: filestorages.filter((one) => !isAppended(one)), blobs };
}

/** The Data.fs files of a plan that are not replaced, as they only lack their end. Reads them. */
export async function findFastForwards(
  { filestorages }: SiteRestorePlan,
  {
    settings,
    context,
  }: Pick<RestoreToApply, 'context'> & {
    readonly settings: Pick<SiteRestoreSettings, 'earlierState'>;
  },
): Promise<readonly FileToFastForward[]> {
  if (settings.earlierState === 'replace') return [];
  const found: FileToFastForward[] = [];
  for (const of of filestorages) {
    const { target, point, replaces } = of.plan;
    const fastForward = replaces ? await planFastForward(target, { point, context }) : undefined;
    if (fastForward !== undefined) found.push({ of, fastForward });
  }
  return found;
}

function describePlan({ filestorages, blobs }: SiteRestorePlan): string {
  return [
    ...filestorages.map(({ plan }) => `${plan.target} as of ${nameOfPoint(plan.point)}`),
    ...blobs.map(({ plan }) => `${plan.target} from ${plan.choice.entry.name}`),
  ].join(', ');
}

/** Who restores to a stand-by expects that it only grows. */
function tellReplaced({ filestorages }: SiteRestorePlan, { onEvent }: JobContext): void {
  for (const { plan } of filestorages.filter(({ plan: { replaces } }) => replaces)) {
    const because = cutOf(plan.point) === undefined ? 'other-state' : 'moment';
    onEvent({ kind: 'notice', code: 'not-appended', target: plan.target, because });
  }
}

/** What the journal tells of the restore points. */
function pointsOf(plans: readonly RestorePlan[]): Promise<RestoreJournal['points']> {
  return Promise.all(
    plans.map(async ({ target, point }) => ({
      path: await realPlaceOf(target),
      ...restoredStateOf(point),
    })),
  );
}
