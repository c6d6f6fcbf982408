import { distance } from 'fastest-levenshtein';
import { Failure, isFailure } from '../../system/failure.ts';
import type { Buildout } from '../buildout/buildout.ts';
import type { OptionSource } from '../model/option-source.ts';
import { formatOrigin } from '../model/origin.ts';
import type { SettingsAdvice } from '../model/settings-advice.ts';
import { WrittenOptions } from '../resolve/option-reader.ts';
import { unknownOptions } from '../resolve/option-table.ts';
import type { PathEnvironment } from '../resolve/paths.ts';
import { Problems } from '../resolve/problems.ts';
import { beginResolution, RECIPE_DEFAULTS } from '../resolve/resolution.ts';
import { type ResolvedSite, resolveSite } from '../resolve/resolve-site.ts';
import type { ScriptName } from '../resolve/script-names.ts';
import { binFolder, partNames, readBuildoutData, recipeOf } from './plone-parts.ts';
import { dataOfPart } from './zeo-servers.ts';

/** A part with `recipe = collective.recipe.backup`, resolved. */
export interface RecipePart extends ResolvedSite {
  /** The folder for its scripts. */
  readonly bin: string;
  /** Scripts that it wants, in the recipe's order. */
  readonly scripts: readonly ScriptName[];
  /** Whether the recipe of that time made the folders when buildout ran, or only tried. */
  readonly foldersAtInstall: 'make' | 'try';
}

const RECIPE = 'collective.recipe.backup';
/** Letters that may be wrong, missing or too many. */
const MOST_TYPOS = 3;

/** The parts that the recipe makes. */
export interface RecipePartNames {
  /** Also those that `[buildout] parts` doesn't list. */
  readonly names: readonly string[];
  /** Sections of which nobody can tell whether they are one: they refer to what isn't there. */
  readonly unclear: readonly string[];
}

/**
 * Finds the parts that the recipe makes. Failure `usage` for a section of `[buildout] parts` whose
 * recipe can't be resolved; any other such section is none of our business.
 */
export function findRecipeParts(buildout: Buildout): RecipePartNames {
  const listed = partNames(buildout);
  const names: string[] = [];
  const unclear: string[] = [];
  for (const name of buildout.sectionNames) {
    try {
      const recipe = recipeOf(buildout, name);
      if (isRecipe(recipe)) names.push(name);
      else if (recipe !== undefined && isMeant(recipe))
        throw isMistyped(name, { recipe, buildout });
    } catch (error) {
      const isListed = listed.includes(name);
      if (isListed || !isFailure(error, 'usage')) throw error;
      unclear.push(name);
    }
  }
  return { names, unclear };
}

/** Whether it is the one whose parts these are. */
export function isRecipe(recipe: string | undefined): boolean {
  return recipe === RECIPE || recipe === `${RECIPE}:default`;
}

/** Whether somebody who wrote a recipe's name must have meant ours. */
function isMeant(recipe: string): boolean {
  return recipe.startsWith(`${RECIPE}:`) || distance(recipe, RECIPE) <= MOST_TYPOS;
}

/** No part of a buildout: without this, a slip of the finger would take all scripts away. */
function isMistyped(
  part: string,
  { recipe, buildout }: { readonly recipe: string; readonly buildout: Buildout },
): Failure {
  return new Failure(
    'usage',
    `Cannot tell what the part [${part}] of "${buildout.path}" is: "recipe = ${recipe}" is a recipe that zodbvault does not know`,
    { hint: `Correct it if "recipe = ${RECIPE}" was meant, or remove the section.` },
  );
}

/**
 * Resolves a part: the one bridge between what was written and what is used. Failure `usage` with
 * everything that is wrong, each with file and line.
 */
export function readRecipePart(
  buildout: Buildout,
  {
    part,
    pathEnvironment,
    nearest,
  }: {
    readonly part: string;
    readonly pathEnvironment: PathEnvironment;
    /** The known name that is most like another. */
    readonly nearest: (name: string, known: readonly string[]) => string;
  },
): RecipePart {
  const problems = new Problems(`the part [${part}]`);
  const options = new WrittenOptions(optionsOf(buildout, part), problems);
  const data = problems.collect(() => readBuildoutData(buildout, pathEnvironment));
  problems.throwIfAny();
  if (data === undefined) throw new RangeError('a problem was lost');
  const warnings = [
    ...unknownOptions(options.names, nearest).map(
      ({ name: option, ...one }) =>
        ({ kind: 'advice', code: 'unknown-option', part, option, ...one }) as const,
    ),
    ...repeatedIn(buildout, part),
    ...data.elsewhere,
  ];
  const defaults = RECIPE_DEFAULTS;
  const begun = beginResolution({
    part,
    live: data,
    options,
    problems,
    defaults,
    pathEnvironment,
    warnings,
  });
  const resolution = { ...begun, live: dataOfPart(data, begun) };
  const { site, scripts } = resolveSite(resolution, { buildout: buildout.path });
  problems.throwIfAny();
  return {
    site,
    scripts,
    bin: binFolder(buildout),
    foldersAtInstall: resolution.is23 ? 'make' : 'try',
    resolved: options.resolved,
    warnings,
  };
}

function repeatedIn({ repeated }: Buildout, part: string): readonly SettingsAdvice[] {
  return repeated
    .filter(({ section }) => section === part)
    .map(({ option, first, last }) => ({
      kind: 'advice',
      code: 'repeated-option',
      part,
      option,
      first: formatOrigin(first),
      last: formatOrigin(last),
    }));
}

function optionsOf(buildout: Buildout, part: string): OptionSource {
  return {
    names: buildout.optionNames(part),
    option: (name) => buildout.option(part, name),
    originOf: (name) => buildout.originOf(part, name),
  };
}
