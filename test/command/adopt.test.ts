import { cpSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { zodbvault } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { snapshot } from '../support/site.ts';

const scratch = scratchFolder();
const GOLDEN = join(import.meta.dirname, '../fixtures/golden/bushy');
let copies = 0;

/** A copy of a repository that the real repozo wrote. */
function repozoRepository(name: 'repozo-plain' | 'repozo-gzip'): string {
  const folder = join(scratch, `repository-${++copies}`);
  cpSync(join(GOLDEN, name), folder, { recursive: true });
  return folder;
}

const dataFilesOf = (folder: string) =>
  readdirSync(folder).filter((name) => /\.(delta)?fsz?$/.test(name));

describe('zodbvault adopt', () => {
  it.each(['repozo-plain', 'repozo-gzip'] as const)(
    'takes over what the real %s wrote, and changes none of it',
    async (name) => {
      const folder = repozoRepository(name);
      const before = snapshot(folder);
      const files = dataFilesOf(folder);
      const looked = await zodbvault(['adopt', folder, '--dry-run']);
      expect([looked.status, looked.stderr]).toEqual([0, '']);
      expect(looked.stdout).toContain(`would be adopted: ${files.length} files`);
      expect(snapshot(folder)).toEqual(before);
      const { status, stdout } = await zodbvault(['adopt', folder]);
      expect(status).toBe(0);
      expect(stdout).toMatch(/whole: .*\n {2}adopted: \d+ files/);
      const after = snapshot(folder);
      for (const [one, bytes] of before) expect([one, after.get(one)]).toEqual([one, bytes]);
      expect(readdirSync(folder).filter((one) => /^\d.*json$/.test(one)).length).toBe(files.length);
      const verified = await zodbvault(['verify', '-v', '--location', folder, '--no-blobs']);
      expect([verified.status, verified.stderr]).toEqual([0, expect.stringContaining('sha256')]);
      const listed = await zodbvault(['list', '--location', folder, '--no-blobs']);
      expect(listed.stdout.match(/\d{4}-\d\d-\d\d( deep)? +–/g)).toHaveLength(files.length);
      const again = await zodbvault(['adopt', folder]);
      expect(again.stderr).toContain('put in the path of its Data.fs: ');
      expect(again.stderr).toMatch(/(zodbvault|node \S+) backup --datafs \/PATH\/TO\/Data.fs /);
      expect(again.stdout).toContain('nothing to adopt');
    },
  );

  it('goes on with them: what follows is an increment', async () => {
    const folder = repozoRepository('repozo-gzip');
    await zodbvault(['adopt', folder, '-q']);
    const dataFs = join(scratch, `continued-${copies}.fs`);
    await zodbvault(['restore', '--to', dataFs, '--location', folder, '--no-blobs']);
    await growDatabase(dataFs, { transactions: 1 });
    const words = ['backup', '--json', '--datafs', dataFs, '--location', folder, '--no-blobs'];
    const done = documentOf(await zodbvault(words));
    expect(done).toMatchObject({ status: 0, backups: [{ type: 'increment' }] });
  });

  it('says what is not whole, and adopts what is in front of it', async () => {
    const folder = repozoRepository('repozo-plain');
    const [, second = ''] = dataFilesOf(folder);
    const { length } = readFileSync(join(folder, second));
    truncateSync(join(folder, second), length - 1);
    const { status, stdout, stderr } = await zodbvault(['adopt', folder]);
    expect([status, stderr]).toEqual([1, expect.not.stringContaining('Go on')]);
    expect(stdout).toContain(`not whole: ${second}`);
    expect(readdirSync(folder)).not.toContain(`${second.slice(0, 19)}.json`);
  });

  it('finds the folders of the recipe from the one above, and which blobs belong to which', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['blob_storage = var/blobstorage']));
    await site.scriptWell('backup');
    for (const name of readdirSync(site.path('var/backups'))) {
      if (name.endsWith('.json')) rmSync(site.path('var/backups', name));
    }
    const told = await zodbvault(['adopt', site.path('var')]);
    const [, named = ''] = /Go on: (?:zodbvault|node \S+) (.+)/.exec(told.stderr) ?? [];
    expect(named).toBe(
      `backup --datafs ${site.path('var/filestorage/Data.fs')} --location ${site.path('var/backups')} --blob-storage ${site.path('var/blobstorage')} --blobbackuplocation ${site.path('var/blobstoragebackups')}`,
    );
    expect((await zodbvault(named.split(' '))).status).toBe(0);
    const here = await zodbvault(['adopt', 'var'], { cwd: site.path('.') });
    expect(here.stderr).toMatch(/Go on: (zodbvault|node \S+) backup\n/);
    renameSync(site.path('var/blobstorage'), site.path('var/moved'));
    const lost = await zodbvault(['adopt', site.path('var')], { cwd: scratch });
    expect(lost.stderr).toContain('when you have put in the path of its blob directory: ');
    expect(lost.stderr).toContain('--blob-storage /PATH/TO/blobstorage --blobb');
    renameSync(site.path('var/moved'), site.path('var/blobstorage'));
    const checked = await zodbvault(['check', '--free', 'off'], { cwd: site.path('.') });
    expect(checked.stdout).toMatch(/OK - .* verified 0 min ago/);
    const blobs = site.path('var/blobstoragebackups');
    expect(documentOf(await zodbvault(['adopt', site.path('var'), '--json']))).toMatchObject({
      ...{ status: 0, outcome: 'done' },
      repositories: [{ path: site.path('var/backups'), blobFolder: blobs }],
      blobFolders: [{ path: blobs, directory: 'blobstorage', known: 1 }],
    });
  });

  it('says where it found nothing', async () => {
    const { status, stderr } = await zodbvault(['adopt', GOLDEN.replace(/bushy$/, 'none')]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('does not exist')]);
  });
});
