import { someOf } from '../../blobs/layout/summarize-names.ts';
import { nameOfPoint, restoredStateOf } from '../../repository/restore-point.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { type JobContext, lockRequest } from '../run/events.ts';
import { type Report, runSiteCommand } from '../run/hooks.ts';
import { holdFolders, type RunFolders } from '../run/lock-folders.ts';
import { type WatchedRun, withRunLog } from '../run/run-log.ts';
import { applyRestore } from './apply-restore.ts';
import { anchorOf, holdSite, refuseHeldSite } from './held-site.ts';
import { readJournal } from './journal/journal-record.ts';
import { refuseOtherRestore } from './plan-agreement.ts';
import { foldersOf, planSiteRestore } from './plan-site-restore.ts';
import { reportSkippedFiles } from './restore-filestorage.ts';
import type { RestorePlan, RestoreResult } from './restore-plan.ts';
import type { MeantRestore, SiteRestorePlan, SiteRestoreSettings } from './site-restore-plan.ts';
import { findClientCachesAhead } from './warnings/client-caches.ts';
import { findRestorePlanWarnings, refuseGuess } from './warnings/restore-warnings.ts';

/**
 * The same as the first step of a restore that is meant: the run log tells if it fails. No other run writes meanwhile:
 * what that hasn't finished would look bad. Failure `locked` where another run has the backups or the site, or a
 * server has its Data.fs.
 */
export function planMeantRestore(
  settings: SiteRestoreSettings,
  context: JobContext,
): Promise<MeantRestore> {
  const { site, kind, now } = settings;
  return withRunLog({ verb: 'restore', site, kind, now }, context, async () => {
    await refuseHeldSite(settings, context);
    await using _held = await holdSources(settings, context);
    return await planWithWarnings(settings, context);
  });
}

/** What a restore would do, and what is to be said before it. Failure `refused`: see {@link refuseGuess}. */
export async function planWithWarnings(
  settings: SiteRestoreSettings,
  { backups, onEvent }: Pick<JobContext, 'backups' | 'onEvent'>,
): Promise<MeantRestore> {
  const plan = await planSiteRestore(settings, backups);
  const warnings = await findRestorePlanWarnings(plan, { ...settings, backups });
  if (settings.guess === 'refuse') refuseGuess(warnings, { onEvent });
  const lastRestore = await readJournal(await anchorOf(settings.site));
  return { plan, warnings, lastRestoreAt: lastRestore?.at };
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
  const { site, kind, now } = settings;
  return await withRunLog({ verb: 'restore', site, kind, now }, context, async (watched) => {
    return (await restoreUnlogged(settings, watched, report)).results;
  });
}

/** The same as a step of another run, which says when its part of the work is done. */
export async function restoreUnlogged(
  settings: SiteRestoreSettings,
  { context, done }: Pick<WatchedRun, 'context' | 'done'>,
  report: Report<readonly RestoreResult[]> = () => {},
): Promise<RestoredSite> {
  const { site } = settings;
  await runSiteCommand(site, { when: 'pre_command', action: 'restore', context });
  const restoredSite = await swapSite(settings, context);
  const { results } = restoredSite;
  const restored = results.map(({ plan: { target, point } }) => ({
    dataFs: target,
    ...restoredStateOf(point),
  }));
  await done({ restored });
  await report(results);
  await tellClientCaches(results, context);
  await runSiteCommand(site, { when: 'post_command', action: 'restore', context });
  return restoredSite;
}

async function tellClientCaches(
  results: readonly RestoreResult[],
  { onEvent }: JobContext,
): Promise<void> {
  const found = new Set<string>();
  for (const { plan } of results) {
    if (!plan.replaces) continue;
    for (const path of await findClientCachesAhead(plan.target)) found.add(path);
  }
  if (found.size > 0) {
    onEvent({ kind: 'notice', code: 'client-caches-ahead', ...someOf([...found]) });
  }
}

/** What a restore of a site has done. */
export interface RestoredSite {
  readonly plan: SiteRestorePlan;
  readonly results: readonly RestoreResult[];
}

async function swapSite(settings: SiteRestoreSettings, context: JobContext): Promise<RestoredSite> {
  await using things = new DisposableStack();
  const anchor = things.use(await holdSite(settings, context)).anchor;
  things.use(await holdSources(settings, context));
  const found = await planWithWarnings(settings, context);
  if (settings.agreed !== undefined) refuseOtherRestore(found, settings.agreed);
  const { plan, warnings } = found;
  for (const { plan: one } of plan.filestorages) reportSkippedFiles(one, context);
  for (const warning of warnings) context.onEvent(warning);
  const announce = ({ repository, point, target }: RestorePlan) =>
    context.onEvent({
      kind: 'restore-begins',
      source: `${repository}, ${nameOfPoint(point)}`,
      target,
    });
  const results = await applyRestore(plan, { anchor, settings, context, onBegin: announce });
  return { plan, results };
}

function holdSources(settings: SiteRestoreSettings, context: JobContext): Promise<AsyncDisposable> {
  const { backups } = context;
  return holdFolders(sourcesOf(settings), { backups, request: lockRequest(context, 'restore') });
}

/** The folders that are read. */
function sourcesOf({ site, kind }: SiteRestoreSettings): RunFolders {
  const folders = site.storages.map((storage) => foldersOf(storage, kind));
  return {
    repositories: site.contents === 'blobs' ? [] : folders.map(({ filestorage }) => filestorage),
    blobFolders:
      site.contents === 'filestorages' ? [] : folders.flatMap(({ blobs }) => blobs ?? []),
  };
}
