import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runProgram } from './command.ts';
import { programOf } from './real-parts.ts';
import { siteIn, type TestSite } from './site.ts';

/** A folder with a site and a buildout of the real recipe. */
export interface RealBuildout {
  readonly site: TestSite;
  /** Runs a program in the folder; an error with all output if it fails. */
  readonly run: (program: string, ...words: readonly string[]) => Promise<void>;
  /** Path of a script in `bin/`. */
  readonly script: (name: string) => string;
  /** Gives `bin/` the scripts of one: buildout puts the recipe's back, `install` ours. */
  readonly take: (whose: Maker) => Promise<void>;
}

/** Who made the scripts. */
export type Maker = 'recipe' | 'zodbvault';

/** @param lines - of the part `backup` */
export function realBuildoutIn(folder: string, lines: readonly string[]): RealBuildout {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'buildout.cfg'), [CFG, ...lines, ''].join('\n'));
  const site = siteIn(folder);
  const run: RealBuildout['run'] = async (program, ...words) => {
    const { status, stdout, stderr } = await runProgram(program, words, { cwd: folder });
    if (status !== 0) throw new Error(`${program} ended with ${status}: ${stdout}${stderr}`);
  };
  const script = (name: string) => join(folder, 'bin', name);
  return {
    site,
    run,
    script,
    take: async (whose) => {
      if (whose === 'recipe') await run(programOf('zodb', 'buildout'));
      else await site.runWell('install');
      const isOfRecipe = readFileSync(script('backup'), 'utf8').includes(
        'collective.recipe.backup',
      );
      if (isOfRecipe !== (whose === 'recipe'))
        throw new Error(`bin/ has not the scripts of ${whose}`);
    },
  };
}

/** The recipe gives its backups the second as a name. */
export function nextSecond(): Promise<void> {
  return pause(1000 - (Date.now() % 1000));
}

const CFG = `[buildout]
parts = zeoserver backup
offline = true

[zeoserver]
recipe = plone.recipe.zeoserver
zeo-address = \${buildout:directory}/zeo.sock
file-storage = \${buildout:directory}/var/filestorage/Data.fs
blob-storage = \${buildout:directory}/var/blobstorage

[backup]
recipe = collective.recipe.backup`;
