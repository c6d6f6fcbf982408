import type { Site } from '../../config/model/site.ts';
import {
  type FileToFastForward,
  findFastForwards,
  madeAnew,
} from '../../operations/restore/apply-restore.ts';
import { mustMakeRoom, requireRoomBeside } from '../../operations/restore/make-room.ts';
import {
  findNewerTransactions,
  type NewerTransactions,
} from '../../operations/restore/newer-transactions.ts';
import { planSiteRestore, replacedPaths } from '../../operations/restore/plan-site-restore.ts';
import type { RestorePlan } from '../../operations/restore/restore-plan.ts';
import { restoreSite } from '../../operations/restore/restore-site.ts';
import type {
  SiteRestorePlan,
  SiteRestoreSettings,
} from '../../operations/restore/site-restore-plan.ts';
import {
  findRestorePlanWarnings,
  refuseGuess,
} from '../../operations/restore/warnings/restore-warnings.ts';
import type { OnEvent } from '../../operations/run/events.ts';
import type { RestorePlanWarning } from '../../operations/run/warnings/restore-warnings.ts';
import { isThere } from '../../system/files/presence.ts';
import { shownOn } from '../render/events.ts';
import {
  type JsonRestore,
  planAsJson,
  restoredAsJson,
  restoredBlobsAsJson,
} from '../render/json/results/restore.ts';
import { showRestorePlan } from '../render/restore-plan.ts';
import { describeChosen, describeNewer, describeRestored } from '../render/restored.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import { agreeToReplace, type ReplacedPaths } from '../terminal/question.ts';
import { noteServers } from './note-servers.ts';
import { ONLY_BEHIND_PRE_COMMAND, planAhead } from './plan-ahead.ts';
import type { Undoing } from './undo-restore.ts';

/** How a restore is asked for and told. */
export interface Restoring extends Undoing {
  /**
   * Whether people are asked where something is there, or in any case; or as by the recipe, in any case and about all of
   * the site.
   */
  readonly question: 'what-is-there' | 'always' | 'all';
}

/** Restores a site, or says what that would be. */
export async function restoreAll(
  settings: SiteRestoreSettings,
  how: Restoring,
): Promise<undefined> {
  const { terminal, signal, backups } = how.context;
  const { waitSeconds } = how;
  const result = terminal.document.result<JsonRestore>({
    action: 'restore',
    filestorages: [],
    blobs: [],
  });
  if (how.isDry) {
    const plan = await planSiteRestore(settings, backups);
    const context = { ...shownOn(terminal), signal, backups };
    const fastForwards = await findFastForwards(plan, { settings, context });
    const warnings = await findRestorePlanWarnings(plan, { ...settings, backups });
    const newer = await findNewerOfAll(plan, warnings);
    const planned = planAsJson(plan, { site: settings.site, fastForwards, newer });
    Object.assign(result, { outcome: 'planned', ...planned });
    showRestorePlan(planned, terminal);
    for (const [{ target }, one] of newer) terminal.print(`${target}: ${describeNewer(one)}`);
    await noteServers(settings, terminal);
    if (settings.guess === 'refuse') refuseGuess(warnings, context);
    for (const warning of warnings) renderWarning(warning, terminal);
    return;
  }
  const { site } = settings;
  const shown = shownOn(terminal);
  let hasSwappedBlobs = false;
  const onEvent: OnEvent = (event) => {
    if (event.kind === 'blobs-restored' || event.kind === 'blobs-as-backed-up') {
      result.blobs.push(restoredBlobsAsJson(event, site));
      hasSwappedBlobs ||= event.kind === 'blobs-restored';
    }
    shown.onEvent(event);
  };
  const job = { ...shown, onEvent, signal, backups, waitSeconds };
  const ahead = await planAhead(settings, job);
  const { plan, warnings } = ahead ?? { plan: undefined, warnings: [] };
  const paths = plan === undefined ? await livePaths(settings.site) : replaced(plan);
  const hasReplaced = paths.filestorages.length + paths.blobstorages.length > 0;
  const isAsked =
    how.asks && (how.question !== 'what-is-there' || warnings.length > 0 || hasReplaced);
  if (ahead === undefined) terminal.log(ONLY_BEHIND_PRE_COMMAND);
  else await describeChosen(ahead, { terminal, now: settings.now(), backups, isAsked });
  const isTight = settings.old === 'discard' && plan !== undefined && (await mustMakeRoom(plan));
  if (isTight) renderWarning({ kind: 'notice', code: 'no-room-beside' }, terminal);
  for (const warning of warnings) job.onEvent(warning);
  if (isAsked) {
    const fastForwards =
      plan === undefined ? [] : await findFastForwards(plan, { settings, context: job });
    // Where a pre_command runs first, it may mount the disk, or stop the server.
    if (plan !== undefined && settings.old === 'keep' && site.preCommand === '') {
      await requireRoomBeside(madeAnew(plan, fastForwards));
    }
    const found = plan === undefined ? paths : replaced(plan, fastForwards);
    const asked = how.question === 'all' ? replacedPaths(settings.site) : found;
    if ((await agreeToReplace(asked, { doing: 'restore', context: how.context })) === 'no') {
      result.outcome = 'declined';
      return;
    }
  }
  const since = Date.now();
  await restoreSite(
    {
      ...settings,
      old: isTight ? 'remove-first' : settings.old,
      agreed: how.asks ? ahead : undefined,
    },
    job,
    (results) => {
      for (const one of results) {
        result.filestorages.push(restoredAsJson(one, site));
        describeRestored(one, { terminal, since });
      }
      result.outcome = 'done';
      // Where something was appended, nothing is kept: see restoreSite.
      const isKept = settings.old === 'keep' && results.every(({ hadBytes }) => hadBytes === 0);
      const hasSwapped = results.length > 0 || hasSwappedBlobs;
      if (!isKept || !hasReplaced || !hasSwapped) return;
      const removed = plan === undefined ? [] : newPaths(plan);
      const more = removed.length === 0 ? '' : ` and remove ${removed.join(', ')}`;
      terminal.log(`The replaced files are kept. To swap them back${more}:`);
      terminal.log(`    ${how.undoing}`);
    },
  );
}

async function findNewerOfAll(
  { filestorages }: SiteRestorePlan,
  warnings: readonly RestorePlanWarning[],
): Promise<ReadonlyMap<RestorePlan, NewerTransactions>> {
  const found = new Map<RestorePlan, NewerTransactions>();
  for (const { plan } of filestorages) {
    const newer = await findNewerTransactions(plan, warnings);
    if (newer !== undefined) found.set(plan, newer);
  }
  return found;
}

/** What the restore made where nothing was. */
function newPaths({ filestorages, blobs }: SiteRestorePlan): readonly string[] {
  return [...filestorages, ...blobs].flatMap(({ plan }) => (plan.replaces ? [] : [plan.target]));
}

/** @param fastForwards - what only lacks its end, or nothing, as far as somebody has looked */
function replaced(
  { filestorages, blobs }: SiteRestorePlan,
  fastForwards: readonly FileToFastForward[] = [],
): ReplacedPaths {
  const targetsOf = (some: readonly FileToFastForward[]) => some.map(({ of }) => of.plan.target);
  const lacksNothing = ({ fastForward: { rest } }: FileToFastForward) => rest.length === 0;
  const stays = targetsOf(fastForwards);
  return {
    unchanged: targetsOf(fastForwards.filter(lacksNothing)),
    appended: targetsOf(fastForwards.filter((one) => !lacksNothing(one))),
    filestorages: filestorages.flatMap(({ plan: { replaces, target } }) =>
      replaces && !stays.includes(target) ? [target] : [],
    ),
    blobstorages: blobs.flatMap(({ plan }) => (plan.replaces ? [plan.target] : [])),
  };
}

/** What is there of a site, of which nobody can tell yet what a restore brings. */
async function livePaths(site: Site): Promise<ReplacedPaths> {
  const { filestorages, blobstorages } = replacedPaths(site);
  const there = async (paths: readonly string[]) => {
    const found = await Promise.all(paths.map(isThere));
    return paths.filter((_, index) => found[index]);
  };
  return { filestorages: await there(filestorages), blobstorages: await there(blobstorages) };
}
