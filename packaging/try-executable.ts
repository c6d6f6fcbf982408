import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { growDatabase } from '../test/support/database.ts';
import { pathWith } from '../test/support/programs.ts';

/** Directories of two files: more than a copy makes without its threads. */
const DIRECTORIES = 6000;

/**
 * Runs an executable as somebody would who has no Node: the demo, a blob directory so large that it is
 * copied in worker threads, a backup that another compressor is looked for, and scripts of a buildout. An error where
 * something isn't as it should be.
 */
export async function tryExecutable(executable: string): Promise<void> {
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
    const said = run(executable, ['--version'], folder).trim();
    if (said !== version) throw new Error(`${executable} is ${said}, not ${version}`);
    run(executable, ['demo'], folder);
    const site = join(folder, 'zodbvault-demo');
    const blobs = join(site, 'var/blobstorage');
    addBlobs(blobs);
    // So large that another compressor would be worth it.
    await growDatabase(join(site, 'var/filestorage/Data.fs'), {
      transactions: 20,
      bytesEach: 1_000_000,
    });
    refusesIsal(executable, site);
    writeFileSync(
      join(site, 'buildout.cfg'),
      '[buildout]\nparts = backup\n[backup]\nrecipe = collective.recipe.backup\nuse_rsync = false\n' +
        'blob_storage = var/blobstorage\nlocation = other\nblobbackuplocation = otherblobs\n',
    );
    run(executable, ['install'], site);
    run(join(site, 'bin/backup'), ['-q'], '/');
    run(
      'diff',
      [
        '-r',
        '--exclude=.layout',
        '--exclude=tmp',
        blobs,
        join(site, 'var/otherblobs/latest/blobstorage'),
      ],
      site,
    );
    run(join(site, 'bin/restore'), ['--no-prompt'], '/');
    run(executable, ['verify', '--deep', '-q'], site);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** koffi, which calls it, isn't in the executable. */
function refusesIsal(executable: string, cwd: string): void {
  const words = ['backup', '--compressor', 'isal'];
  const { status, stderr } = spawnSync(executable, words, { cwd, encoding: 'utf8' });
  if (status === 1 && stderr.includes('this zodbvault cannot call the library ISA-L')) return;
  throw new Error(`--compressor isal ends with ${status}: ${stderr}`);
}

function addBlobs(blobs: string): void {
  for (let count = 0; count < DIRECTORIES; count++) {
    const directory = join(
      blobs,
      `0x7f/0x${(count >> 6).toString(16)}/0x${(count & 63).toString(16)}`,
    );
    mkdirSync(directory, { recursive: true });
    for (const name of ['a', 'b'])
      writeFileSync(join(directory, `${name}.blob`), `${count}${name}`);
  }
}
