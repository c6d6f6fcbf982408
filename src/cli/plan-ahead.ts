import type { MeantRestore } from '../jobs/agreed-restore.ts';
import type { JobContext } from '../jobs/events.ts';
import type { SiteRestoreSettings } from '../jobs/plan-site-restore.ts';
import { finishRestore, planMeantRestore, planWithDoubts } from '../jobs/restore-site.ts';
import { Failure } from '../system/failure.ts';

/** What is said where {@link planAhead} can't tell. */
export const ONLY_BEHIND_PRE_COMMAND =
  'What there is to restore can be told only when pre_command has run.';

/**
 * What would be restored, when a killed restore has been finished: nobody is asked where nothing can be. Undefined where only the site's
 * pre_command, which may mount the disk of the backups, can bring them, or where nobody is asked: then the
 * restore itself says so, when it knows that no other run is at work.
 */
export async function planAhead(
  { asks, ...settings }: SiteRestoreSettings & { readonly asks: boolean },
  context: JobContext,
): Promise<MeantRestore | undefined> {
  if (asks && settings.site.preCommand === '') {
    // Else what people agree to is what a killed restore has left, and not what it is when that is finished.
    if (settings.heldLock === 'refuse') await finishRestore(settings.site, context);
    return planMeantRestore(settings, context);
  }
  return planWithDoubts({ ...settings, guess: 'accept' }).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
}
