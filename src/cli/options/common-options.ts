import {
  type Command,
  InvalidArgumentError,
  Option,
  type OptionValues,
} from '@commander-js/extra-typings';
import { type Override, parseOverride } from '../../config/buildout/buildout.ts';
import { Failure } from '../../system/failure.ts';

/** Options that several commands share, each defined once. */
export const OPTION = {
  level: new Option('--level <number>', 'compression level, 1 (fast) to 9 (small)').argParser(
    wholeNumber({ minimum: 1, maximum: 9 }),
  ),
  compressor: new Option(
    '--compressor <program>',
    'the program or library that compresses; auto takes the fastest one that is installed',
  )
    .choices(['auto', 'node', 'isal', 'igzip', 'pigz'] as const)
    .default('auto' as const),
  dryRun: new Option('--dry-run', 'show what would be done, and why; change nothing'),
  wait: waitOption(4),
  /** Whatever goes wrong, scripts end with 1, as the recipe's. */
  waitOfScript: waitOption(1),
} as const;

function waitOption(status: number) {
  return new Option(
    '--wait [seconds]',
    `wait for another run to end, at most this long (default: fail with status ${status})`,
  ).argParser(waitSeconds);
}

const OUTPUT = {
  json: new Option('--json', 'print one JSON object, errors included'),
  quiet: new Option(
    '-q, --quiet',
    'print only problems, and results that you asked for, such as a list',
  ),
  verbose: new Option('-v, --verbose', 'print more').conflicts('quiet'),
  logFormat: new Option(
    '--log-format <format>',
    'format of the log, progress and warnings on stderr: lines of text, or JSON objects',
  )
    .choices(['text', 'json'] as const)
    .default('text' as const),
} as const;

/** Adds the options that say what a command prints, and how; they come last. */
export function withOutputOptions<Words extends unknown[], Said extends OptionValues>(
  command: Command<Words, Said>,
) {
  return withLogOptions(command.addOption(OUTPUT.json));
}

/** Those of a command that has a log and no result. */
export function withLogOptions<Words extends unknown[], Said extends OptionValues>(
  command: Command<Words, Said>,
) {
  return command.addOption(OUTPUT.quiet).addOption(OUTPUT.verbose).addOption(OUTPUT.logFormat);
}

/** What --wait said; undefined: it wasn't there. */
export interface Waiting {
  readonly waitSeconds: number | undefined;
}

/** What to wait, in seconds; `--wait` alone is for as long as it takes. */
export function secondsToWait(wait: number | true | undefined): number | undefined {
  return wait === true ? Number.POSITIVE_INFINITY : wait;
}

/** A parser for whole numbers in a range, both ends included. */
export function wholeNumber(range: {
  readonly minimum: number;
  readonly maximum: number;
}): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.minimum && value <= range.maximum) return value;
    throw new InvalidArgumentError(
      `It is not a whole number of ${range.minimum} to ${range.maximum}.`,
    );
  };
}

/** `--wait=60`. A date behind it would be taken for the seconds. */
function waitSeconds(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a number of seconds. Write --wait behind the rest.');
}

/** Splits words into names and settings of the form `section:option=value`. Failure `usage`. */
export function splitOverrides(argv: readonly string[]): {
  readonly names: readonly string[];
  readonly overrides: readonly Override[];
} {
  const names = argv.filter((word) => !word.includes('='));
  const overrides = argv
    .filter((word) => word.includes('='))
    .map((word) => {
      const override = parseOverride(word);
      if (override !== undefined) return override;
      throw new Failure('usage', `Cannot use "${word}": it is not section:option=value`, {
        hint: 'Write, for example, backup:keep=3.',
      });
    });
  return { names, overrides };
}
