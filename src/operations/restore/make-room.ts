import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { contentOf } from '../../blobs/layout/record.ts';
import { openLog } from '../../repository/content/open-log.ts';
import { cutOf, readRestorePoint } from '../../repository/restore-point.ts';
import { withSystemErrors } from '../../system/failure.ts';
import {
  hasRoomFor,
  type Need,
  nearestFolder,
  requireRoomFor,
} from '../../system/files/free-space.ts';
import { namesOfFile, realPlaceOf } from '../../system/files/real-path.ts';
import { removeAll } from '../../system/files/replacement.ts';
import { type JobContext, withStep } from '../run/events.ts';
import { unpack } from '../run/unpack.ts';
import { cutOfRestore } from './moment/cut-log.ts';
import { holdAgainstFingerprint } from './moment/hold-against-fingerprint.ts';
import type { RestorePlan } from './restore-plan.ts';
import type { SiteRestorePlan, SiteRestoreSettings } from './site-restore-plan.ts';
import { checkBlobs, removeLiveBlobs } from './stage-blobs.ts';

/** Either there is room for all of it, or the old goes first, after the new has been checked. */
export async function makeRoom(
  { filestorages, blobs }: SiteRestorePlan,
  { old, context }: Pick<SiteRestoreSettings, 'old'> & { readonly context: JobContext },
): Promise<void> {
  if (old !== 'remove-first') {
    await requireRoomFor(needsOf({ filestorages, blobs }));
    return;
  }
  for (const { plan } of filestorages) await checkPoint(plan, context);
  for (const { plan } of blobs) await checkBlobs(plan, context);
  for (const { plan } of filestorages) await removeFilestorage(plan);
  for (const { plan } of blobs) await removeLiveBlobs(plan);
}

/**
 * Looks whether the new can be written beside the old, before people are asked. Failure `system` where there is no room
 * for both, or no right to write.
 */
export async function requireRoomBeside(plan: SiteRestorePlan): Promise<void> {
  for (const { plan: one } of plan.filestorages) {
    const { folder } = await nearestFolder(dirname(await realPlaceOf(one.target)));
    await withSystemErrors(`write into "${folder}"`, () => access(folder, constants.W_OK));
  }
  await requireRoomFor(needsOf(plan));
}

/**
 * Whether the old has to go first, as the two don't fit beside each other. Blobs of a moment may be in the live directory
 * alone, so nothing goes first where some are restored.
 */
export async function mustMakeRoom(plan: SiteRestorePlan): Promise<boolean> {
  const isOfMoment = plan.filestorages.some((one) => cutOf(one.plan.point) !== undefined);
  if (isOfMoment && plan.blobs.length > 0) return false;
  return !(await hasRoomFor(needsOf(plan)));
}

/** Blobs that are live already are shared, so only where none are is it known what is needed. */
function needsOf({ filestorages, blobs }: SiteRestorePlan): readonly Need[] {
  return [
    ...filestorages.map(({ plan }) => ({ path: plan.target, bytes: plan.point.end ?? 0 })),
    ...blobs.map(({ plan }) => {
      const { target, choice, replaces } = plan;
      const isShared = choice.kind === 'directory' && replaces;
      return { path: target, bytes: isShared ? 0 : (contentOf(choice.entry.record)?.bytes ?? 0) };
    }),
  ];
}

/** Reads all of a restore point, and holds a moment against all that is known of it. Failure `damaged`. */
async function checkPoint(plan: RestorePlan, context: JobContext): Promise<void> {
  const { repository, point, target } = plan;
  const { store } = await context.backups.repository(repository);
  const cut = cutOfRestore(plan);
  await withStep(context, {
    step: 'verify',
    totalBytes: point.end,
    work: async ({ onFile, onBytes }) => {
      for await (const chunk of readRestorePoint(store, { point, onFile })) {
        context.signal.throwIfAborted();
        onBytes(chunk.length);
        cut?.log.feed(chunk);
      }
      cut?.log.finish();
    },
  });
  if (cut === undefined) return;
  const open = () => openLog(store, { point, unpack });
  await holdAgainstFingerprint(cut, { open, target, store, context });
}

/** Removes a Data.fs and its index for good, to make room. */
async function removeFilestorage({ target }: RestorePlan): Promise<void> {
  for (const name of await namesOfFile(target)) await removeAll(`${name}.index`);
  await removeAll(await realPlaceOf(target));
}
