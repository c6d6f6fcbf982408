import { readdir } from 'node:fs/promises';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import type { Site } from '../../../config/model/site.ts';
import { leadsNowhere } from '../../../system/absent.ts';
import { Failure } from '../../../system/failure.ts';
import { isThere } from '../../../system/files/presence.ts';
import { findProgram } from '../../../system/processes/programs.ts';

/** Where the `zope.conf` of an instance lies: of `mkwsgiinstance` and the image of Plone, and of cookiecutter. */
const USUAL_PLACES = ['etc/zope.conf', 'instance/etc/zope.conf'];
/** Where a buildout makes them, each in the folder of its part. */
const PARTS = 'parts';

/**
 * Path of the `zope.conf` of a site's instance. Failure `usage` where there is none, or several are there.
 *
 * @param named - by whoever knows
 */
export async function findZopeConf(site: Site, named: string | undefined): Promise<string> {
  if (named !== undefined) return resolve(named);
  const described = site.buildout ?? site.config;
  if (described !== undefined && basename(described) === 'zope.conf') return described;
  const folder = described === undefined ? process.cwd() : folderOf(described);
  const parts = (await readdir(join(folder, PARTS)).catch(leadsNowhere)) ?? [];
  const places = [...USUAL_PLACES, ...parts.map((part) => join(PARTS, part, 'etc/zope.conf'))];
  const found: string[] = [];
  for (const place of places) {
    const path = join(folder, place);
    if (await isThere(path)) found.push(path);
  }
  const [path, ...more] = found;
  if (path !== undefined && more.length === 0) return path;
  const state =
    path === undefined ? `there is none in "${folder}"` : `there are ${found.join(', ')}`;
  throw new Failure('usage', `Cannot tell the zope.conf of the instance: ${state}`, {
    hint: { kind: 'name-zope-conf' },
  });
}

/** Of what a file describes: the folder above etc, or its own. */
function folderOf(file: string): string {
  const folder = dirname(file);
  return basename(folder) === 'etc' ? dirname(folder) : folder;
}

/** A program that starts an instance, and its first words. A `wsgi.ini` comes behind them. */
export interface ZopeStarter {
  readonly program: string;
  readonly words: readonly string[];
}

/**
 * What starts the instance of a `zope.conf`: the Python that a buildout made for its part, with the part's eggs, or
 * `runwsgi`, of a virtual environment near it or on the PATH. Undefined where there is neither.
 */
export async function findZopeStarter(zopeConf: string): Promise<ZopeStarter | undefined> {
  const home = dirname(dirname(zopeConf));
  const python = await findProgram('interpreter', { searchPath: join(home, 'bin') });
  if (python !== undefined) return { program: python, words: ['-m', 'Zope2.Startup.serve'] };
  const folders = [home, dirname(home), dirname(dirname(home))];
  const places = folders.flatMap((folder) => PLACES_OF_PROGRAMS.map((one) => join(folder, one)));
  const near = await findProgram(STARTER, { searchPath: places.join(delimiter) });
  const program = near ?? (await findProgram(STARTER));
  return program === undefined ? undefined : { program, words: [] };
}

const STARTER = 'runwsgi';
/** In the folder of a site: of a buildout, or of a virtual environment by its usual names. */
const PLACES_OF_PROGRAMS = ['bin', '.venv/bin', 'venv/bin'];
