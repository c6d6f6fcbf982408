import { Command, CommanderError } from '@commander-js/extra-typings';
import { Failure } from '../system/failure.ts';
import { requireReadableFolder, requireReadableWords } from '../system/files/readable-name.ts';
import { VERSION } from '../system/processes/version.ts';
import { COMMANDS } from './command-list.ts';
import { RENAMED_COMMANDS, RENAMED_OPTIONS } from './reference/renamed.ts';
import { paintFor } from './terminal/colours.ts';
import { type Terminal, terminalFor } from './terminal/terminal.ts';

/** Exit status for a command line that can't be understood. */
const WRONG_USAGE = 2;

/** The command line: words in, exit status in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough (`list | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const [first = ''] = argv;
  const program = await buildProgram(namesFor(argv));
  // The words of scripts, and of repozo, are none of ours.
  const isOurs = first !== 'script' && first !== 'repozo';
  const isJson = argv.includes('--json') && isOurs;
  const command = first in COMMANDS ? first : undefined;
  const terminal = terminalFor({ json: isJson ? true : undefined }, { command });
  const unreadable = unreadablePath(argv);
  if (unreadable !== undefined) {
    await sayWrongUsage(unreadable, { first, terminal });
    return;
  }
  if (isOurs) leaveErrorsToMain(program, isJson ? { writeErr: () => {} } : {});
  try {
    await refuseMisplaced(argv, program);
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE;
    if (error.exitCode === 0) return;
    // Whoever names no command sees all of them.
    if (!isOurs || (error.code === 'commander.help' && !isJson)) return;
    await sayWrongUsage(wrongUsage(error, { first, program }), { first, terminal });
  }
}

async function sayWrongUsage(
  failure: Failure,
  { first, terminal }: { readonly first: string; readonly terminal: Terminal },
): Promise<void> {
  const status = first === 'check' ? await unknownState(failure, terminal) : terminal.fail(failure);
  process.exitCode = status;
  await terminal.document.write(status);
}

/** For monitoring, 2 would be a state of the backups. */
async function unknownState(failure: Failure, terminal: Terminal): Promise<number> {
  const { sayUnknown } = await import('./commands/check.ts');
  return sayUnknown(failure, terminal);
}

/** The paths that the command would work with, as far as they are known; a script has its own. */
function unreadablePath(argv: readonly string[]): Failure | undefined {
  try {
    requireReadableWords(argv);
    if (argv[0] !== 'script') requireReadableFolder();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** What commander takes for something else, or for nothing. */
async function refuseMisplaced(
  [first = '', second]: readonly string[],
  program: Command,
): Promise<void> {
  if (first.startsWith('-') && !['-h', '--help', '-V', '--version'].includes(first)) {
    program.error(
      `error: unknown option '${first}': options come behind the command, as in "zodbvault list ${first}"`,
      { code: 'commander.unknownOption' },
    );
  }
  const names = Object.keys(COMMANDS);
  if (first !== 'help' || second === undefined || second.startsWith('-')) return;
  if (second === 'help' || names.includes(second)) return;
  const { nearest } = await import('./select/environment-access.ts');
  program.error(`error: unknown command '${second}'\n(Did you mean ${nearest(second, names)}?)`, {
    code: 'commander.unknownCommand',
  });
}

/** What commander would say itself is said by {@link main}: a sentence and a hint, or one object. */
function leaveErrorsToMain(program: Command, more: { readonly writeErr?: () => void }): void {
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ outputError: () => {}, ...more }).showHelpAfterError(false);
  }
}

function wrongUsage(
  { code, message }: CommanderError,
  { first, program }: { readonly first: string; readonly program: Command },
): Failure {
  if (code === 'commander.help') {
    return new Failure('usage', 'no command is named', { hint: HINT_OF_ALL });
  }
  const command = program.commands.find((one) => one.name() === first);
  const renamed = renamedIn(message);
  if (renamed !== undefined) return renamed;
  const [text = '', guess] = message.replace(/^error: /, '').split('\n(Did you mean ');
  const meant = guess === undefined ? '' : `Did you mean ${guess.replace(/\)$/, '')} `;
  const hint =
    command === undefined
      ? HINT_OF_ALL
      : `"zodbvault ${first} --help" shows its words and options.`;
  const more = command?.args.slice(command.registeredArguments.length) ?? [];
  const isExcess = code === 'commander.excessArguments';
  const said = isExcess ? `unexpected word '${more.join(' ')}' behind "${first}"` : text;
  return new Failure('usage', said, { hint: meant + hint });
}

/** A name that commander doesn't know since it has another one now. */
function renamedIn(message: string): Failure | undefined {
  const [, kind = '', old = ''] = /unknown (command|option) '([^'=]+)/.exec(message) ?? [];
  const name = kind === 'command' ? RENAMED_COMMANDS[old] : RENAMED_OPTIONS[old];
  if (name === undefined) return undefined;
  const whole = kind === 'command' ? `"zodbvault ${name}"` : `"${name}"`;
  return new Failure('usage', `the ${kind} '${old}' has another name: ${name}`, {
    hint: `Write ${whole} in its place. It does the same.`,
  });
}

const HINT_OF_ALL = '"zodbvault --help" shows the commands.';

/** The commands that a command line is about: the completions speak of all, with their options. */
function namesFor([first = '', second = '']: readonly string[]): readonly string[] {
  const name = first === 'help' ? second : first;
  if (name === 'completions') return Object.keys(COMMANDS);
  return Object.hasOwn(COMMANDS, name) ? [name] : [];
}

/** All commands: those of these names with their options and words, the others by their names alone. */
export async function buildProgram(
  names: readonly string[] = Object.keys(COMMANDS),
): Promise<Command> {
  const program = new Command('zodbvault')
    .description('Backup and restore for the ZODB: the Data.fs of Plone and Zope sites.')
    .version(VERSION)
    .enablePositionalOptions()
    .showHelpAfterError('Hint: Run it with --help for the options.')
    // What a command that isn't loaded takes, only its own --help can tell.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    // Commander's errors look like ours.
    .configureOutput({
      outputError: (text, write) =>
        write(text.replace(/^error:/, paintFor(process.stderr).word('Error:', 'red'))),
    })
    .exitOverride();
  for (const [name, { summary, isHidden, load }] of Object.entries(COMMANDS)) {
    if (names.includes(name)) (await load())(program);
    else program.command(name, { hidden: isHidden ?? false });
    program.commands.at(-1)?.description(summary);
  }
  return program;
}
