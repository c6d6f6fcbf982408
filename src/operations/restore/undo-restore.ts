import type { Site } from '../../config/model/site.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { withRunLog } from '../run/run-log.ts';
import { anchorOf, finishRestore, holdSite } from './held-site.ts';
import type { RestoreJournal } from './journal/journal-record.ts';
import { discardKept, planDiscard, planUndo, undoRestore } from './journal/restore-journal.ts';
import { lockRestore } from './journal/restore-lock.ts';
import { refuseOtherJournal } from './plan-agreement.ts';
import type { SiteRestoreSettings } from './site-restore-plan.ts';

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
  const start = { verb: 'undo', site, kind: 'all', now } as const;
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
