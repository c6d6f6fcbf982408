import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
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
  if (PACKAGING.kind === 'executable') return [process.execPath];
  const command =
    PACKAGING.kind === 'package' ? fileURLToPath(PACKAGING.command) : (process.argv[1] ?? '');
  if (command.includes(`${sep}_npx${sep}`)) {
    renderWarning({ kind: 'warning', code: 'program-of-npx', caller, command }, terminal);
  }
  return [process.execPath, command];
}

/** How people call this program, in words that work when they are pasted. */
export async function commandToType(): Promise<string> {
  const isOnPath = (await findProgram('zodbvault')) !== undefined;
  // npx puts a PATH of its own in front, which is gone when it has ended.
  if (isOnPath && process.env['npm_command'] !== 'exec') return 'zodbvault';
  if (PACKAGING.kind === 'executable') return quoteWord(process.execPath);
  return `node ${quoteWord(await realpath(process.argv[1] ?? ''))}`;
}
