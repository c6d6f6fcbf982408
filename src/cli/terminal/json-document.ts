import { VERSION } from '../../system/processes/version.ts';
import { eachInTurn } from '../../system/streams/cooperative.ts';

/** Grows only when a program that reads the old form would go wrong: names may be added to this one. */
export const JSON_FORMAT = 1;

/** How loud a warning is: advice is about settings, and the same in each run. */
export type WarningLevel = 'warning' | 'notice' | 'advice';

/** Something that the document says beside the result. */
interface Entry {
  readonly code: string;
  readonly message: string;
}

/**
 * The one object that a command prints with --json, whatever happens: it is filled while the command works, and written
 * when that has ended. `render/json` has what is in it.
 */
export class JsonDocument {
  readonly #command: string | undefined;
  readonly #write: (line: string) => void;
  readonly #begun = new Date();
  readonly #warnings: object[] = [];
  readonly #errors: object[] = [];
  #result: object = {};
  #about: Readonly<Record<string, string>> = {};
  #isWritten = false;

  /** @param command - undefined where none was recognised */
  constructor(command: string | undefined, write: (line: string) => void) {
    this.#command = command;
    this.#write = write;
  }

  /** Takes what the command is to say, which may still be filled. */
  result<Result extends object>(result: Result): Result {
    this.#result = result;
    return result;
  }

  /** Says what the warnings that follow are about: the members of an object. */
  about(labels: Readonly<Record<string, string>>): void {
    this.#about = labels;
  }

  addWarning(warning: Entry & { readonly level: WarningLevel; readonly values: object }) {
    this.#warnings.push({ ...this.#about, ...warning });
  }

  /** @param about - of what the error is, where others may be done */
  addError(
    error: Entry & { readonly hint?: string },
    about: Readonly<Record<string, string>> = {},
  ): void {
    this.#errors.push({ ...about, ...error });
  }

  /** Writes it. Signals are heard meanwhile, as it may be long. */
  async write(status: number): Promise<void> {
    await eachInTurn(this.#lines(status), this.#write);
  }

  /** Writes it for a process that is about to end. */
  writeAtOnce(status: number): void {
    for (const line of this.#lines(status)) this.#write(line);
  }

  *#lines(status: number): Iterable<string> {
    if (this.#isWritten) return;
    this.#isWritten = true;
    yield* linesOf({
      format: JSON_FORMAT,
      zodbvault: VERSION,
      command: this.#command,
      begun: this.#begun.toISOString(),
      seconds: (Date.now() - this.#begun.getTime()) / 1000,
      status,
      ...this.#result,
      warnings: this.#warnings,
      errors: this.#errors,
    });
  }
}

/** An object with each item of its lists on a line of its own, so that no line is long because a list is. */
export function* linesOf(object: object): Iterable<string> {
  let line = '{';
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  for (const [place, [name, value]] of entries.entries()) {
    line += `${place === 0 ? '' : ','}${JSON.stringify(name)}:`;
    if (Array.isArray(value)) {
      line += '[';
      for (const [index, item] of value.entries()) {
        yield line;
        line = `${JSON.stringify(item)}${index < value.length - 1 ? ',' : ''}`;
      }
      line += ']';
    } else line += JSON.stringify(value);
  }
  yield `${line}}`;
}
