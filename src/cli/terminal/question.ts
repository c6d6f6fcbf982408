import { createInterface } from 'node:readline';
import { Failure } from '../../system/failure.ts';
import { printable } from './printable.ts';
import type { CommandContext } from './run-command.ts';
import type { Terminal } from './terminal.ts';

/** What is about to go. */
export interface ReplacedPaths {
  readonly filestorages: readonly string[];
  readonly blobstorages: readonly string[];
  /** What is only brought forward. */
  readonly appended?: readonly string[];
  /** What is that state already. */
  readonly unchanged?: readonly string[];
  /** What an undo takes away, since the restore had put it where nothing was. */
  readonly removed?: readonly string[];
}

/** What is said where the answer is no; that of a restore is the recipe's. */
const DECLINED = {
  restore: 'Not restoring.',
  'undo the restore': 'Not undoing the restore.',
} as const;

/**
 * Asks before something is replaced, and says that nothing was done where the answer is no. The words are those of
 * collective.recipe.backup, which people script against: `yes` or `no` in full, in any case; an empty line is no.
 *
 * Failure `refused` where the input ends without an answer, `interrupted` on Ctrl-C.
 */
export async function agreeToReplace(
  paths: ReplacedPaths,
  { doing, context }: { readonly doing: keyof typeof DECLINED; readonly context: CommandContext },
): Promise<'yes' | 'no'> {
  const { terminal } = context;
  const { write } = questionOf(terminal);
  write(`\n${leavings(paths.unchanged ?? [])}${additions(paths.appended ?? [])}`);
  write(block('filestorage', paths.filestorages));
  write(block('blobstorage', paths.blobstorages));
  write(removals(paths.removed ?? []));
  const answer = await ask(doing, context);
  if (answer === 'no') terminal.log(DECLINED[doing]);
  return answer;
}

/** Where a question goes: with --json, stdout is for objects alone. */
export function questionOf(terminal: Terminal): { readonly write: (text: string) => void } {
  const stream = terminal.isJson ? process.stderr : process.stdout;
  return { write: (text) => void stream.write(text) };
}

/** Asks before something that was shown is done; the answers and failures are the same. */
export async function ask(
  doing: string,
  { terminal, signal, backups }: CommandContext,
): Promise<'yes' | 'no'> {
  const { write } = questionOf(terminal);
  const reader = createInterface({ input: process.stdin, terminal: false });
  const onAbort = () => reader.close();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    write('Are you sure? (yes/No)? ');
    for await (const line of reader) {
      const answer = line.trim().toLowerCase();
      if (answer === 'yes') return 'yes';
      if (answer === 'no' || answer === '') return 'no';
      write(
        'Please explicitly answer yes/no in full (or accept the default)\nAre you sure? (yes/No)? ',
      );
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    reader.close();
    // Nobody knows how long the answer took.
    backups.reread();
  }
  // What is said now is not a part of the question's line.
  write('\n');
  signal.throwIfAborted();
  throw new Failure('refused', `Cannot ${doing}: the question was not answered`, {
    hint: 'Nothing was changed. Answer yes, or use --no-prompt if nobody can answer.',
  });
}

function leavings(paths: readonly string[]): string {
  if (paths.length === 0) return '';
  return `This will leave the filestorage as it is, since it is that state already:\n${lines(paths)}`;
}

function additions(paths: readonly string[]): string {
  if (paths.length === 0) return '';
  return `This will append what is new to the filestorage; it cannot be undone:\n${lines(paths)}`;
}

function removals(paths: readonly string[]): string {
  if (paths.length === 0) return '';
  return `This will remove what did not exist before the restore:\n${lines(paths)}`;
}

function block(what: string, paths: readonly string[]): string {
  if (paths.length === 0) return '';
  return `This will replace the ${what}:\n${lines(paths)}`;
}

function lines(paths: readonly string[]): string {
  return paths.map((path) => `    ${printable(path)}\n`).join('');
}
