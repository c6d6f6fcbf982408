import { adoptStrayError, type Failure, isFailure } from '../../system/failure.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import { worstStatus } from '../terminal/exit-status.ts';
import { type CommandContext, reportFailure } from '../terminal/run-command.ts';
import type { OneOfSeveral } from '../terminal/terminal.ts';

/** How each of several things is worked on. */
export interface WorkOnEach<T> {
  readonly context: CommandContext;
  readonly nameOf: (one: T) => OneOfSeveral;
  /** May return an exit status of its own. */
  readonly work: (one: T) => Promise<number | undefined>;
  /**
   * What it is where there is nothing to work with (failure `not-found`), but others have something: an
   * error, or behind all the others a warning or a note.
   */
  readonly absence: 'error' | 'warning' | 'note';
}

/**
 * Does something with each of several: one that fails doesn't keep it from the others. Returns the worst
 * of the exit statuses, with that of warnings. Where there is only one, or none has anything to work with,
 * the failure is thrown; an interruption ends all.
 */
export async function inEachOf<T>(
  all: readonly T[],
  { context, nameOf, work, absence }: WorkOnEach<T>,
): Promise<number> {
  const { terminal, signal } = context;
  const statuses: number[] = [];
  const done: string[] = [];
  const failed: string[] = [];
  const absent: { readonly of: OneOfSeveral; readonly failure: Failure }[] = [];
  for (const one of all) {
    signal.throwIfAborted();
    const of = nameOf(one);
    terminal.document.about(of.labels);
    try {
      statuses.push((await work(one)) ?? 0);
      done.push(of.name);
    } catch (error) {
      if (all.length === 1 || isInterruption(error)) throw error;
      if (absence !== 'error' && isAbsence(error)) absent.push({ of, failure: error });
      else {
        statuses.push(reportFailure(error, terminal, of));
        failed.push(of.name);
      }
    }
  }
  const [first] = absent;
  if (first !== undefined && absent.length === all.length) throw first.failure;
  for (const { of, failure } of absent) {
    terminal.document.about(of.labels);
    const what = { name: of.name, reason: failure.message };
    renderWarning(
      absence === 'note'
        ? { kind: 'notice', code: 'nothing-to-show', ...what }
        : { kind: 'warning', code: 'nothing-to-work-with', ...what },
      terminal,
    );
  }
  terminal.document.about({});
  if (failed.length > 0) {
    const rest = done.length === 0 ? '' : `; done: ${done.join(', ')}`;
    terminal.log(`Failed: ${failed.join(', ')}${rest}`);
  }
  return worstStatus([...statuses, terminal.statusOfSuccess()]);
}

function isAbsence(error: unknown): error is Failure {
  return isFailure(error, 'not-found');
}

function isInterruption(error: unknown): boolean {
  const failure = adoptStrayError(error);
  return isFailure(failure, 'interrupted');
}
