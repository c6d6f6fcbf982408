import { join } from 'node:path';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import { readSmallFileIfFit } from '../../system/files/small-file.ts';
import type { Buildout } from '../buildout/buildout.ts';
import { installedSections } from '../buildout/installed.ts';
import { scriptFileName } from '../resolve/script-names.ts';
import { binFolder } from './plone-parts.ts';
import type { RecipePart } from './recipe-part.ts';
import { type Rewriting, rewritingOf } from './rewriting.ts';
import { decodeScript, isOurRepozo, isRecipeScript } from './script-text.ts';

/** Who wrote the scripts of a part, and whether bin/buildout will write them again. */
export interface PartScripts {
  readonly part: string;
  /** Paths of those that the recipe wrote. */
  readonly ofRecipe: readonly string[];
  /** Whether `zodbvault install` was run here: what only it writes is there. */
  readonly wereInstalled: boolean;
  readonly rewriting: Rewriting | undefined;
}

/** Reads the scripts of parts of one buildout. Changes nothing. */
export async function readPartScripts(
  parts: readonly RecipePart[],
  buildout: Buildout,
): Promise<readonly PartScripts[]> {
  const installed = await installedSections(buildout).catch(asNeverRun);
  // Who has only its .cfg has no bin/buildout that could write anything.
  const isRun = installed !== undefined || (await isThere(join(binFolder(buildout), 'buildout')));
  const found: PartScripts[] = [];
  for (const { site, bin, scripts } of parts) {
    const texts = new Map<string, string>();
    for (const path of scripts.map((name) => join(bin, scriptFileName(site.part, name)))) {
      texts.set(path, (await readSmallFileIfFit(path)) ?? '');
    }
    const repozo = (await readSmallFileIfFit(join(bin, 'repozo'))) ?? '';
    found.push({
      part: site.part,
      ofRecipe: [...texts].flatMap(([path, text]) => (isRecipeScript(text) ? [path] : [])),
      wereInstalled:
        isOurRepozo(repozo) || [...texts.values()].some((text) => decodeScript(text) !== undefined),
      rewriting: isRun ? rewritingOf(site.part, { buildout, installed }) : undefined,
    });
  }
  return found;
}

/** It is needed for a warning alone: where it can't be read, bin/buildout has to say so. */
function asNeverRun(error: unknown): undefined {
  if (!(error instanceof Failure)) throw error;
}
