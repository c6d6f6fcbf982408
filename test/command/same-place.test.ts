import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderState } from '../support/buildout-site.ts';
import { COMMAND, type Finished, runProgram } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

/** Mounting takes a root who may: in a container, it often may not. */
const canMount = (() => {
  try {
    execFileSync('unshare', ['-m', 'mount', '--bind', scratch, scratch], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

interface Mounted {
  /** Pairs of folders below the site's: what is there, and where it is mounted as well. */
  readonly mounts: readonly (readonly [from: string, to: string])[];
  readonly cwd?: string;
}

/** Runs the command where folders of the site are mounted a second time, for it alone. */
function run(
  site: TestSite,
  words: readonly string[],
  { mounts, cwd = '.' }: Mounted,
): Promise<Finished> {
  for (const [, to] of mounts) mkdirSync(join(site.folder, to), { recursive: true });
  const lines = mounts.map(([from, to]) => `mount --bind '${from}' '${to}'`);
  const script = [...lines, `cd '${cwd}'`, 'exec "$@"'].join(' && ');
  const command = [process.execPath, COMMAND, ...words];
  return runProgram('unshare', ['-m', 'sh', '-c', script, 'sh', ...command], { cwd: site.folder });
}

/** The same, for what must be refused, and change nothing. */
async function refuses(
  site: TestSite,
  words: readonly string[],
  { why, ...mounted }: Mounted & { readonly why: string },
): Promise<void> {
  for (const [, to] of mounted.mounts) mkdirSync(join(site.folder, to), { recursive: true });
  const before = folderState(site.folder);
  const { status, stderr } = await run(site, words, mounted);
  expect([words, status, stderr]).toEqual([words, 2, expect.stringContaining(why)]);
  expect(folderState(site.folder)).toEqual(before);
}

async function runWell(
  site: TestSite,
  words: readonly string[],
  mounted: Mounted,
): Promise<string> {
  const { status, stdout, stderr } = await run(site, words, mounted);
  expect([words, status, stderr]).toEqual([words, 0, expect.anything()]);
  return stdout + stderr;
}

async function backedUpSite(): Promise<TestSite> {
  const site = await newSite(scratch, 3);
  await site.runWell('backup');
  return site;
}

const VAR = ['var', 'm/var'] as const;

describe.skipIf(!canMount)('a folder that is mounted a second time (needs root, to mount)', () => {
  it('is the live site for a restore to elsewhere', async () => {
    const site = await backedUpSite();
    const mounts = [VAR];
    for (const to of ['m/var', 'm/var/filestorage/Data.fs', 'm/var/blobstorage']) {
      const why = 'leads to the live';
      await refuses(site, ['restore', '-n', '--to', to], { mounts, why });
    }
  });

  it('is that of the backups for a restore to elsewhere', async () => {
    const site = await backedUpSite();
    const mounts = [['var/backups', 'm/b'] as const];
    const [name = ''] = site.dataFiles();
    for (const to of ['m/b', `m/b/${name.slice(0, 19)}.fs`, 'm/b/new/er']) {
      await refuses(site, ['restore', '-n', '--to', to], { mounts, why: 'contains backups' });
    }
  });

  it('gets no backups where it is the blob directory, or in it, or around it', async () => {
    const site = await backedUpSite();
    const data = ['--datafs', 'var/filestorage/Data.fs', '--blob-storage', 'var/blobstorage'];
    const inside = 'is inside the blob directory';
    for (const verb of ['backup', 'init', 'config']) {
      const words = [verb, ...data];
      const mounts = [VAR];
      const location = ['--location', 'm/var/blobstorage/b', '--blobbackuplocation', 'blobs'];
      await refuses(site, [...words, ...location], { mounts, why: inside });
      const blobs = ['--location', 'b', '--blobbackuplocation', 'm/var/blobstorage'];
      await refuses(site, [...words, ...blobs], { mounts, why: inside });
      // The folder that is mounted is one of the blob directory, which is not to be seen above it.
      mkdirSync(join(site.folder, 'var/blobstorage/tmp'), { recursive: true });
      const deep = ['--location', 'm/tmp/b', '--blobbackuplocation', 'blobs'];
      await refuses(site, [...words, ...deep], {
        mounts: [['var/blobstorage/tmp', 'm/tmp']],
        why: inside,
      });
    }
    const around = ['--location', 'b', '--blobbackuplocation', 'm/var'];
    await refuses(site, ['backup', ...data, ...around], { mounts: [VAR], why: 'one is inside' });
  });

  it('is one for two sites of a zodbvault.toml', async () => {
    const site = await newSite(scratch, 3);
    mkdirSync(join(site.folder, 'p'));
    const table = (name: string, place: string) =>
      `[sites.${name}]\ndatafs = "${name}/Data.fs"\nlocation = "${place}"`;
    const lines = ['backup_blobs = false', table('x', 'p'), table('y', 'm/q')];
    writeFileSync(join(site.folder, 'zodbvault.toml'), lines.join('\n'));
    const why = 'the sites "x" and "y" both have their backups in';
    await refuses(site, ['backup'], { mounts: [['p', 'm/q']], why });
    const nested = 'have nested folders for their backups';
    const inner = [...lines.slice(0, 2), table('y', 'm/q/inner')];
    writeFileSync(join(site.folder, 'zodbvault.toml'), inner.join('\n'));
    await refuses(site, ['backup'], { mounts: [['p', 'm/q']], why: nested });
  });

  it('is backed up as itself, whichever way somebody came', async () => {
    const site = await newSite(scratch, 3);
    const mounts = [['.', 'm'] as const];
    const way = { mounts, cwd: 'm' };
    mkdirSync(join(site.folder, 'm'));
    await runWell(site, ['backup'], way);
    await growDatabase(site.dataFs, { transactions: 1 });
    await runWell(site, ['backup', '--full', '--keep', '1'], { mounts });
    await growDatabase(site.dataFs, { transactions: 1 });
    const said = await runWell(site, ['backup', '--full', '--keep', '1'], way);
    expect(said).toContain('Removed');
    expect(site.dataFiles()).toHaveLength(1);
    const bytes = readFileSync(site.dataFs, 'hex');
    await runWell(site, ['restore', '-n'], { mounts });
    expect(readFileSync(site.dataFs, 'hex')).toBe(bytes);
    await runWell(site, ['backup'], way);
    await runWell(site, ['restore', '-n', '--undo'], way);
  });

  it('is locked once where two folders of a run are it', async () => {
    const site = await newSite(scratch, 3);
    mkdirSync(join(site.folder, 'b'));
    const places = ['--location', 'b', '--blobbackuplocation', 'm/b'];
    const data = ['--datafs', 'var/filestorage/Data.fs', '--blob-storage', 'var/blobstorage'];
    await runWell(site, ['backup', ...data, ...places], { mounts: [['b', 'm/b']] });
  });

  it('may be a Data.fs alone: a restore refuses to replace it, before it makes anything', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    writeFileSync(join(site.folder, 'other.fs'), readFileSync(site.dataFs));
    const before = folderState(site.folder);
    const script = `mount --bind other.fs '${site.dataFs}' && exec "$@"`;
    const command = [process.execPath, COMMAND, 'restore', '-n'];
    const { status, stderr } = await runProgram(
      'unshare',
      ['-m', 'sh', '-c', script, 'sh', ...command],
      { cwd: site.folder },
    );
    expect([status, stderr]).toEqual([2, expect.stringContaining('it is a mount point')]);
    expect(folderState(site.folder)).toEqual(before);
  });
});
