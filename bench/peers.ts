import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The programs that we are held against. */
export interface Peers {
  /** A Python with ZODB: for repozo and fsrefs. */
  readonly python: string;
  readonly has: (program: string) => boolean;
}

/** Installs ZODB in the virtual environment of the tests, if it isn't there. */
export function installPeers(): Peers {
  const root = join(import.meta.dirname, '..');
  execFileSync(join(root, 'test/real/environment'), ['zodb'], { stdio: 'inherit' });
  return {
    python: join(process.env['TEST_VENVS'] ?? join(root, '.venv-test'), 'zodb/bin/python'),
    has: (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0,
  };
}
