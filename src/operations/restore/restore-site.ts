import { placeOfBlobs } from '../../blobs/layout/blob-place.ts';
import { contentOf } from '../../blobs/layout/record.ts';
import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import { hasRoomFor, type Need, requireRoomFor } from '../../system/files/free-space.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { insidePath } from '../../system/files/replacement.ts';
import { IMPATIENT } from '../../system/locks/lock-request.ts';
import { Disposables } from '../../system/streams/disposables.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { type Report, runSiteCommand } from '../run/hooks.ts';
import { holdFolders, type RunFolders } from '../run/lock-folders.ts';
import { type WatchedRun, withRunLog } from '../run/run-log.ts';
import { findServer, type HoldingServer, lockTarget } from '../run/server-lock.ts';
import { findHeadStart, type HeadStart } from './append-to-existing.ts';
import { restoringPart } from './damaged-part.ts';
import { refuseOtherJournal, refuseOtherRestore } from './plan-agreement.ts';
import { foldersOf, planSiteRestore, replacedPaths } from './plan-site-restore.ts';
import {
  bringForward,
  checkPoint,
  pointsOf,
  removeFilestorage,
  reportLeftOut,
} from './restore-filestorage.ts';
import {
  discardKept,
  hasStaged,
  isHalfRestored,
  isRestoring,
  lockRestore,
  planDiscard,
  planUndo,
  type RestoreJournal,
  readJournal,
  removeStaged,
  settleRestore,
  swapAll,
  undoRestore,
} from './restore-journal.ts';
import type { RestorePlan, RestoreResult } from './restore-plan.ts';
import type { MeantRestore, SiteRestorePlan, SiteRestoreSettings } from './site-restore-plan.ts';
import { checkBlobs, removeLiveBlobs, type StagedBlobs, stageBlobs } from './stage-blobs.ts';
import { type StagedRestore, stageRestore } from './stage-filestorage.ts';
import { findDoubts, refuseGuess } from './warnings/restore-warnings.ts';

/** The servers that hold a Data.fs of a site now: a restore has to wait for their end. */
export async function findServers(site: Site): Promise<readonly HoldingServer[]> {
  const found: HoldingServer[] = [];
  for (const path of replacedPaths(site).filestorages) {
    const server = await findServer(path);
    if (server !== undefined) found.push(server);
  }
  return found;
}

/** The same as the first step of a restore that is meant: the run log tells if it fails. */
export function planMeantRestore(
  settings: SiteRestoreSettings,
  context: JobContext,
): Promise<MeantRestore> {
  const { site, of, now } = settings;
  return withRunLog({ verb: 'restore', site, of, now }, context, () =>
    planWithDoubts(settings, context.backups),
  );
}

/** What a restore would do, and what is to be said before it. Failure `refused`: see {@link refuseGuess}. */
export async function planWithDoubts(
  settings: SiteRestoreSettings,
  backups: OpenBackups,
): Promise<MeantRestore> {
  const plan = await planSiteRestore(settings, backups);
  const doubts = await findDoubts(plan, { ...settings, backups });
  if (settings.guess === 'refuse') refuseGuess(doubts);
  const lastRestore = await readJournal(await anchorOf(settings.site));
  return { plan, doubts, lastRestoreAt: lastRestore?.at };
}

/**
 * Restores a site: everything is looked for, then made beside what it replaces and checked, and only
 * then all of it is swapped by renames. Until then, a failure leaves the site as it was.
 */
export async function restoreSite(
  settings: SiteRestoreSettings,
  context: JobContext,
  report: Report<readonly RestoreResult[]> = () => {},
): Promise<readonly RestoreResult[]> {
  const { site, of, now } = settings;
  return await withRunLog({ verb: 'restore', site, of, now }, context, async (watched) => {
    return (await restoreUnlogged(settings, watched, report)).results;
  });
}

/** The same as a step of another run, which says when its part of the work is done. */
export async function restoreUnlogged(
  settings: SiteRestoreSettings,
  { context, done }: WatchedRun,
  report: Report<readonly RestoreResult[]> = () => {},
): Promise<RestoredSite> {
  const { site } = settings;
  await runSiteCommand(site, { when: 'pre_command', action: 'restore', context });
  const restoredSite = await swapSite(settings, context);
  const { results } = restoredSite;
  const restored = results.map(({ plan: { target, point } }) => ({
    dataFs: target,
    stamp: point.stamp,
  }));
  await done({ restored });
  await report(results);
  await runSiteCommand(site, { when: 'post_command', action: 'restore', context });
  return restoredSite;
}

/** What a restore of a site has done. */
export interface RestoredSite {
  readonly plan: SiteRestorePlan;
  readonly results: readonly RestoreResult[];
}

async function swapSite(settings: SiteRestoreSettings, context: JobContext): Promise<RestoredSite> {
  await using things = new Disposables();
  const anchor = things.use(await holdSite(settings, context)).anchor;
  const { backups } = context;
  const request = lockRequest(context, 'restore');
  things.use(await holdFolders(sourcesOf(settings), { backups, request }));
  const found = await planWithDoubts(settings, backups);
  if (settings.agreed !== undefined) refuseOtherRestore(found, settings.agreed);
  const { plan, doubts } = found;
  for (const { plan: one } of plan.filestorages) reportLeftOut(one, context);
  for (const doubt of doubts) context.onEvent(doubt);
  const forward = await findForward(plan, { settings, context });
  const anew = plan.filestorages.filter((one) => !forward.some(({ of }) => of === one));
  await makeRoom({ filestorages: anew, blobs: plan.blobs }, { settings, context });
  const staged: StagedRestore[] = [];
  const stagedBlobs: StagedBlobs[] = [];
  for (const { plan: one, storage } of anew) {
    const source = repositoryOf(settings, storage);
    announce(one, { source, context });
    const { store } = await backups.repository(source);
    const work = () => stageRestore(one, { anchor, store, context });
    const made = await restoringPart({ storage, part: 'data' }, { plan, context, work });
    staged.push(things.use(made));
  }
  for (const { plan: one, storage } of plan.blobs) {
    const work = () => stageBlobs(one, { anchor, context });
    const made = await restoringPart({ storage, part: 'blobs' }, { plan, context, work });
    stagedBlobs.push(things.use(made));
  }
  context.signal.throwIfAborted();
  const all = [...staged, ...stagedBlobs];
  await swapAll(anchor, {
    steps: (await Promise.all(all.map((one) => one.steps()))).flat(),
    restored: describePlan(plan),
    points: await pointsOf(plan.filestorages.map(({ plan: one }) => one)),
    // What was appended can't be taken back, so the rest of it must not be, either.
    old: settings.old === 'keep' && forward.length === 0 ? 'keep' : 'discard',
    earlier: 'superseded',
    now: settings.now(),
    onTaken: () => {
      for (const one of all) one.handOver();
    },
  });
  for (const { plan: one } of plan.blobs) {
    context.onEvent({ kind: 'blobs-restored', target: one.target, entry: one.choice.entry.name });
  }
  const results = staged.map(({ result }) => result);
  // Blobs of later transactions do no harm to an earlier Data.fs; the other way round they lack.
  for (const { of, headStart } of forward) {
    const source = repositoryOf(settings, of.storage);
    announce(of.plan, { source, context });
    const { store } = await backups.repository(source);
    results.push(await bringForward(store, { plan: of.plan, anchor, headStart, context }));
  }
  return { plan, results };
}

/** A Data.fs that only lacks its end. */
export interface Forward {
  readonly of: SiteRestorePlan['filestorages'][number];
  readonly headStart: HeadStart;
}

/** The Data.fs files of a plan that are not replaced, as they only lack their end. Reads them. */
export async function findForward(
  { filestorages }: SiteRestorePlan,
  { settings, context }: { readonly settings: SiteRestoreSettings; readonly context: JobContext },
): Promise<readonly Forward[]> {
  if (settings.earlierState === 'replace') return [];
  const found: Forward[] = [];
  for (const of of filestorages) {
    const { target, point, replaces } = of.plan;
    const headStart = replaces ? await findHeadStart(target, { point, context }) : undefined;
    if (headStart !== undefined) found.push({ of, headStart });
  }
  return found;
}

function announce(
  { point, target }: RestorePlan,
  { source, context }: { readonly source: string; readonly context: JobContext },
): void {
  context.onEvent({ kind: 'restore-begins', source: `${source}, ${point.stamp}`, target });
}

/** The live data of a site, with no server and no other restore at it. */
interface HeldSite extends AsyncDisposable {
  /** Where the journal of its restores is. */
  readonly anchor: string;
}

/**
 * Takes the locks of all that a restore replaces, and settles what a killed one has left. Failure
 * `locked` where a server runs, or another restore.
 */
async function holdSite(
  { site, heldLock }: Pick<SiteRestoreSettings, 'site' | 'heldLock'>,
  context: JobContext,
): Promise<HeldSite> {
  await using locks = new Disposables();
  const anchor = await anchorOf(site);
  locks.use(await lockRestore(anchor, lockRequest(context, 'restore')));
  const { filestorages } = replacedPaths(site);
  for (const target of filestorages) {
    locks.use(await lockTarget({ target, heldLock }, context));
  }
  await settleRestore(anchor, context);
  await removeStaged(await stagingPlaces(site), { anchor, context });
  const held = locks.move();
  return { anchor, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

/** What is staged is beside one of these. */
async function stagingPlaces(site: Site): Promise<readonly string[]> {
  const { filestorages, blobstorages } = replacedPaths(site);
  const places = [
    ...filestorages,
    ...(await Promise.all(filestorages.map(realPlaceOf))),
    ...(await Promise.all(blobstorages.map(placeOfBlobs))),
  ];
  return [...places, ...places.map(insidePath)];
}

/**
 * Finishes a restore that was killed while it swapped: until then, there is no site that could be
 * backed up. Of one that was killed before, it removes what is left. Failure `locked` where a server runs
 * on what is half restored.
 */
export async function finishRestore(site: Site, context: JobContext): Promise<void> {
  const anchor = await anchorOf(site);
  if (await isHalfRestored(anchor)) {
    await using _held = await holdSite({ site, heldLock: 'refuse' }, context);
    return;
  }
  const places = await stagingPlaces(site);
  if (!(await hasStaged(places, anchor))) return;
  try {
    await using _lock = await lockRestore(anchor, { ...IMPATIENT, signal: context.signal });
    if (!(await isHalfRestored(anchor))) await removeStaged(places, { anchor, context });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'locked') return; // It is a restore's that runs.
    context.onEvent({ kind: 'warning', code: 'leftovers-stay', reason: error.message });
  }
}

/** Whether one was killed while it swapped, for who only looks; false where nobody can tell. */
export async function isLeftHalfRestored(site: Site, now: Date): Promise<boolean> {
  const anchor = await anchorOf(site);
  try {
    return (await isHalfRestored(anchor)) && !(await isRestoring(anchor, now));
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** What {@link undoSiteRestore} would put back. Failure `not-found` where nothing was kept. */
export async function planSiteUndo(site: Site): Promise<RestoreJournal> {
  return planUndo(await anchorOf(site));
}

/**
 * Swaps back what the last restore of a site replaced; that can be undone, too. Failure `refused` where that
 * one isn't the one that was agreed to.
 */
export async function undoSiteRestore(
  {
    site,
    heldLock,
    agreed,
    now,
  }: Pick<SiteRestoreSettings, 'site' | 'heldLock' | 'now'> & { readonly agreed: RestoreJournal },
  context: JobContext,
): Promise<RestoreJournal> {
  const start = { verb: 'undo', site, of: 'all', now } as const;
  return await withRunLog(start, context, async ({ context: watched, done }) => {
    await using held = await holdSite({ site, heldLock }, watched);
    refuseOtherJournal(await planUndo(held.anchor), { agreed, doing: 'undo the restore' });
    const journal = await undoRestore(held.anchor, now());
    await done({});
    return journal;
  });
}

/** The restore of which {@link discardReplaced} would remove what it kept. Failure `not-found` where there is none. */
export async function planSiteDiscard(site: Site): Promise<RestoreJournal> {
  return planDiscard(await anchorOf(site));
}

/**
 * Removes what the last restore of a site replaced. Returns its paths. Failure `refused` where that one isn't
 * the one that was agreed to.
 */
export async function discardReplaced(
  { site, agreed }: { readonly site: Site; readonly agreed: RestoreJournal },
  context: JobContext,
): Promise<readonly string[]> {
  const anchor = await anchorOf(site);
  await finishRestore(site, context);
  await using _lock = await lockRestore(anchor, lockRequest(context, 'restore'));
  const doing = 'remove what a restore replaced';
  refuseOtherJournal(await planDiscard(anchor), { agreed, doing });
  return await discardKept(anchor);
}

/** The journal lies beside the main Data.fs, or beside the blobs where nothing else is backed up. */
async function anchorOf({ storages, contents }: Site): Promise<string> {
  const main = storages.at(-1);
  if (main === undefined) throw new RangeError('a site has a storage');
  if (contents !== 'blobs') return realPlaceOf(main.dataFs);
  const blobs = storages.findLast((storage) => storage.blobs !== undefined)?.blobs;
  if (blobs === undefined) throw new RangeError('a site that backs up blobs has some');
  return placeOfBlobs(blobs);
}

/** Either there is room for all of it, or the old goes first, after the new has been checked. */
async function makeRoom(
  { filestorages, blobs }: SiteRestorePlan,
  { settings, context }: { readonly settings: SiteRestoreSettings; readonly context: JobContext },
): Promise<void> {
  if (settings.old !== 'remove-first') {
    await requireRoomFor(needsOf({ filestorages, blobs }));
    return;
  }
  for (const { plan, storage } of filestorages) {
    const { store } = await context.backups.repository(repositoryOf(settings, storage));
    await checkPoint(plan, { store, context });
  }
  for (const { plan } of blobs) await checkBlobs(plan, context);
  for (const { plan } of filestorages) await removeFilestorage(plan);
  for (const { plan } of blobs) await removeLiveBlobs(plan);
}

/** Whether the old and the new fit beside each other. */
export async function hasRoomBeside(plan: SiteRestorePlan): Promise<boolean> {
  return hasRoomFor(needsOf(plan));
}

/** Blobs that are live already are shared, so only where none are is it known what is needed. */
function needsOf({ filestorages, blobs }: SiteRestorePlan): readonly Need[] {
  return [
    ...filestorages.map(({ plan }) => ({ path: plan.target, bytes: plan.sizeBytes ?? 0 })),
    ...blobs.map(({ plan }) => {
      const { target, choice, replaces } = plan;
      const isShared = choice.kind === 'directory' && replaces;
      return { path: target, bytes: isShared ? 0 : (contentOf(choice.entry.record)?.bytes ?? 0) };
    }),
  ];
}

function describePlan({ filestorages, blobs }: SiteRestorePlan): string {
  return [
    ...filestorages.map(({ plan }) => `${plan.target} as of ${plan.point.stamp}`),
    ...blobs.map(({ plan }) => `${plan.target} from ${plan.choice.entry.name}`),
  ].join(', ');
}

/** The folders that are read. */
function sourcesOf({ site, of }: SiteRestoreSettings): RunFolders {
  const folders = site.storages.map((storage) => foldersOf(storage, of));
  return {
    repositories: site.contents === 'blobs' ? [] : folders.map(({ filestorage }) => filestorage),
    blobFolders:
      site.contents === 'filestorages' ? [] : folders.flatMap(({ blobs }) => blobs ?? []),
  };
}

function repositoryOf({ site, of }: SiteRestoreSettings, name: string): string {
  const storage = site.storages.find((one) => one.name === name);
  if (storage === undefined) throw new RangeError(`no storage ${name}`);
  return foldersOf(storage, of).filestorage;
}
