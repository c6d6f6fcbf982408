import { join } from 'node:path';
import { isThere } from '../../system/files/presence.ts';
import { readSmallFileIfFit } from '../../system/files/small-file.ts';
import type { Environment } from '../environment/environment.ts';

/** The file of a folder that a container runs with, and what decided it. */
export interface ConfChoice {
  readonly path: string;
  readonly why: string;
}

/** Files of the image plone-backend, each with the variable by which it is taken; the first that is set counts. */
const MODES = [
  { name: 'relstorage.conf', variable: 'RELSTORAGE_DSN' },
  { name: 'zeo.conf', variable: 'ZEO_ADDRESS' },
] as const;
/** The one that is taken where none is set. */
const DEFAULT_NAME = 'zope.conf';

/**
 * The image plone-backend has three configurations in `/app/etc`, and its entrypoint decides by the environment which
 * one Zope runs with: the others say nothing about the site. Undefined for a folder whose files aren't those.
 */
export async function chosenConf(
  folder: string,
  environment: Environment,
): Promise<ConfChoice | undefined> {
  if (!(await isThere(join(folder, DEFAULT_NAME)))) return undefined;
  const known: (typeof MODES)[number][] = [];
  for (const mode of MODES) {
    const text = await readSmallFileIfFit(join(folder, mode.name));
    if (text?.includes(`$(${mode.variable})`)) known.push(mode);
  }
  if (known.length === 0) return undefined;
  const set = known.find(({ variable }) => environment[variable] !== undefined);
  if (set !== undefined) return { path: join(folder, set.name), why: `${set.variable} is set` };
  const variables = known.map(({ variable }) => variable).join(' and ');
  const why = `${variables} ${known.length === 1 ? 'is' : 'are'} not set`;
  return { path: join(folder, DEFAULT_NAME), why };
}
