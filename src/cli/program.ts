import { Command, CommanderError } from '@commander-js/extra-typings';
import { Failure } from '../system/failure.ts';
import { VERSION } from '../system/version.ts';
import { addAdoptCommand } from './commands/adopt.ts';
import { addBackupCommand } from './commands/backup.ts';
import { addCheckCommand, UNKNOWN_STATUS, unknownLine } from './commands/check.ts';
import { addCompletionsCommand } from './commands/completions.ts';
import { addConfigCommand } from './commands/config.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addHistoryCommand } from './commands/history.ts';
import { addInitCommand } from './commands/init.ts';
import { addInstallCommand } from './commands/install.ts';
import { addListCommand } from './commands/list.ts';
import { addLogCommand } from './commands/log.ts';
import { addRehearseCommand } from './commands/rehearse.ts';
import { addRepeatCommand } from './commands/repeat.ts';
import { addReportCommand } from './commands/report.ts';
import { addRepozoCommand } from './commands/repozo.ts';
import { addRestoreCommand } from './commands/restore.ts';
import { addRetireCommand } from './commands/retire.ts';
import { addScheduleCommand } from './commands/schedule.ts';
import { addScriptCommand } from './commands/script.ts';
import { addShowCommand } from './commands/show.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { terminalFor } from './terminal.ts';

/** Exit status for a command line that can't be understood. */
const WRONG_USAGE = 2;

/** The command line: words in, exit status in `process.exitCode`. */
export async function main(words: readonly string[]): Promise<void> {
  // A reader that has seen enough (`list | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const program = buildProgram();
  const [first] = words;
  const isJson = words.includes('--json') && first !== 'script' && first !== 'repozo';
  const terminal = terminalFor({ json: isJson ? true : undefined });
  if (isJson) speakJson(program);
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE;
    if (error.exitCode === 0) return;
    if (words[0] !== 'check') {
      if (isJson) terminal.fail(wrongUsage(error));
      return;
    }
    // For monitoring, 2 would be a state of the backups.
    process.stdout.write(`${unknownLine('wrong usage: see stderr')}\n`);
    process.exitCode = UNKNOWN_STATUS;
  }
}

/** What commander would say itself is said by {@link main}, as one object. */
function speakJson(program: Command): void {
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ outputError: () => {}, writeErr: () => {} });
  }
}

function wrongUsage({ code, message }: CommanderError): Failure {
  const text = code === 'commander.help' ? 'no command is named' : message.replace(/^error: /, '');
  return new Failure('usage', text, { hint: USAGE_HINT });
}

const USAGE_HINT = 'Run it with --help for the options.';

/** All commands with their options and words. */
export function buildProgram(): Command {
  const program = new Command('zodbvault')
    .description('Backup and restore for the ZODB: the Data.fs of Plone and Zope sites.')
    .version(VERSION)
    .enablePositionalOptions()
    .showHelpAfterError(`Hint: ${USAGE_HINT}`)
    // Commander's errors look like ours.
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'Error:')) })
    .exitOverride();
  addBackupCommand(program);
  addRestoreCommand(program);
  addListCommand(program);
  addVerifyCommand(program);
  addHistoryCommand(program);
  addShowCommand(program);
  addLogCommand(program);
  addDiffCommand(program);
  addCheckCommand(program);
  addRehearseCommand(program);
  addRetireCommand(program);
  addInitCommand(program);
  addInstallCommand(program);
  addConfigCommand(program);
  addScheduleCommand(program);
  addRepeatCommand(program);
  addScriptCommand(program);
  addRepozoCommand(program);
  addAdoptCommand(program);
  addDemoCommand(program);
  addReportCommand(program);
  addExplainCommand(program);
  addCompletionsCommand(program);
  return program;
}
