import type { PartScripts } from '../../config/recipe/part-scripts.ts';
import { sayOfRecipe } from '../render/warnings/commands.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Says what the next bin/buildout does to scripts that `install` has written, and how to end it. */
export function adviseOfRewriting(scripts: readonly PartScripts[], terminal: Terminal): void {
  for (const { part, rewriting } of scripts) {
    if (rewriting === undefined) continue;
    renderWarning({ kind: 'advice', code: REWRITING[rewriting], part }, terminal);
  }
}

const REWRITING = { listed: 'scripts-put-back-next', installed: 'scripts-removed-next' } as const;

/** Says the same of what is there, and whose it is now. */
export function describeScripts(scripts: readonly PartScripts[], terminal: Terminal): void {
  adviseOfRewriting(
    scripts.filter(({ wereInstalled }) => wereInstalled),
    terminal,
  );
  for (const { part, ofRecipe: paths, wereInstalled } of scripts) {
    if (paths.length === 0) continue;
    renderWarning(
      wereInstalled
        ? { kind: 'advice', code: 'scripts-overwritten', part, paths }
        : { kind: 'notice', code: 'scripts-of-recipe', part, paths },
      terminal,
    );
  }
}

/** What monitoring has to know: scripts of ours are the recipe's again. Undefined where they aren't. */
export function sayOverwritten({ wereInstalled, ofRecipe }: PartScripts): string | undefined {
  return wereInstalled && ofRecipe.length > 0 ? sayOfRecipe(ofRecipe) : undefined;
}
