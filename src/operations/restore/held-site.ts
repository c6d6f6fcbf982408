import { placeOfBlobs } from '../../blobs/layout/blob-place.ts';
import type { Site } from '../../config/model/site.ts';
import { Failure } from '../../system/failure.ts';
import { realPlaceOf } from '../../system/files/real-path.ts';
import { insidePath } from '../../system/files/replacement.ts';
import { IMPATIENT } from '../../system/locks/lock-request.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { findServer, type HoldingServer, lockTarget, refuseServer } from '../run/server-lock.ts';
import { isHalfRestored } from './journal/journal-record.ts';
import { finishInterruptedRestore } from './journal/restore-journal.ts';
import { isRestoring, lockRestore } from './journal/restore-lock.ts';
import { hasStaged, removeStaged } from './journal/staged-leftovers.ts';
import { replacedPaths } from './plan-site-restore.ts';
import type { SiteRestoreSettings } from './site-restore-plan.ts';

/** The servers that hold a Data.fs of a site now: a restore has to wait for their end. */
export async function findServers(site: Site): Promise<readonly HoldingServer[]> {
  const found: HoldingServer[] = [];
  for (const path of replacedPaths(site).filestorages) {
    const server = await findServer(path);
    if (server !== undefined) found.push(server);
  }
  return found;
}

/** The live data of a site, with no server and no other restore at it. */
export interface HeldSite extends AsyncDisposable {
  /** Where the journal of its restores is. */
  readonly anchor: string;
}

/**
 * Takes the locks of all that a restore replaces, and finishes or cleans up what a killed one has left. Failure
 * `locked` where a server runs, or another restore.
 */
export async function holdSite(
  { site, heldLock }: Pick<SiteRestoreSettings, 'site' | 'heldLock'>,
  context: JobContext,
): Promise<HeldSite> {
  await using locks = new DisposableStack();
  const anchor = await anchorOf(site);
  locks.use(await lockRestore(anchor, lockRequest(context, 'restore')));
  const { filestorages } = replacedPaths(site);
  for (const target of filestorages) {
    locks.use(await lockTarget({ target, heldLock }, context));
  }
  await finishInterruptedRestore(anchor, context);
  await removeStaged(await stagingPlaces(site), { anchor, context });
  const held = locks.move();
  return { anchor, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

/**
 * Looks for what {@link holdSite} would refuse, before people are asked: failure `locked` where a server runs, or
 * another restore. Waits for their end as that would, and makes no file.
 */
export async function refuseHeldSite(
  { site, heldLock, now }: Pick<SiteRestoreSettings, 'site' | 'heldLock' | 'now'>,
  context: JobContext,
): Promise<void> {
  const anchor = await anchorOf(site);
  if (await isRestoring(anchor, now())) {
    await using _lock = await lockRestore(anchor, lockRequest(context, 'restore'));
  }
  if (heldLock === 'ignore') return;
  for (const target of replacedPaths(site).filestorages) await refuseServer(target, context);
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

/** The journal lies beside the main Data.fs, or beside the blobs where nothing else is backed up. */
export async function anchorOf({ storages, contents }: Site): Promise<string> {
  const main = storages.at(-1);
  if (main === undefined) throw new RangeError('a site has a storage');
  if (contents !== 'blobs') return realPlaceOf(main.dataFs);
  const blobs = storages.findLast((storage) => storage.blobs !== undefined)?.blobs;
  if (blobs === undefined) throw new RangeError('a site that backs up blobs has some');
  return placeOfBlobs(blobs);
}
