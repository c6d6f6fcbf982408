import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { retarget, retargetToFile } from '../../config/model/relocate-site.ts';
import type { Site } from '../../config/model/site.ts';
import { type Forward, findForward } from '../../operations/restore/apply-restore.ts';
import { hasRoomBeside } from '../../operations/restore/make-room.ts';
import { planSiteRestore, replacedPaths } from '../../operations/restore/plan-site-restore.ts';
import { restoreSite } from '../../operations/restore/restore-site.ts';
import { refuseElsewhere, refuseOtherFile } from '../../operations/restore/restore-targets.ts';
import type {
  SiteRestorePlan,
  SiteRestoreSettings,
} from '../../operations/restore/site-restore-plan.ts';
import { findDoubts, refuseGuess } from '../../operations/restore/warnings/restore-warnings.ts';
import { parseRecoveryDate } from '../../repository/layout/recovery-date.ts';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import { quoteWord } from '../../system/processes/shell.ts';
import { OPTION, secondsToWait, withOutputOptions } from '../options/common-options.ts';
import { commandToType } from '../options/own-command.ts';
import { renderWarning, shownOn } from '../render/events.ts';
import { showRestorePlan } from '../render/restore-plan.ts';
import { describeChosen, describeRestored } from '../render/restored.ts';
import { discardOld } from '../restore/discard-old.ts';
import { noteServers } from '../restore/note-servers.ts';
import { ONLY_BEHIND_PRE_COMMAND, planAhead } from '../restore/plan-ahead.ts';
import { type Undoing, undoRestore } from '../restore/undo-restore.ts';
import { sitesBeside } from '../select/other-sites.ts';
import {
  findSitesAndVariables,
  SOURCE_KIND_OPTION,
  withSiteOptions,
} from '../select/site-options.ts';
import { type SiteWish, siteWords } from '../select/site-selection.ts';
import { agreeToReplace, type ReplacedPaths } from '../terminal/question.ts';
import { runCommand } from '../terminal/run-command.ts';
import { withDebugLog } from '../terminal/terminal.ts';

export function addRestoreCommand(program: Command): void {
  const command = withSiteOptions(program.command('restore'))
    .description('put back the Data.fs, and the blobs that belong to it, as they were at a backup')
    .argument('[date]', 'yyyy-mm-dd[-hh[-mm[-ss]]], UTC: the newest backup that is not later')
    .addOption(SOURCE_KIND_OPTION)
    .option(
      '--to <path>',
      'restore elsewhere: all of it to a folder, or the Data.fs alone to a file (NAME.fs, or one that is there); an earlier state of it is brought forward',
    )
    .option('--force', 'restore even while a server holds the Data.fs')
    .option('--no-keep-old', 'keep nothing of what is replaced, even if it has to go first')
    .option(
      '--accept-damaged-blobs',
      'restore blobs even if files of them are lost, or not what was backed up',
    )
    .option('--undo', 'swap back what the last restore replaced')
    .option('--discard-old', 'remove what the last restore replaced and kept')
    .option('-n, --no-prompt', 'do not ask')
    .addOption(OPTION.wait)
    .addOption(OPTION.dryRun);
  withOutputOptions(command).action((written, options) =>
    runCommand(options, async (context) => {
      const date = written === undefined ? undefined : parseRecoveryDate(written);
      const { to, kind, dryRun, prompt } = options;
      refuseMixed(options, written);
      const { sites, variables } = await findSitesAndVariables(options, {
        terminal: context.terminal,
        purpose: to === undefined ? 'restore' : 'look',
      });
      const live = oneSite(sites);
      const beside = to === undefined ? [] : await sitesBeside(options, context.terminal);
      const site = to === undefined ? live : await elsewhere(resolve(to), { live, beside });
      const terminal = site.isDebug ? withDebugLog(context.terminal) : context.terminal;
      const how = {
        isDry: dryRun === true,
        asks: prompt,
        waitSeconds: secondsToWait(options.wait),
        context: { ...context, terminal },
      };
      const heldLock = options.force ? 'ignore' : 'refuse';
      const undoing = await undoingLine(options, variables);
      if (options.undo) return undoRestore({ site, heldLock }, { ...how, undoing });
      if (options.discardOld) return discardOld(site, how);
      const settings: SiteRestoreSettings = {
        site,
        of: kind,
        date,
        heldLock,
        earlierState: to === undefined ? 'replace' : 'append',
        old: options.keepOld ? 'keep' : 'discard',
        damagedBlobs: options.acceptDamagedBlobs ? 'accept' : 'refuse',
        guess: date === undefined && !prompt ? 'refuse' : 'accept',
        agreed: undefined,
        now: () => new Date(),
      };
      return restoreAll(settings, { ...how, undoing });
    }),
  );
}

/** A folder for all of the site, or a file for its Data.fs alone. */
async function elsewhere(
  to: string,
  { live, beside }: { readonly live: Site; readonly beside: readonly Site[] },
): Promise<Site> {
  const isFile = await stat(to).then(
    (found) => !found.isDirectory(),
    () => to.endsWith('.fs'),
  );
  const moved = isFile ? retargetToFile(live, to) : retarget(live, to);
  if (isFile) await refuseOtherFile(to);
  await refuseElsewhere(moved, { live, beside });
  return moved;
}

/** An undo has no date: it swaps back what was there. */
function refuseMixed(
  said: {
    readonly undo?: true | undefined;
    readonly discardOld?: true | undefined;
  },
  date: string | undefined,
): void {
  const { undo, discardOld } = said;
  const others = [date, undo && discardOld].filter((one) => one !== undefined);
  if ((undo === undefined && discardOld === undefined) || others.length === 0) return;
  throw new Failure('usage', 'Cannot undo a restore and do something else at once', {
    hint: 'Use --undo or --discard-old, one of them, without a date.',
  });
}

/** Two parts may speak of one Data.fs: which of them is meant can't be guessed. */
function oneSite(sites: readonly Site[]): Site {
  const [first, ...others] = sites;
  if (first !== undefined && others.length === 0) return first;
  const parts = sites.map(({ part }) => part).join(', ');
  const what =
    first?.buildout === undefined
      ? 'there are several sites'
      : 'the buildout has several backup parts';
  throw new Failure('usage', `Cannot restore: ${what} (${parts})`, {
    hint: 'Name one with --part.',
  });
}

/** The line that undoes what a command line does, to be pasted into any shell. */
async function undoingLine(
  said: SiteWish & { readonly to?: string | undefined },
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const to = said.to === undefined ? [] : ['--to', said.to];
  const words = ['restore', '--undo', ...siteWords(said), ...to];
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${quoteWord(value)}`);
  const line = [...settings, await commandToType(), ...words.map(quoteWord)].join(' ');
  return `cd ${quoteWord(process.cwd())} && ${line}`;
}

async function restoreAll(settings: SiteRestoreSettings, how: Undoing): Promise<undefined> {
  const { terminal, signal, backups } = how.context;
  const { waitSeconds } = how;
  if (how.isDry) {
    const plan = await planSiteRestore(settings, backups);
    const context = { ...shownOn(terminal), signal, backups };
    showRestorePlan(plan, { forward: await findForward(plan, { settings, context }), terminal });
    await noteServers(settings, terminal);
    const doubts = await findDoubts(plan, { ...settings, backups });
    if (settings.guess === 'refuse') refuseGuess(doubts);
    for (const doubt of doubts) renderWarning(doubt, terminal);
    return;
  }
  const job = { ...shownOn(terminal), signal, backups, waitSeconds };
  const ahead = await planAhead({ ...settings, asks: true }, job);
  const { plan, doubts } = ahead ?? { plan: undefined, doubts: [] };
  const paths = plan === undefined ? await livePaths(settings.site) : replaced(plan);
  const hasReplaced = paths.filestorages.length + paths.blobstorages.length > 0;
  const isAsked = how.asks && (doubts.length > 0 || hasReplaced);
  if (plan === undefined) terminal.log(ONLY_BEHIND_PRE_COMMAND);
  else describeChosen(plan, { terminal, now: settings.now(), isAsked });
  const isTight = settings.old === 'discard' && plan !== undefined && !(await hasRoomBeside(plan));
  if (isTight) {
    terminal.notice(
      'there is no room for the old beside the new: what is there will be removed first, when all of the backup has been checked',
    );
  }
  for (const doubt of doubts) job.onEvent(doubt);
  if (isAsked) {
    const forward = plan === undefined ? [] : await findForward(plan, { settings, context: job });
    const asked = plan === undefined ? paths : replaced(plan, forward);
    if ((await agreeToReplace(asked, how.context)) === 'no') return;
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
      for (const result of results) describeRestored(result, { terminal, since });
      // Where something was appended, nothing is kept: see restoreSite.
      const isKept = settings.old === 'keep' && results.every(({ hadBytes }) => hadBytes === 0);
      if (!isKept || !hasReplaced) return;
      const removed = plan === undefined ? [] : newPaths(plan);
      const more = removed.length === 0 ? '' : ` and remove ${removed.join(', ')}`;
      terminal.log(`What was there is kept. To swap it back${more}:`);
      terminal.log(`    ${how.undoing}`);
    },
  );
}

/** What the restore made where nothing was. */
function newPaths({ filestorages, blobs }: SiteRestorePlan): readonly string[] {
  return [...filestorages, ...blobs].flatMap(({ plan }) => (plan.replaces ? [] : [plan.target]));
}

/** @param forward - what is appended to, as far as somebody has looked */
function replaced(
  { filestorages, blobs }: SiteRestorePlan,
  forward: readonly Forward[] = [],
): ReplacedPaths {
  const appended = forward.map(({ of }) => of.plan.target);
  const isAppended = (path: string) => appended.includes(path);
  return {
    appended,
    filestorages: filestorages.flatMap(({ plan: { replaces, target } }) =>
      replaces && !isAppended(target) ? [target] : [],
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
