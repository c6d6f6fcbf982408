import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { decodeScript, type Script } from '../../../config/recipe/script-text.ts';
import { isScriptName, SCRIPTS, scriptFileName } from '../../../config/resolve/script-names.ts';
import { Failure } from '../../../system/failure.ts';
import { leadToOne } from '../../../system/files/place.ts';
import { isThere } from '../../../system/files/presence.ts';

/**
 * Failure `refused` for a script that was copied with its site: it would work on the other one. A script that was
 * copied alone, and a link to one, work on.
 */
export async function refuseCopiedScript(file: string, script: Script): Promise<void> {
  const { bin, site } = script;
  const here = dirname(await realpath(file));
  if (await leadToOne(here, bin)) return;
  const { buildout } = site;
  const own = buildout === undefined ? undefined : await otherAt(buildout, { here, bin });
  if (own !== undefined) throw copied(file, { script, sign: own });
  const data = site.storages.flatMap(({ dataFs, blobs }) => [dataFs, blobs ?? []].flat());
  for (const path of data) {
    const sign = await otherAt(path, { here, bin });
    if (sign !== undefined) throw copied(file, { script, sign });
  }
  const sign = await copiedWithAll(here, script);
  if (sign !== undefined) throw copied(file, { script, sign });
}

/** What is in the same place beside the script as a path of the site is beside its scripts, and is another file. */
async function otherAt(
  path: string,
  { here, bin }: { readonly here: string; readonly bin: string },
): Promise<string | undefined> {
  const beside = resolve(here, relative(bin, path));
  if (!(await isThere(beside)) || (await leadToOne(beside, path))) return undefined;
  return await realpath(beside);
}

/** Another of the part's scripts, where all that it has were copied. */
async function copiedWithAll(here: string, script: Script): Promise<string | undefined> {
  const wanted = await scriptsLike(script, script.bin);
  const found = await scriptsLike(script, here);
  if (wanted.length < 2 || found.length < wanted.length) return undefined;
  return found.find((path) => path !== join(here, scriptFileName(script.site.part, script.name)));
}

/** Paths of the scripts in a folder that were written with this one. */
async function scriptsLike({ bin, site }: Script, folder: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const name of Object.keys(SCRIPTS).filter(isScriptName)) {
    const path = join(folder, scriptFileName(site.part, name));
    const other = decodeScript(await readFile(path, 'utf8').catch(() => ''));
    if (other?.bin === bin && other.site.part === site.part) paths.push(path);
  }
  return paths;
}

function copied(
  file: string,
  { script: { bin, site }, sign }: { readonly script: Script; readonly sign: string },
): Failure {
  const of = site.buildout ?? dirname(bin);
  return new Failure(
    'refused',
    `Cannot run "${file}": it was copied or moved here with "${sign}", and works on the site of "${of}"`,
    {
      hint: 'Run "zodbvault install" in the folder of the buildout here first: it writes it for the site there.',
    },
  );
}
