import { parseArgs } from 'node:util';
import { Failure } from '../../../system/failure.ts';

/** What repozo's command line says. Options that a mode has no use for are named, not refused. */
export interface RepozoArguments {
  readonly mode: 'backup' | 'recover' | 'verify' | 'help';
  readonly repository: string;
  readonly file: string;
  readonly isFull: boolean;
  readonly isQuick: boolean;
  readonly isGzip: boolean;
  readonly killsOldOnFull: boolean;
  readonly date: string | undefined;
  readonly output: string | undefined;
  readonly isVerbose: boolean;
  /** Long names of options that were given and mean nothing in this mode. */
  readonly ignored: readonly string[];
}

const OPTIONS = {
  backup: { type: 'boolean', short: 'B' },
  recover: { type: 'boolean', short: 'R' },
  verify: { type: 'boolean', short: 'V' },
  repository: { type: 'string', short: 'r' },
  file: { type: 'string', short: 'f' },
  full: { type: 'boolean', short: 'F' },
  quick: { type: 'boolean', short: 'Q' },
  gzip: { type: 'boolean', short: 'z' },
  'kill-old-on-full': { type: 'boolean', short: 'k' },
  date: { type: 'string', short: 'D' },
  output: { type: 'string', short: 'o' },
  'with-verify': { type: 'boolean', short: 'w' },
  verbose: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const;

const NAMES = Object.keys(OPTIONS);

/** Options that mean something in each mode, beside those that always do. */
const MEANT_FOR: Readonly<Record<'backup' | 'recover' | 'verify', readonly string[]>> = {
  backup: ['file', 'full', 'quick', 'gzip', 'kill-old-on-full'],
  recover: ['date', 'output', 'with-verify'],
  verify: ['quick'],
};

const ALWAYS = ['backup', 'recover', 'verify', 'repository', 'verbose', 'help'];

/**
 * Reads repozo's command line: short options in groups, long ones also shortened, as Python's getopt
 * takes them. Failure `usage`.
 */
export function parseRepozoArguments(argv: readonly string[]): RepozoArguments {
  const given = parse(argv.map(lengthen));
  const modes = (['backup', 'recover', 'verify'] as const).filter((name) => given[name] === true);
  const [mode] = modes;
  if (given.help !== true && mode === undefined)
    throw wrong('name one of --backup, --recover, --verify');
  if (modes.length > 1) throw wrong('-B, -R and -V exclude each other');
  if (given.help !== true && given.repository === undefined) throw wrong('--repository is missing');
  if (given.help !== true && mode === 'backup' && given.file === undefined)
    throw wrong('--file is missing');
  const meant = mode === undefined ? [] : MEANT_FOR[mode];
  return {
    mode: given.help === true || mode === undefined ? 'help' : mode,
    repository: given.repository ?? '',
    file: given.file ?? '',
    isFull: given.full === true,
    isQuick: given.quick === true,
    isGzip: given.gzip === true,
    killsOldOnFull: given['kill-old-on-full'] === true,
    date: given.date,
    output: given.output,
    isVerbose: given.verbose === true,
    ignored: Object.keys(given).filter((name) => !ALWAYS.includes(name) && !meant.includes(name)),
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw wrong(error.message.split('. ')[0] ?? error.message, error);
  }
}

/** `--repo=x` is `--repository=x`, if no other option begins so. */
function lengthen(word: string): string {
  const match = /^--([a-z-]+)(=.*)?$/s.exec(word);
  const [, name, value = ''] = match ?? [];
  if (name === undefined || NAMES.includes(name)) return word;
  const candidates = NAMES.filter((candidate) => candidate.startsWith(name));
  return candidates.length === 1 ? `--${candidates[0]}${value}` : word;
}

function wrong(state: string, cause?: unknown): Failure {
  return new Failure('usage', `Cannot understand the command line: ${state}`, {
    hint: 'Run it with --help for the options.',
    cause,
  });
}
