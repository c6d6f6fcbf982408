import { Failure } from '../../system/failure.ts';
import { formatOrigin, type Origin } from '../buildout/cfg-value.ts';

/** Something in a part that can't be used. */
interface Problem {
  readonly text: string;
  /** Undefined where no line is to blame: something is missing. */
  readonly origin: Origin | undefined;
}

/** Collects what is wrong with a part, so that all of it is said at once. */
export class Problems {
  readonly #part: string;
  readonly #found: Problem[] = [];

  constructor(part: string) {
    this.#part = part;
  }

  add(text: string, origin?: Origin): void {
    this.#found.push({ text, origin });
  }

  /** Runs `work`; a failure of it is one more problem, and the result is undefined. */
  collect<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'usage') throw error;
      this.add(error.message);
      return undefined;
    }
  }

  /** Failure `usage` with all problems, unless there are none. */
  throwIfAny(): void {
    const [first] = this.#found;
    if (first === undefined) return;
    const lines = this.#found.map(({ text, origin }) =>
      origin === undefined ? text : `${formatOrigin(origin)}: ${text}`,
    );
    const list = lines.length === 1 ? ` ${lines[0]}` : lines.map((line) => `\n  ${line}`).join('');
    throw new Failure('usage', `Cannot use the part [${this.#part}]:${list}`, {
      hint: 'Nothing was changed. Correct this, and run the command again.',
    });
  }
}
