import { exitStatusOf, type Failure, type FailureCode } from '../../system/failure.ts';
import { formatClockTime } from '../format/units.ts';
import { adviceOf } from '../render/remedies/advice.ts';
import { type Emphasis, paintFor } from './colours.ts';
import { DONE_WITH_WARNINGS } from './exit-status.ts';
import { JsonDocument, type WarningLevel } from './json-document.ts';
import { printable } from './printable.ts';

/** Where a command writes: results to stdout, everything else to stderr. */
export interface Terminal {
  readonly verbosity: Verbosity;
  readonly isJson: boolean;
  /** How the log is written: text has a bar on a terminal, too. */
  readonly logFormat: 'text' | 'json';
  /** A line, or a table, of the result. */
  readonly print: (line: string, emphasis?: Emphasis) => void;
  /** What --json prints when the command has ended. */
  readonly document: JsonDocument;
  /** A line of the log, unless -q was given. */
  readonly log: (line: string) => void;
  /** How far a long step is, in words and in numbers. */
  readonly progress: (line: string, numbers: ProgressNumbers) => void;
  /** A line of the log that only -v shows. */
  readonly debug: (line: string) => void;
  /** One step of several, or a command that is run: only -v shows it, but the scripts' log has it always, as the recipe's. */
  readonly detail: (line: string) => void;
  /** What another program prints, unless -q was given. */
  readonly output: (bytes: Uint8Array) => void;
  /** A line of the log that -q doesn't hide, and that needs nobody's care. */
  readonly notice: (line: string, facts: Facts) => void;
  /**
   * A warning about the settings: the same in each run, so that the exit status doesn't tell, and -q hides
   * it; but not where settings are what the command is about.
   */
  readonly advise: (line: string, facts: Facts) => void;
  /** The same for what somebody should look into: the exit status tells. */
  readonly warn: (line: string, facts: Facts) => void;
  /** What to do about what was found wrong; -q doesn't hide it. */
  readonly hint: (line: string) => void;
  /** Says what went wrong, and with which of several; returns the exit status. */
  readonly fail: (failure: Failure, of?: OneOfSeveral) => number;
  /** The exit status of work that was done: whether there were warnings. */
  readonly statusOfSuccess: () => number;
}

/** What a line says, for programs: only a log in JSON has it. */
export interface Facts {
  /** Stable; docs/reference/warnings.md lists them. */
  readonly code: string;
  readonly values: object;
}

/** One of several things that a command works on. */
export interface OneOfSeveral {
  /** Stands before what is said of it. */
  readonly name: string;
  /** The same for programs: the members of its JSON objects. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface ProgressNumbers {
  readonly step: string;
  /** The file that it is at. */
  readonly file?: string;
  readonly doneBytes: number;
  /** Absent where nobody knows. */
  readonly totalBytes: number | undefined;
  readonly seconds: number;
}

export type Verbosity = 'quiet' | 'normal' | 'verbose';

/** What the options of all commands say about output. */
export interface OutputOptions {
  readonly quiet?: true | undefined;
  readonly verbose?: true | undefined;
  readonly json?: true | undefined;
  readonly logFormat?: 'text' | 'json' | undefined;
}

/** What a command is about. */
export interface About {
  readonly about?: 'settings' | undefined;
}

/** @param command - its name; undefined where none was recognised */
export function terminalFor(
  options: OutputOptions,
  { command, about }: About & { readonly command: string | undefined },
): Terminal {
  const verbosity = options.quiet ? 'quiet' : options.verbose ? 'verbose' : 'normal';
  const isJson = options.json === true;
  const logFormat = options.logFormat ?? 'text';
  const isLogJson = logFormat === 'json';
  const isSilent = verbosity === 'quiet' || (isJson && !isLogJson);
  let hasWarned = false;
  const { word } = paintFor(process.stderr);
  const level = (name: string, label = '') =>
    isLogJson
      ? (message: string, facts?: Facts) => logObject({ level: name, message, ...facts })
      : (message: string) => toStderr(message, label);
  const log = isSilent ? nothing : level('info');
  const debug = verbosity === 'verbose' ? level('debug') : nothing;
  const document = new JsonDocument(command, isJson ? toStdoutAsJson : nothing);
  const note = (level: WarningLevel, message: string, facts: Facts) =>
    document.addWarning({ level, message, ...facts });
  const warn = level('warning', `${word('Warning:', 'yellow')} `);
  const notice = level('notice', `${word('Note:', 'cyan')} `);
  return {
    verbosity,
    isJson,
    logFormat,
    print: isJson ? nothing : toStdout,
    document,
    log,
    progress: (message, numbers) => {
      if (isSilent) return;
      if (isLogJson) logObject({ level: 'progress', message, ...numbers });
      else toStderr(message);
    },
    debug,
    detail: debug,
    output: isSilent
      ? nothing
      : isLogJson
        ? (bytes) => log(Buffer.from(bytes).toString().trimEnd())
        : (bytes) => void process.stderr.write(bytes),
    notice: (line, facts) => {
      note('notice', line, facts);
      notice(line, facts);
    },
    advise: (line, facts) => {
      note('advice', line, facts);
      if (verbosity !== 'quiet' || about === 'settings') warn(line, facts);
    },
    warn: (line, facts) => {
      hasWarned = true;
      note('warning', line, facts);
      warn(line, facts);
    },
    hint: level('hint', `${word('Hint:', 'bold')} `),
    fail: ({ code, message, ...failure }, of) => {
      const hint = adviceOf(failure.hint);
      document.addError({ code, message, hint }, of?.labels);
      if (isJson) return exitStatusOf(code);
      if (isLogJson) logObject({ level: 'error', ...of?.labels, message, code, hint });
      else {
        const more = verbosity === 'verbose' || process.stderr.isTTY ? whereExplained(code) : '';
        const where = of === undefined ? '' : `${of.name}: `;
        toStderr(asSentence(`${where}${message}`), `${word('Error:', 'red')} `);
        toStderr(`${hint}${more}`, `${word('Hint:', 'bold')} `);
      }
      return exitStatusOf(code);
    },
    statusOfSuccess: () => (hasWarned ? DONE_WITH_WARNINGS : 0),
  };
}

/** The same with a longer log, as the option `debug` of a site asks for; unless -q hides it. */
export function withDebugLog(terminal: Terminal): Terminal {
  const { log, verbosity } = terminal;
  if (verbosity === 'quiet') return terminal;
  return { ...terminal, verbosity: 'verbose', debug: log, detail: log };
}

/** The same, for who only looks something up: nothing is said of what is met on the way. */
export function silenced(terminal: Terminal): Terminal {
  return { ...terminal, log: () => {}, advise: () => {}, notice: () => {}, warn: () => {} };
}

/**
 * The terminal of a script in a buildout: a log on stderr with levels, as the recipe's, and with
 * times under `debug`; exit status 1 for whatever goes wrong, 130 for Ctrl-C, 0 in spite of warnings.
 */
export function scriptTerminal(options: {
  readonly quiet: true | undefined;
  readonly isDebug: boolean;
  /** The part that it belongs to. */
  readonly part: string;
}): Terminal {
  const isQuiet = options.quiet === true;
  const level = (name: string) => (line: string) => {
    const time = options.isDebug && !isQuiet ? `${logTime(new Date())} ` : '';
    toStderr(`${time}${name}: ${line}`);
  };
  return {
    verbosity: isQuiet ? 'quiet' : options.isDebug ? 'verbose' : 'normal',
    isJson: false,
    logFormat: 'text',
    print: toStdout,
    document: new JsonDocument(undefined, nothing),
    log: isQuiet ? nothing : level('INFO'),
    progress: isQuiet ? nothing : level('INFO'),
    debug: options.isDebug && !isQuiet ? level('DEBUG') : nothing,
    detail: isQuiet ? nothing : level('INFO'),
    output: isQuiet ? nothing : (bytes) => void process.stdout.write(bytes),
    notice: level('WARNING'),
    advise: isQuiet ? nothing : level('WARNING'),
    warn: level('WARNING'),
    hint: (line) => level('WARNING')(`Hint: ${line}`),
    fail: ({ code, message, hint }) => {
      const advice = adviceOf(hint, options.part);
      level('ERROR')(`${asSentence(message)}\n  Hint: ${advice}`);
      return code === 'interrupted' ? exitStatusOf(code) : 1;
    },
    statusOfSuccess: () => 0,
  };
}

/** For people, who can look it up. Whoever pressed Ctrl-C knows. */
function whereExplained(code: FailureCode): string {
  return code === 'interrupted' ? '' : ` (zodbvault explain ${code})`;
}

/** `yyyy-mm-dd hh:mm:ss,mmm`, in local time: what Python's logging prints. */
function logTime(moment: Date): string {
  return `${formatClockTime(moment)},${String(moment.getMilliseconds()).padStart(3, '0')}`;
}

/** Messages have no full stop, but for those in the words of the recipe, and those that end with a question. */
function asSentence(message: string): string {
  return /[.?]$/.test(message) ? message : `${message}.`;
}

/** A line of the log for programs: its time, its level, and what belongs to it. */
function logObject(value: object): void {
  toStderr(asJson({ time: new Date().toISOString(), ...value }));
}

function asJson(value: object): string {
  return printable(JSON.stringify(value), 'json');
}

/** @param line - of an object in JSON */
function toStdoutAsJson(line: string): void {
  process.stdout.write(`${printable(line, 'json')}\n`);
}

function toStdout(line: string, emphasis: Emphasis = {}): void {
  process.stdout.write(`${paintFor(process.stdout).line(printable(line), emphasis)}\n`);
}

/** @param label - goes out as it is */
function toStderr(line: string, label = ''): void {
  process.stderr.write(`${label}${printable(line)}\n`);
}

function nothing(): void {}
