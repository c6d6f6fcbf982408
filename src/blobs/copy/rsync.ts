import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withSystemErrors } from '../../system/failure.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { GIVES_GROUP } from '../../system/files/rights.ts';
import {
  failureOfEnd,
  type ProgramEnd,
  requireProgram,
  runProgram,
} from '../../system/processes/programs.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import { RSYNC_EXCLUDES } from '../layout/exclusions.ts';
import { isUncommitted, UNCOMMITTED_PATTERNS } from '../layout/uncommitted.ts';

export interface RsyncSettings {
  readonly source: string;
  /** Made by the copy, unless it is there from one that was incomplete. */
  readonly target: string;
  /** A tree with which files that are the same are shared, as hard links. */
  readonly linkTo: string | undefined;
  /** What makes a file the same: size and time, or every byte. */
  readonly sameness: 'time' | 'content';
  /** Words of the user, behind `-a`. */
  readonly options: readonly string[];
  /** `live`: what is no blob is left out. `backup`: uncommitted blobs are, which older copies hold. */
  readonly of: 'live' | 'backup';
  readonly onCommand: (argv: readonly string[]) => void;
  readonly onOutput: (chunk: Uint8Array) => void;
  readonly signal: AbortSignal;
  /** Is told of the files that are not shared, as rsync comes to them. */
  readonly progress: WorkProgress;
}

/** "Partial transfer due to vanished source files" (rsync's manual). */
const VANISHED = 24;
const ATTEMPTS = 3;
/** No blob is a pipe, a socket or a device, or runs as its owner or its group. */
const PLAIN_FILES = ['--no-devices', '--no-specials', '--chmod=Fug-s'];

/** What is copied into a folder that gives its group gets that group, as every file that is made there. */
async function wordsForGroup(target: string): Promise<readonly string[]> {
  const { mode } = await withSystemErrors(`look at "${target}"`, () => stat(target));
  const isRoot = process.getuid?.() === 0;
  return isRoot || (mode & GIVES_GROUP) === 0 ? [] : ['--no-group', '--chmod=Dg+s'];
}

export function findRsync(): Promise<string> {
  return requireProgram('rsync', {
    hint: 'Install it, or set "use_rsync = false" in the part.',
  });
}

/**
 * Copies a tree with rsync, from what is in `source` to what is in `target`. Files that vanish
 * meanwhile make rsync start again; any other end than success is a failure `program`.
 */
export async function copyWithRsync(settings: RsyncSettings): Promise<void> {
  const path = await findRsync();
  await makeFolder(settings.target);
  const argv = [
    '-a',
    ...settings.options,
    ...PLAIN_FILES,
    ...(await wordsForGroup(settings.target)),
    ...(settings.options.some((word) => word.startsWith('--inplace')) ? [] : ['--sparse']),
    ...(tellsItself(settings.options) ? [] : [TELLING]),
    '--delete',
    ...(settings.sameness === 'content' ? ['--checksum'] : []),
    ...(settings.of === 'live' ? RSYNC_EXCLUDES : ['--exclude-from=-']),
    ...(settings.linkTo === undefined ? [] : [`--link-dest=${settings.linkTo}/`]),
    `${settings.source}/`,
    `${settings.target}/`,
  ];
  const onOutput = tellsItself(settings.options)
    ? settings.onOutput
    : readTransfers(settings.source, settings);
  const { signal } = settings;
  let end: ProgramEnd | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    settings.onCommand(['rsync', ...argv]);
    const input = Buffer.from(UNCOMMITTED_PATTERNS);
    end = await runProgram({ path, arguments: argv }, { input, onOutput, signal });
    if (end.status === 0 || haveUncommittedVanished(end)) return;
    if (end.status !== VANISHED) break;
  }
  if (end === undefined) return;
  throw failureOfEnd(withItsReason(end), {
    what: `Cannot copy "${settings.source}" with rsync`,
    hint:
      end.status === VANISHED
        ? `Files vanished in each of ${ATTEMPTS} attempts: is a pack running? Run the command again later.`
        : 'Nothing was kept of this copy. Mend what rsync says, then run the command again.',
  });
}

/**
 * Whether nothing has vanished but uncommitted blobs: options of the user, such as `--include`, may have rsync look
 * at them. Each line that it says is looked at, so that nothing else has gone wrong.
 */
function haveUncommittedVanished({ status, errors }: ProgramEnd): boolean {
  if (status !== VANISHED) return false;
  const lines = errors.trim().split('\n');
  return lines.every((line) => {
    const [, path] = /^file has vanished: "(.*)"$/.exec(line) ?? [];
    return path === undefined ? line.startsWith('rsync warning:') : isUncommitted(path);
  });
}

/** Options of the user by which files are left out, each with its value where that is a word of its own. */
export function optionsThatLeaveOut(options: readonly string[]): readonly string[] {
  return options.flatMap((word, at) => {
    if (!LEAVES_OUT.test(word)) return [];
    const next = options[at + 1];
    const hasValue = !word.includes('=') && next !== undefined && !next.startsWith('-');
    return hasValue ? [`${word} ${next}`] : [word];
  });
}

const LEAVES_OUT =
  /^(-[a-zA-Z]*[CFfx]|--(max-size|min-size|exclude|exclude-from|filter|files-from|cvs-exclude|one-file-system)(=|$))/;

/** A line for each file that it transfers: its size, and its path below the source. */
const TELLING = '--out-format=%l %n';

/** Whether the words of the user make rsync print something of its own. */
function tellsItself(options: readonly string[]): boolean {
  return options.some((word) =>
    /^(-[a-zA-Z]*[viPq]|--(verbose|quiet|progress|info|itemize-changes|(out|log)-format)\b)/.test(
      word,
    ),
  );
}

/** Takes the lines that {@link TELLING} makes; the others go where the output goes. */
function readTransfers(
  source: string,
  { progress, onOutput }: Pick<RsyncSettings, 'progress' | 'onOutput'>,
): (chunk: Uint8Array) => void {
  let rest = '';
  // A line comes when its file begins, so that the file is done when the next line comes.
  let underWay = 0;
  return (chunk) => {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, size, name = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
      if (size === undefined) onOutput(Buffer.from(`${line}\n`, 'latin1'));
      else if (!name.endsWith('/')) {
        progress.onBytes(underWay);
        underWay = Number(size);
        progress.onFile(join(source, Buffer.from(name, 'latin1').toString()));
      }
    }
  };
}

/** The last line of rsync only counts what went wrong; the first says it. */
function withItsReason(end: ProgramEnd): ProgramEnd {
  const lines = end.errors.split('\n').filter((line) => line.trim() !== '');
  const said = lines.find((line) => !line.startsWith('rsync error:'));
  return said === undefined ? end : { ...end, errors: said };
}
