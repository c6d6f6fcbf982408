import { isFailure } from '../../system/failure.ts';
import type { Buildout } from '../buildout/buildout.ts';
import type { CfgSections } from '../model/cfg-value.ts';
import { partNames } from './plone-parts.ts';
import { isRecipe } from './recipe-part.ts';

/** Why the next run of bin/buildout puts the recipe's scripts back, or takes away those that are there. */
export type Rewriting =
  /** The recipe makes the part in each run. */
  | 'listed'
  /** It made the part in the last one, and what it made then goes. */
  | 'installed';

/**
 * What the next run of bin/buildout does to the scripts of a part; undefined where it leaves them alone, or where a
 * part of the buildout runs `zodbvault install` after it.
 *
 * @param installed - what buildout remembers of its last run; undefined: it never ran
 */
export function rewritingOf(
  part: string,
  {
    buildout,
    installed,
  }: { readonly buildout: Buildout; readonly installed: CfgSections | undefined },
): Rewriting | undefined {
  const listed = partNames(buildout);
  const position = listed.indexOf(part);
  if (listed.slice(position + 1).some((name) => runsInstall(buildout, name))) return undefined;
  if (position >= 0) return 'listed';
  return installed !== undefined && wasMade(part, installed) ? 'installed' : undefined;
}

/**
 * Sections of parts that buildout took away stay in its file until it installs something else: the last `parts` tells
 * what is installed.
 */
function wasMade(part: string, installed: CfgSections): boolean {
  const parts = installed.get('buildout')?.get('parts')?.text.split(/\s+/) ?? [];
  const recipe = installed.get(part)?.get('recipe')?.text.trim().toLowerCase();
  return parts.includes(part) && isRecipe(recipe);
}

/** Whatever its recipe is: an option holds the command. One that can't be resolved is none of our business. */
function runsInstall(buildout: Buildout, part: string): boolean {
  return buildout.optionNames(part).some((option) => {
    try {
      return /zodbvault\b.*\binstall\b/.test(buildout.option(part, option)?.text ?? '');
    } catch (error) {
      if (isFailure(error, 'usage')) return false;
      throw error;
    }
  });
}
