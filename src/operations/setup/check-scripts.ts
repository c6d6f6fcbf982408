import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeScript, isRecipeScript } from '../../config/recipe/script-text.ts';
import { absent } from '../../system/absent.ts';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { findProgram } from '../../system/processes/programs.ts';

/** A script that a job runs. */
export interface RequiredScript {
  readonly path: string;
  /** The `.cfg` from which it must have been written. */
  readonly buildout: string | undefined;
}

/**
 * Checks that the scripts that jobs run are there, and are what they should be. Failure `not-found`,
 * `refused` for a file that neither zodbvault nor the recipe wrote, `usage` for a script of another `.cfg`: a
 * verification of this one would look at other backups.
 */
export async function requireScripts(scripts: readonly RequiredScript[]): Promise<void> {
  const states = await Promise.all(
    scripts.map(async ({ path, buildout }) => ({ path, is: await lookAt(path, buildout) })),
  );
  const list = (is: ScriptState) =>
    states.filter((one) => one.is === is).map(({ path }) => `"${path}"`);
  const missing = list('missing');
  if (missing.length > 0) {
    throw new Failure('not-found', `Cannot schedule ${missing.join(', ')}: no such script`, {
      hint: { kind: 'install-scripts' },
    });
  }
  const other = scripts.find(({ path }) => list('of-another').includes(`"${path}"`));
  if (other !== undefined) {
    throw new Failure(
      'usage',
      `Cannot schedule ${list('of-another').join(', ')}: another file than "${other.buildout}" wrote it`,
      { hint: { kind: 'install-scripts-of', buildout: other.buildout } },
    );
  }
  const foreign = list('foreign');
  if (foreign.length === 0) return;
  throw new Failure('refused', `Cannot schedule ${foreign.join(', ')}: something else wrote it`, {
    hint: { kind: 'make-room-for-script' },
  });
}

type ScriptState = 'missing' | 'foreign' | 'of-another' | 'script';

async function lookAt(path: string, buildout: string | undefined): Promise<ScriptState> {
  return withSystemErrors(`read "${path}"`, async () => {
    const found = await stat(path).catch(absent);
    if (found === undefined) return 'missing';
    if (!found.isFile()) return 'foreign';
    const text = await readFile(path, 'utf8');
    const script = decodeScript(text);
    if (script === undefined) return isRecipeScript(text) ? 'script' : 'foreign';
    return script.site.buildout === buildout ? 'script' : 'of-another';
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
