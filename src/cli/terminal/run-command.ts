import { OpenBackups } from '../../blobs/open-backups.ts';
import { adoptStrayError, Failure } from '../../system/failure.ts';
import { printable } from './printable.ts';
import { heedSignals } from './stopping.ts';
import {
  type About,
  type OneOfSeveral,
  type OutputOptions,
  type Terminal,
  terminalFor,
} from './terminal.ts';

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** The folders with backups that it looks into. */
  readonly backups: OpenBackups;
}

/**
 * Runs a command's work: turns failures into one error and one hint, and into the exit status;
 * Ctrl-C and SIGTERM into a clean stop, a second one into an end at once. Work may return an exit status of its own.
 */
export function runCommand(
  { command, ...options }: OutputOptions & { readonly command: { readonly name: () => string } },
  work: CommandWork,
  about: About = {},
): Promise<void> {
  return runWith(terminalFor(options, { ...about, command: command.name() }), work);
}

type CommandWork = (context: CommandContext) => Promise<number | undefined>;

/** The same, for a terminal of another kind. */
export async function runWith(terminal: Terminal, work: CommandWork): Promise<void> {
  using stopping = heedSignals((failure) => {
    const status = terminal.fail(failure);
    terminal.document.writeAtOnce(status);
    return status;
  });
  const status = await statusOf(work, { terminal, signal: stopping.signal });
  process.exitCode = status;
  await terminal.document.write(status);
}

async function statusOf(
  work: CommandWork,
  { terminal, signal }: Omit<CommandContext, 'backups'>,
): Promise<number> {
  try {
    await using backups = new OpenBackups();
    const status = await work({ terminal, signal, backups });
    return status ?? terminal.statusOfSuccess();
  } catch (error) {
    return reportFailure(error, terminal);
  }
}

/** Whether it was Ctrl-C that stopped a command, and no signal of a program. */
export function isByCtrlC({ reason }: AbortSignal): boolean {
  return reason instanceof Failure && reason.cause === 'SIGINT';
}

/** Shows a failure, of one of several things or of the command, and gives the exit status. A defect comes out with its stack. */
export function reportFailure(error: unknown, terminal: Terminal, of?: OneOfSeveral): number {
  const failure = adoptStrayError(error);
  if (failure instanceof Failure) return terminal.fail(failure, of);
  const message = `internal error: ${String(failure)}`;
  terminal.document.addError({ code: 'internal', message }, of?.labels);
  process.stderr.write(`Internal error, please report it: ${printable(stackOf(failure))}\n`);
  return 1;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
