import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import type { Site } from '../../../config/model/site.ts';
import { decodeScript, type Script } from '../../../config/recipe/script-text.ts';
import {
  SCRIPTS,
  type ScriptAction,
  type ScriptName,
} from '../../../config/resolve/script-names.ts';
import { backUpSite } from '../../../operations/backup/backup-site.ts';
import { parseRestoreTarget } from '../../../repository/restore-target.ts';
import { Failure, withSystemErrors } from '../../../system/failure.ts';
import { quoteWord } from '../../../system/processes/shell.ts';
import { OPTION, secondsToWait, type Waiting } from '../../options/common-options.ts';
import { withPingUrl } from '../../options/ping-url.ts';
import { sayBackups } from '../../render/backups.ts';
import { shownOn } from '../../render/events.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import { restoreAll } from '../../restore/restore-all.ts';
import { undoRestore } from '../../restore/undo-restore.ts';
import { type CommandContext, runCommand, runWith } from '../../terminal/run-command.ts';
import { scriptTerminal } from '../../terminal/terminal.ts';
import { refuseCopiedScript } from './copied-script.ts';

/** `script FILE WORD...`: what the scripts in a buildout's bin folder call. */
export function addScriptCommand(program: Command): void {
  const command = program
    .command('script', { hidden: true })
    .argument('<file>', 'path of the script')
    .argument('[words...]', 'its command line')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions();
  command.action(async (file, argv) => {
    let script: Script | undefined;
    await runCommand({ command }, async () => {
      script = await readScript(file);
      return undefined;
    });
    if (script !== undefined) await runScript(script, { file, argv });
  });
}

async function readScript(file: string): Promise<Script> {
  const text = await withSystemErrors(`read "${file}"`, () => readFile(file, 'utf8'));
  const script = decodeScript(text);
  if (script !== undefined) {
    await refuseCopiedScript(file, script);
    return script;
  }
  throw new Failure('usage', `Cannot run "${file}": this version can't read its settings`, {
    hint: 'Run "zodbvault install" in the buildout again.',
  });
}

async function runScript(
  { name, site }: Script,
  { file, argv }: { readonly file: string; readonly argv: readonly string[] },
): Promise<void> {
  const { action } = SCRIPTS[name];
  const isRestore = action.kind === 'restore';
  const command = new Command(basename(file))
    .description(DESCRIPTIONS[name])
    .option('-q, --quiet', 'print nothing unless there is a problem')
    .addOption(new Option('-n, --no-prompt', 'do not ask').hideHelp(!isRestore))
    .addOption(
      new Option('--undo', 'swap back the files that the last restore replaced').hideHelp(
        !isRestore,
      ),
    )
    .addOption(OPTION.waitOfScript)
    .argument('[date]', 'yyyy-mm-dd[-hh[-mm[-ss]]], UTC: the newest backup that is not later')
    .usage(isRestore ? '[options] [date]' : '[options]')
    .configureHelp(isRestore ? {} : { visibleArguments: () => [] })
    .showHelpAfterError()
    .exitOverride()
    // A backup takes no notice of other words, as ever; a restore must not guess.
    .allowExcessArguments(!isRestore)
    .action((date, options, { args }) =>
      runWith(
        scriptTerminal({ quiet: options.quiet, isDebug: site.isDebug, part: site.part }),
        (running) => {
          const context = { ...running, waitSeconds: secondsToWait(options.wait) };
          if (options.undo)
            return undo({ name, site }, { file, date, prompt: options.prompt, context });
          if (action.kind === 'backup') {
            sayIgnored({ argv: args, prompt: options.prompt }, context);
            return backUp(site, { action, context });
          }
          return restore(site, { action, file, date, prompt: options.prompt, context });
        },
      ),
    );
  await command.parseAsync([...argv], { from: 'user' });
}

/** The recipe's backups take such words without a sign; whoever writes a date expects something of it. */
function sayIgnored(
  { argv, prompt }: { readonly argv: readonly string[]; readonly prompt: boolean },
  { terminal }: CommandContext,
): void {
  if (argv.length > 0) {
    renderWarning({ kind: 'warning', code: 'words-ignored', words: argv }, terminal);
  }
  if (!prompt) terminal.log('A backup asks no question, so --no-prompt has no effect.');
}

const DESCRIPTIONS: Readonly<Record<ScriptName, string>> = {
  backup: 'Back up the site: what is new since the last backup.',
  fullbackup: 'Back up the site, all of the Data.fs.',
  zipbackup: 'Back up the site into the folders for zips: all of it, blobs in an archive.',
  snapshotbackup: 'Back up the site into the folders for snapshots: all of it.',
  restore: 'Put back the site as it was at a backup.',
  ziprestore: 'Put back the site as it was at a zip backup.',
  snapshotrestore: 'Put back the site as it was at a snapshot.',
  altrestore: 'Put back the site from the alternative source.',
};

async function backUp(
  site: Site,
  {
    action,
    context,
  }: {
    readonly action: Extract<ScriptAction, { kind: 'backup' }>;
    readonly context: CommandContext & Waiting;
  },
): Promise<undefined> {
  const { terminal, signal, backups, waitSeconds } = context;
  const { backupKind: kind, full } = action;
  const dataFs = site.storages.at(-1)?.dataFs;
  if (dataFs !== undefined && site.servedElsewhere !== undefined) {
    const client = { part: site.part, dataFs, ...site.servedElsewhere };
    renderWarning({ kind: 'advice', code: 'data-fs-of-client', ...client }, terminal);
  }
  const clock = { now: () => new Date(), random: Math.random };
  const since = Date.now();
  await backUpSite(
    { site: withPingUrl(site), kind, full, compressor: 'auto', level: undefined, ...clock },
    { ...shownOn(terminal, { steps: 'details' }), signal, backups, waitSeconds },
    (results) => sayBackups(results, { site, seconds: (Date.now() - since) / 1000, terminal }),
  );
}

async function restore(
  site: Site,
  {
    action,
    file,
    date,
    prompt,
    context,
  }: {
    readonly action: Extract<ScriptAction, { kind: 'restore' }>;
    readonly file: string;
    readonly date: string | undefined;
    readonly prompt: boolean;
    readonly context: CommandContext & Waiting;
  },
): Promise<undefined> {
  const settings = {
    site,
    kind: action.backupKind,
    wanted: parseRestoreTarget(date),
    heldLock: 'refuse',
    earlierState: 'replace',
    old: 'keep',
    damagedBlobs: 'refuse',
    guess: date === undefined && !prompt ? 'refuse' : 'accept',
    agreed: undefined,
    now: () => new Date(),
  } as const;
  if (date !== undefined) context.terminal.log(`Date restriction: restoring state at ${date}.`);
  const how = { isDry: false, asks: prompt, waitSeconds: context.waitSeconds, context };
  return restoreAll(settings, { ...how, undoing: undoingLine(file), question: 'all' });
}

/** The script knows the site that it restored, whatever the buildout says by then. */
function undoingLine(file: string): string {
  return `${quoteWord(resolve(file))} --undo`;
}

async function undo(
  { name, site }: Pick<Script, 'name' | 'site'>,
  {
    file,
    date,
    prompt,
    context,
  }: {
    readonly file: string;
    readonly date: string | undefined;
    readonly prompt: boolean;
    readonly context: CommandContext & Waiting;
  },
): Promise<undefined> {
  if (SCRIPTS[name].action.kind === 'backup') {
    throw new Failure('usage', 'Cannot undo a backup: it has changed nothing of the site', {
      hint: 'Scripts that restore take --undo.',
    });
  }
  if (date !== undefined) {
    throw new Failure('usage', 'Cannot undo a restore and do something else at once', {
      hint: 'Use --undo without a date.',
    });
  }
  const { waitSeconds } = context;
  const how = { isDry: false, asks: prompt, waitSeconds, context, undoing: undoingLine(file) };
  return undoRestore({ site, heldLock: 'refuse' }, how);
}
