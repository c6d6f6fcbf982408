import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGING } from '../../system/processes/packaging.ts';
import { findProgram } from '../../system/processes/programs.ts';
import { quoteWord } from '../../system/processes/shell.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * The words that run what is running now, by absolute paths, for whatever is to call it later. Warns
 * where it won't be there then.
 */
export function ownProgram(
  terminal: Terminal,
  { caller }: { readonly caller: string },
): readonly string[] {
  if (PACKAGING.kind === 'executable') {
    const command = process.execPath;
    if (isOfUvx(command)) {
      renderWarning({ kind: 'warning', code: 'program-of-uvx', caller, command }, terminal);
    }
    return [command];
  }
  const command =
    PACKAGING.kind === 'package' ? fileURLToPath(PACKAGING.command) : (process.argv[1] ?? '');
  if (command.includes(`${sep}_npx${sep}`)) {
    renderWarning({ kind: 'warning', code: 'program-of-npx', caller, command }, terminal);
  }
  return [process.execPath, command];
}

/** How people call this program, in words that work when they are pasted. */
export async function commandToType(): Promise<string> {
  const found = await findProgram('zodbvault');
  // npx and uvx put a PATH of their own in front, which is gone when they have ended.
  const isOnPath = process.env['npm_command'] !== 'exec' && found !== undefined && !isOfUvx(found);
  if (isOnPath) return 'zodbvault';
  if (PACKAGING.kind === 'executable') return quoteWord(process.execPath);
  return `node ${quoteWord(await realpath(process.argv[1] ?? ''))}`;
}

/** Whether a program lies in uv's cache, where uvx puts what it runs; a tag says that it is a cache. */
function isOfUvx(path: string): boolean {
  const [, cache] = /^(.*)\/archive-v\d+\//.exec(path) ?? [];
  return cache !== undefined && existsSync(join(cache, 'CACHEDIR.TAG'));
}
