import type { PartScripts } from '../../config/recipe/part-scripts.ts';
import type { Rewriting } from '../../config/recipe/rewriting.ts';
import { count } from '../format/units.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Says what the next bin/buildout does to scripts that `install` has written, and how to end it. */
export function adviseOfRewriting(
  scripts: readonly PartScripts[],
  { advise }: Pick<Terminal, 'advise'>,
): void {
  for (const { part, rewriting } of scripts) {
    if (rewriting !== undefined) advise(`[${part}]: ${sayRewriting(part, rewriting)}`);
  }
}

/** Says the same of what is there, and whose it is now. */
export function describeScripts(
  scripts: readonly PartScripts[],
  { advise, notice }: Pick<Terminal, 'advise' | 'notice'>,
): void {
  adviseOfRewriting(
    scripts.filter(({ wereInstalled }) => wereInstalled),
    { advise },
  );
  for (const one of scripts) {
    if (one.ofRecipe.length === 0) continue;
    const say = one.wereInstalled ? advise : notice;
    say(`[${one.part}]: ${sayOfRecipe(one)}`);
  }
}

/** What monitoring has to know: scripts of ours are the recipe's again. Undefined where they aren't. */
export function sayOverwritten(one: PartScripts): string | undefined {
  return one.wereInstalled && one.ofRecipe.length > 0 ? sayOfRecipe(one) : undefined;
}

function sayOfRecipe({ ofRecipe: [first = '', ...more] }: PartScripts): string {
  const others = more.length === 0 ? '' : ` and ${count(more.length, 'other script')}`;
  return `bin/buildout has written ${first}${others} for the Python recipe, which they run; "zodbvault install" replaces them`;
}

function sayRewriting(part: string, rewriting: Rewriting): string {
  switch (rewriting) {
    case 'listed':
      return `the next bin/buildout puts back the scripts of the Python recipe, since "parts" of [buildout] lists "${part}". Take it out of there, run bin/buildout, and then "zodbvault install"`;
    case 'installed':
      return 'the next bin/buildout removes these scripts once, since its last run has made them. Run "zodbvault install" after it';
    default:
      return rewriting satisfies never;
  }
}
