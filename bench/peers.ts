import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The programs that we are held against. */
export interface Peers {
  /** A Python with ZODB: for repozo and fsrefs. */
  readonly python: string;
  /** A Python with Plone, and so with Zope. Installs it, if it isn't there. */
  readonly plonePython: () => string;
  /** A program of the environment with ZODB. */
  readonly program: (name: string) => string;
  readonly has: (program: string) => boolean;
}

/** Installs ZODB in the virtual environment of the tests, if it isn't there. */
export function installPeers(): Peers {
  const inZodb = (name: string) => join(install('zodb'), name);
  return {
    python: inZodb('python'),
    plonePython: () => join(install('plone'), 'python'),
    program: inZodb,
    has: (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0,
  };
}

const ROOT = join(import.meta.dirname, '..');
const installed = new Set<string>();

/** The folder with the programs of an environment. */
function install(environment: string): string {
  if (!installed.has(environment)) {
    execFileSync(join(ROOT, 'test/real/environment'), [environment], { stdio: 'inherit' });
    installed.add(environment);
  }
  return join(process.env['TEST_VENVS'] ?? join(ROOT, '.venv-test'), environment, 'bin');
}
