import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Markdown without headings and tables, a file for each command. Only tools and tests read them: no bundle has them. */
const FOLDER = join(import.meta.dirname, 'explanations');

/** What holds for all commands, for docs/reference/commands.md. */
export const ALL_COMMANDS = 'all-commands';

/** What the reference says of a command behind its options, as Markdown. */
export function explanationOf(name: string): string {
  return readFileSync(join(FOLDER, `${name}.md`), 'utf8').trimEnd();
}
