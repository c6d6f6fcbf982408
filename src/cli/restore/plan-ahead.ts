import { finishRestore } from '../../operations/restore/held-site.ts';
import { planMeantRestore, planWithWarnings } from '../../operations/restore/restore-site.ts';
import type {
  MeantRestore,
  SiteRestoreSettings,
} from '../../operations/restore/site-restore-plan.ts';
import type { JobContext } from '../../operations/run/events.ts';
import { Failure } from '../../system/failure.ts';

/** What is said where {@link planAhead} can't tell. */
export const ONLY_BEHIND_PRE_COMMAND =
  'What there is to restore can be told only when pre_command has run.';

/**
 * What would be restored, when a killed restore has been finished: nobody is asked where nothing can be. Undefined
 * where only the site's pre_command, which may mount the disk of the backups, can bring them: then the restore itself
 * says so.
 */
export async function planAhead(
  settings: SiteRestoreSettings,
  context: JobContext,
): Promise<MeantRestore | undefined> {
  if (settings.site.preCommand === '') {
    // Else what people agree to is what a killed restore has left, and not what it is when that is finished.
    if (settings.heldLock === 'refuse') await finishRestore(settings.site, context);
    return planMeantRestore(settings, context);
  }
  const lenient = { ...settings, guess: 'accept' } as const;
  return planWithWarnings(lenient, context).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
}
