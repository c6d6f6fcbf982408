import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { retarget, retargetToFile } from '../../config/model/relocate-site.ts';
import type { Site } from '../../config/model/site.ts';
import type { TransactionMatch } from '../../operations/inspect/find-transaction.ts';
import { refuseElsewhere, refuseOtherFile } from '../../operations/restore/restore-targets.ts';
import type { SiteRestoreSettings } from '../../operations/restore/site-restore-plan.ts';
import { leadsNowhere } from '../../system/absent.ts';
import { Failure } from '../../system/failure.ts';
import { quoteWord } from '../../system/processes/shell.ts';
import { OPTION, secondsToWait, withOutputOptions } from '../options/common-options.ts';
import { IDENTITY_OPTION } from '../options/identity-files.ts';
import { commandToType } from '../options/own-command.ts';
import {
  CHAIN_OPTION,
  EXACT_OPTION,
  MOMENT_ARGUMENT,
  readTarget,
} from '../options/written-date.ts';
import { shownOn } from '../render/events.ts';
import { momentBefore } from '../restore/before-transaction.ts';
import { blobsWithoutPlace, nothingSaysWhere } from '../restore/blobs-without-place.ts';
import { discardOld } from '../restore/discard-old.ts';
import { restoreAll } from '../restore/restore-all.ts';
import { undoRestore } from '../restore/undo-restore.ts';
import { FROM_OPTION, VERSIONS_OPTION } from '../select/copied-sites.ts';
import { sitesBeside } from '../select/other-sites.ts';
import {
  findSitesAndVariables,
  SOURCE_KIND_OPTION,
  withSiteOptions,
} from '../select/site-options.ts';
import { type SiteSelection, siteWords } from '../select/site-selection.ts';
import { runCommand } from '../terminal/run-command.ts';
import { withDebugLog } from '../terminal/terminal.ts';

export function addRestoreCommand(program: Command): void {
  const command = withSiteOptions(program.command('restore'))
    .addOption(FROM_OPTION)
    .addOption(VERSIONS_OPTION)
    .addOption(IDENTITY_OPTION)
    .argument('[moment]', MOMENT_ARGUMENT)
    .addOption(CHAIN_OPTION)
    .addOption(EXACT_OPTION)
    .option(
      '--before-user <text>',
      'to the moment before the newest transaction of this user; it is shown with those around it',
    )
    .option(
      '--before-text <text>',
      'the same by a text in the description of the transaction, as a path in Zope',
    )
    .addOption(SOURCE_KIND_OPTION)
    .option(
      '--to <path>',
      'restore elsewhere: everything to a folder, or the Data.fs alone to a file (NAME.fs, or a file that exists); if that file is an earlier state, only the rest is appended',
    )
    .option(
      '--force',
      'restore although a server uses the Data.fs; everything that it writes afterwards is lost',
    )
    .option('--no-keep-old', 'do not keep the replaced files, even if they must be deleted first')
    .option(
      '--accept-damaged-blobs',
      'restore although files of the blob backup are lost or damaged',
    )
    .option('--undo', 'swap back the files that the last restore replaced')
    .option('--discard-old', 'delete the files that the last restore replaced and kept')
    .option('-n, --no-prompt', 'do not ask')
    .addOption(OPTION.wait)
    .addOption(OPTION.dryRun);
  withOutputOptions(command).action((written, options) =>
    runCommand({ ...options, command }, async (context) => {
      const match = matchOf(options, written);
      const target = readTarget(written, {
        ...context,
        chain: options.chain,
        exact: options.exact,
      });
      const { to, kind, dryRun, prompt } = options;
      refuseMixed(options, written);
      const { sites, variables, isCopyAlone } = await findSitesAndVariables(options, {
        ...context,
        purpose: to === undefined ? 'restore' : 'look',
        wanted: match === undefined ? { kind, target, chain: 'last', looks: true } : undefined,
      });
      const live = oneSite(sites);
      if (to === undefined && isCopyAlone) throw withoutTarget(options.from);
      const beside =
        to === undefined || isCopyAlone ? [] : await sitesBeside(options, context.terminal);
      const elsewhere = to === undefined ? undefined : await placeOf(to);
      const site = elsewhere === undefined ? live : await moved(elsewhere, { live, beside });
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
      const leftOut = options.blobs
        ? await blobsWithoutPlace(site, { kind, backups: context.backups })
        : undefined;
      const isFileAlone = elsewhere?.isFile === true;
      if (leftOut !== undefined && options.from !== undefined && !isFileAlone) {
        throw nothingSaysWhere(site, leftOut);
      }
      const job = { ...shownOn(terminal), signal: context.signal, backups: context.backups };
      const wanted =
        match === undefined
          ? target
          : await momentBefore(site, { kind, match, asks: prompt, terminal, context: job });
      const settings: SiteRestoreSettings = {
        site,
        kind,
        wanted,
        heldLock,
        earlierState: to === undefined ? 'replace' : 'append',
        old: options.keepOld ? 'keep' : 'discard',
        damagedBlobs: options.acceptDamagedBlobs ? 'accept' : 'refuse',
        guess: wanted.kind === 'latest' && !prompt ? 'refuse' : 'accept',
        agreed: undefined,
        now: () => new Date(),
      };
      const question = match === undefined ? 'what-is-there' : 'always';
      const status = await restoreAll(settings, { ...how, undoing, question });
      if (leftOut !== undefined && isFileAlone) {
        terminal.log(`This is the Data.fs alone, without the blobs in "${leftOut}"`);
      }
      return status;
    }),
  );
}

/** What the transaction is like before which it is restored; undefined: nothing was said. Failure `usage`. */
function matchOf(
  {
    beforeUser: user,
    beforeText: description,
    undo,
    discardOld: discard,
  }: {
    readonly beforeUser?: string | undefined;
    readonly beforeText?: string | undefined;
    readonly undo?: true | undefined;
    readonly discardOld?: true | undefined;
  },
  written: string | undefined,
): TransactionMatch | undefined {
  if (user === undefined && description === undefined) return undefined;
  const other = written ?? (undo && '--undo') ?? (discard && '--discard-old');
  if (other === undefined) return { user, description };
  throw new Failure('usage', `Cannot use --before-user or --before-text with "${other}"`, {
    hint: 'Leave out one of them: these options name the moment.',
  });
}

/** Nothing says where the site was of which there is but a copy. */
function withoutTarget(from: string | undefined): Failure {
  return new Failure('usage', `Cannot restore "${from}": nothing says where to`, {
    hint: 'Name the folder for the site with --to. To restore it where it was, go to the folder of the site and name the copy as its configuration does.',
  });
}

/** Where to restore to: a folder for all of the site, or a file for its Data.fs alone. */
interface Elsewhere {
  readonly path: string;
  readonly isFile: boolean;
}

async function placeOf(to: string): Promise<Elsewhere> {
  const path = resolve(to);
  const found = await stat(path).catch(leadsNowhere);
  return { path, isFile: found === undefined ? path.endsWith('.fs') : !found.isDirectory() };
}

async function moved(
  { path, isFile }: Elsewhere,
  { live, beside }: { readonly live: Site; readonly beside: readonly Site[] },
): Promise<Site> {
  const site = isFile ? retargetToFile(live, path) : retarget(live, path);
  if (isFile) await refuseOtherFile(path);
  await refuseElsewhere(site, { live, beside });
  return site;
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
  said: SiteSelection & { readonly to?: string | undefined },
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const to = said.to === undefined ? [] : ['--to', said.to];
  const argv = ['restore', '--undo', ...siteWords(said), ...to];
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${quoteWord(value)}`);
  const line = [...settings, await commandToType(), ...argv.map(quoteWord)].join(' ');
  return `cd ${quoteWord(process.cwd())} && ${line}`;
}
