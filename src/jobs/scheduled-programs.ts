import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeScript, isRecipeScript } from '../sites/recipe/script-text.ts';
import { adopting, Failure, systemCodeOf } from '../system/failure.ts';
import { findProgram } from '../system/programs.ts';

/**
 * Checks that the scripts that jobs run are there, and are what they should be. Failure `not-found`,
 * or `refused` for a file that neither zodbvault nor the recipe wrote.
 */
export async function requireScripts(paths: readonly string[]): Promise<void> {
  const states = await Promise.all(paths.map(async (path) => ({ path, is: await lookAt(path) })));
  const list = (is: 'missing' | 'foreign') =>
    states.filter((one) => one.is === is).map(({ path }) => `"${path}"`);
  const missing = list('missing');
  if (missing.length > 0) {
    throw new Failure('not-found', `Cannot schedule ${missing.join(', ')}: no such script`, {
      hint: 'Run "zodbvault install" in the buildout first.',
    });
  }
  const foreign = list('foreign');
  if (foreign.length === 0) return;
  throw new Failure('refused', `Cannot schedule ${foreign.join(', ')}: something else wrote it`, {
    hint: 'Move it away and run "zodbvault install", or give the part another name.',
  });
}

async function lookAt(path: string): Promise<'missing' | 'foreign' | 'script'> {
  return adopting(`read "${path}"`, async () => {
    const found = await stat(path).catch(absent);
    if (found === undefined) return 'missing';
    if (!found.isFile()) return 'foreign';
    const text = await readFile(path, 'utf8');
    return decodeScript(text) !== undefined || isRecipeScript(text) ? 'script' : 'foreign';
  });
}

/** The PATH of a job, where cron and systemd start it. */
const USUAL_PATH = '/usr/bin:/bin';

/** Programs that a backup calls by name, where they are installed. */
const PROGRAMS = ['flock', 'rsync', 'tar', 'sync', 'igzip', 'pigz'];

/** A PATH on which everything is found that is found now; undefined if cron's own is enough. */
export async function findSearchPath(): Promise<string | undefined> {
  const more = new Set<string>();
  for (const name of PROGRAMS) {
    if ((await findProgram(name, { searchPath: USUAL_PATH })) !== undefined) continue;
    const path = await findProgram(name);
    if (path !== undefined) more.add(dirname(path));
  }
  return more.size === 0 ? undefined : [USUAL_PATH, ...more].join(':');
}

function absent(error: unknown): undefined {
  if (systemCodeOf(error) === 'ENOENT') return undefined;
  throw error;
}
