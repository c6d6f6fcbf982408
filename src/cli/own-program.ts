import { join, sep } from 'node:path';
import { PACKAGING } from '../system/packaging.ts';
import type { Terminal } from './terminal.ts';

/**
 * The words that run what is running now, by absolute paths, for whatever is to call it later. Warns
 * where it won't be there then.
 */
export function ownProgram(
  terminal: Terminal,
  { caller }: { readonly caller: string },
): readonly string[] {
  if (PACKAGING.kind === 'executable') return [process.execPath];
  const command = join(import.meta.dirname, 'main.js');
  if (command.includes(`${sep}_npx${sep}`)) {
    terminal.warn(
      `${caller} call "${command}", which npx may remove at any time; install zodbvault for good (npm install --global zodbvault), then run this command again`,
    );
  }
  return [process.execPath, command];
}
