/**
 * Runs the executable as somebody would who has no Node: the demo, a blob directory so large that it is
 * copied in worker threads, and scripts of a buildout.
 *
 * Usage: npm run smoke:binary, after npm run build:binary
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathWith } from '../test/support/programs.ts';

const EXECUTABLE = join(import.meta.dirname, '../build/zodbvault');
/** Directories of two files: more than a copy makes without its threads. */
const DIRECTORIES = 6000;

const folder = mkdtempSync(join(tmpdir(), 'zodbvault-smoke-'));
try {
  const programs = ['sh', 'env', 'flock', 'sync', 'sleep', 'tar', 'dd', 'diff'];
  const path = pathWith(join(folder, 'bin'), { programs });
  const run = (program: string, words: readonly string[], cwd: string): string =>
    execFileSync(program, words, {
      cwd,
      env: { PATH: path },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'),
  );
  expect(run(EXECUTABLE, ['--version'], folder).trim() === version, 'its version');
  run(EXECUTABLE, ['demo'], folder);
  const site = join(folder, 'zodbvault-demo');
  const blobs = join(site, 'var/blobstorage');
  for (let count = 0; count < DIRECTORIES; count++) {
    const directory = join(
      blobs,
      `0x7f/0x${(count >> 6).toString(16)}/0x${(count & 63).toString(16)}`,
    );
    mkdirSync(directory, { recursive: true });
    for (const name of ['a', 'b'])
      writeFileSync(join(directory, `${name}.blob`), `${count}${name}`);
  }
  writeFileSync(
    join(site, 'buildout.cfg'),
    '[buildout]\nparts = backup\n[backup]\nrecipe = collective.recipe.backup\nuse_rsync = false\n' +
      'blob_storage = var/blobstorage\nlocation = other\nblobbackuplocation = otherblobs\n',
  );
  run(EXECUTABLE, ['install'], site);
  run(join(site, 'bin/backup'), ['-q'], '/');
  run(
    'diff',
    ['-r', '--exclude=.layout', blobs, join(site, 'var/otherblobs/latest/blobstorage')],
    site,
  );
  run(join(site, 'bin/restore'), ['--no-prompt'], '/');
  run(EXECUTABLE, ['verify', '--deep', '-q'], site);
  process.stdout.write('The executable works without Node.\n');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`${EXECUTABLE}: ${what} is not as it should be`);
}
