import { Failure, isFailure } from '../../system/failure.ts';
import { formatOrigin, type Origin } from '../model/origin.ts';

/** Something in a configuration that can't be used. */
interface Problem {
  /** With its place in front. */
  readonly line: string;
  /** Undefined where no line is to blame: something is missing. */
  readonly origin: Origin | undefined;
}

/** Collects what is wrong with a site's settings, so that all of it is said at once. */
export class Problems {
  readonly #subject: string;
  readonly #found: Problem[] = [];

  /** @param subject - what can't be used: `the part [backup]` */
  constructor(subject: string) {
    this.#subject = subject;
  }

  add(text: string, origin?: Origin): void {
    const line = origin === undefined ? text : `${formatOrigin(origin)}: ${text}`;
    this.#found.push({ line, origin });
  }

  /** Takes over what others have found, so that it is said at once. */
  addAll(others: Problems): void {
    this.#found.push(...others.#found);
  }

  /**
   * Runs `work`; a failure of it, which names its place itself, is one more problem, and the result is
   * undefined.
   */
  collect<T>(work: () => T, origin?: Origin): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!isFailure(error, 'usage')) throw error;
      this.#found.push({ line: error.message, origin });
      return undefined;
    }
  }

  /** Failure `usage` with all problems, in the order of the lines, unless there are none. */
  throwIfAny(): void {
    const failure = this.failure();
    if (failure !== undefined) throw failure;
  }

  /** The same as a value. */
  failure(): Failure | undefined {
    if (this.#found.length === 0) return undefined;
    const lines = [...this.#found].sort(byPlace).map(({ line }) => line);
    const list = lines.length === 1 ? ` ${lines[0]}` : lines.map((line) => `\n  ${line}`).join('');
    return new Failure('usage', `Cannot use ${this.#subject}:${list}`, {
      hint: 'Nothing was changed. Correct this, and run the command again.',
    });
  }
}

/** What has no line comes first, what came from the command line last. */
function byPlace({ origin: a }: Problem, { origin: b }: Problem): number {
  if (a?.kind !== 'line' || b?.kind !== 'line') return rankOf(a) - rankOf(b);
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line;
}

function rankOf(origin: Origin | undefined): number {
  if (origin === undefined) return 0;
  return origin.kind === 'line' ? 1 : 2;
}
