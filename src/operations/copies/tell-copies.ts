import type { Site } from '../../config/model/site.ts';
import type { CopiedRun } from '../../copies/layout/copied-run.ts';
import { Failure } from '../../system/failure.ts';
import type { JobContext } from '../run/events.ts';
import { openCopy } from './copy-place.ts';
import { readLocalEvents, runsToShow } from './events/local-events.ts';
import { noteRuns } from './note-site.ts';

/**
 * Notes in the copies of a site what it has run, where that has brought nothing there: whoever watches the copies gets to
 * know that a backup failed, and not only some time later that none came. Two requests for each. One that can't be
 * reached is a notice, nothing more.
 */
export async function tellCopies(
  { site, now }: { readonly site: Site; readonly now: () => Date },
  context: JobContext,
): Promise<void> {
  let runs: readonly CopiedRun[] | undefined;
  for (const copy of site.copies ?? []) {
    try {
      runs ??= runsToShow(await readLocalEvents(site, { backups: context.backups, now: now() }));
      await using store = await openCopy(copy);
      await noteRuns(store, { site: copy.site, runs });
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'interrupted') throw error;
      const reason = error.message;
      context.onEvent({ kind: 'notice', code: 'copy-not-told', copy: copy.name, reason });
    }
  }
}
