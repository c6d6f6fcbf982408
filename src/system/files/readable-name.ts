import { isUtf8 } from 'node:buffer';
import { readFileSync, readlinkSync } from 'node:fs';
import { Failure } from '../failure.ts';

/**
 * What Node puts in the place of bytes that are no UTF-8. By such a path, nothing is found that is there; what is made
 * by it is another folder.
 */
const REPLACEMENT = '\uFFFD';

/**
 * Failure `usage` for a path that may stand for another one.
 *
 * @param from - the path that led there, for the message
 */
export function requireReadablePath(path: string, from: string = path): void {
  if (isDoubtful(path)) throw isUnreadable(from === path ? `"${path}"` : `"${from}": "${path}"`);
}

function isDoubtful(path: string): boolean {
  return path.includes(REPLACEMENT);
}

function isUnreadable(what: string): Failure {
  return new Failure('usage', `Cannot use ${what}: a name in that path is not UTF-8`, {
    hint: 'Nothing was changed. Rename that folder or file, and correct what names it.',
  });
}

/** Failure `usage` where a word of the command line has bytes that are no UTF-8. */
export function requireReadableWords(words: readonly string[]): void {
  const word = words.find(isDoubtful);
  if (word !== undefined && !areUtf8(() => readFileSync('/proc/self/cmdline'))) {
    throw isUnreadable(`"${word}"`);
  }
}

/** The same for the folder that it runs in. */
export function requireReadableFolder(): void {
  const folder = process.cwd();
  if (isDoubtful(folder) && !areUtf8(() => readlinkSync('/proc/self/cwd', 'buffer'))) {
    throw isUnreadable(`the folder "${folder}"`);
  }
}

/** Where nobody can tell, they are not. */
function areUtf8(read: () => Uint8Array): boolean {
  try {
    return isUtf8(read());
  } catch {
    return false;
  }
}
