import { once } from 'node:events';
import type { Command } from '@commander-js/extra-typings';
import { OpenBackups } from '../../../blobs/open-backups.ts';
import { backUp } from '../../../operations/backup/backup-filestorage.ts';
import { restore, restoreToStream } from '../../../operations/restore/restore-filestorage.ts';
import { findSuspectPoint } from '../../../operations/restore/warnings/suspect-points.ts';
import type { JobContext, JobEvent } from '../../../operations/run/events.ts';
import { verify } from '../../../operations/verify/verify.ts';
import { parseRestoreTarget } from '../../../repository/restore-target.ts';
import { adoptStrayError, Failure } from '../../../system/failure.ts';
import { describeProblem } from '../../render/problems.ts';
import { adviceOf } from '../../render/remedies/advice.ts';
import { describeSuspectPoint } from '../../render/warnings/restore-plan.ts';
import { sentenceOf } from '../../render/warnings/sentence.ts';
import { printable } from '../../terminal/printable.ts';
import { heedSignals } from '../../terminal/stopping.ts';
import { parseRepozoArguments, type RepozoArguments } from './repozo-arguments.ts';

const HELP = `Usage: zodbvault repozo [options]

What repozo does, with repozo's options, exit statuses and files.

Modes:
  -B, --backup            back up the Data.fs to the repository
  -R, --recover           put a Data.fs together from the repository
  -V, --verify            check the newest full backup and its increments
  -h, --help              print this

For all modes:
  -r, --repository=DIR    the folder of the backups
  -v, --verbose           say on stderr what happens

For -B:
  -f, --file=FILE         the Data.fs
  -F, --full              make a full backup
  -Q, --quick             compare a few places with the last backup, not every byte
  -z, --gzip              compress
  -k, --kill-old-on-full  remove older backups once a full one is made

For -R:
  -D, --date=DATE         the state as of yyyy-mm-dd[-hh[-mm[-ss]]], UTC
  -o, --output=FILE       where to; without it, to stdout
  -w, --with-verify       accepted: every recovery checks every checksum

For -V:
  -Q, --quick             check sizes only
`;

/** `zodbvault repozo`: for scripts that call bin/repozo. */
export function addRepozoCommand(program: Command): void {
  program
    .command('repozo')
    .argument('[words...]', 'options of repozo; see "zodbvault repozo --help"')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (argv) => {
      process.exitCode = await runRepozo(argv);
    });
}

/** Exit status 0, or 1 with one line on stderr, as repozo has it. */
async function runRepozo(argv: readonly string[]): Promise<number> {
  using stopping = heedSignals(fail);
  try {
    const given = parseRepozoArguments(argv);
    const say = given.isVerbose ? log : () => {};
    for (const name of given.ignored) say(`--${name} means nothing in this mode and is ignored`);
    const context = {
      onEvent: (event: JobEvent) => sayEvent(event, say),
      signal: stopping.signal,
      backups: new OpenBackups(),
    };
    await runMode(given, context);
    return 0;
  } catch (error) {
    const failure = adoptStrayError(error);
    if (!(failure instanceof Failure)) throw failure;
    return fail(failure);
  }
}

function fail({ message, ...failure }: Failure): number {
  const hint = adviceOf(failure.hint);
  log(hint === '' ? message : `${message}. ${hint}`);
  return 1;
}

async function runMode(given: RepozoArguments, context: JobContext): Promise<void> {
  switch (given.mode) {
    case 'help':
      process.stdout.write(HELP);
      return;
    case 'backup':
      await runBackup(given, context);
      return;
    case 'recover':
      await runRecover(given, context);
      return;
    case 'verify':
      await runVerify(given, context);
      return;
    default:
      given.mode satisfies never;
  }
}

async function runBackup(given: RepozoArguments, context: JobContext): Promise<void> {
  await backUp(
    {
      dataFs: given.file,
      repository: given.repository,
      full: given.isFull ? 'always' : 'when-needed',
      comparison: given.isQuick ? 'quick' : 'thorough',
      compression: given.isGzip
        ? { kind: 'gzip', compressor: 'auto', level: undefined }
        : { kind: 'none' },
      keep: given.killsOldOnFull ? 1 : 0,
      pruneAfter: 'full-backup',
      missingRepository: 'fail',
      confirmation: 'reread',
      now: () => new Date(),
      random: Math.random,
    },
    context,
  );
}

async function runRecover(given: RepozoArguments, context: JobContext): Promise<void> {
  const { repository, output } = given;
  const wanted = parseRestoreTarget(given.date);
  const { backups } = context;
  // Not a matter of -v, and of no exit status that repozo doesn't have.
  const suspect = await findSuspectPoint(repository, { wanted, backups });
  if (suspect !== undefined) log(`Warning: ${describeSuspectPoint(suspect)}`);
  if (output !== undefined) {
    await restore(
      {
        repository,
        wanted,
        target: output,
        heldLock: 'refuse',
        old: 'discard', // As repozo does.
        now: () => new Date(),
      },
      context,
    );
    return;
  }
  const sink = async (bytes: AsyncIterable<Uint8Array>) => {
    for await (const chunk of bytes) {
      if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
    }
  };
  await restoreToStream({ repository, wanted }, { context, sink });
}

async function runVerify(given: RepozoArguments, context: JobContext): Promise<void> {
  const findings = await verify(
    {
      repository: given.repository,
      depth: given.isQuick ? 'quick' : 'thorough',
      chains: 'newest',
    },
    context,
  );
  for (const finding of findings) {
    if (finding.kind === 'good') continue;
    throw new Failure('damaged', `${finding.name}: ${describeProblem(finding.problem)}`, {
      hint: 'Make a full backup.',
    });
  }
}

/** Progress under -v; the words for what a backup does are repozo's. */
function sayEvent(event: JobEvent, say: (line: string) => void): void {
  switch (event.kind) {
    case 'backup-planned': {
      const { plan, repository } = event;
      if (plan.kind === 'nothing') say('No changes, nothing to do');
      if (plan.kind === 'full') say(`writing full backup: ${plan.end} bytes to ${repository}`);
      if (plan.kind === 'increment') {
        say(`writing incremental: ${plan.end - plan.start} bytes to ${repository}`);
      }
      return;
    }
    case 'notice':
      if (event.code === 'source-replaced')
        say(`${event.source} was packed or replaced meanwhile; the next backup will be a full one`);
      return;
    case 'warning':
      // Not a matter of -v: the recovered state may not be the one that was expected.
      if (event.code !== 'files-left-out') log(sentenceOf(event));
      else
        for (const name of event.fileNames) log(`not recovered, since no .dat lists it: ${name}`);
      return;
    case 'files-removed':
      for (const name of event.fileNames) say(`removed ${name}`);
      return;
    case 'backup-finished-late':
      say(`finished the interrupted backup ${event.fileName}`);
      return;
    case 'leftovers-removed':
      for (const name of event.fileNames) say(`removed ${name}, left by an interrupted run`);
      return;
    default: // repozo is silent about its folders and locks, and knows no blobs.
  }
}

function log(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}
