import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderState } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

async function backedUpSite(): Promise<TestSite> {
  const site = await newSite(scratch, 3);
  await site.runWell('backup');
  return site;
}

/** Runs what must be refused, and change nothing. */
async function refuses(site: TestSite, words: readonly string[], why: string): Promise<void> {
  const before = folderState(site.folder);
  const { status, stderr } = await site.run(words);
  expect([words, status, stderr]).toEqual([
    words,
    expect.any(Number),
    expect.stringContaining(why),
  ]);
  expect([1, 2]).toContain(status);
  expect(folderState(site.folder)).toEqual(before);
}

describe('zodbvault restore --to', () => {
  it('never leads to the live site, by whatever link', async () => {
    const site = await backedUpSite();
    mkdirSync(join(site.folder, 'a'));
    symlinkSync('../var/blobstorage', join(site.folder, 'a/blobstorage'));
    mkdirSync(join(site.folder, 'b/filestorage'), { recursive: true });
    symlinkSync(site.dataFs, join(site.folder, 'b/filestorage/Data.fs'));
    for (const to of ['a', 'b', 'var/blobstorage']) {
      await refuses(site, ['restore', '-n', '--to', to], 'leads to the live');
    }
    await site.runWell('restore', '-n', '--to', 'var'); // It is named as what it is.
  });

  it('never leads to the live data, or the backups, of another site of the same file', async () => {
    const site = await backedUpSite();
    const other = await newSite(site.folder, 3);
    const name = basename(other.folder);
    const toml = [
      '[sites.one]',
      'location = "var/backups"',
      'blobbackuplocation = "var/blobstoragebackups"',
      '[sites.two]',
      `datafs = "${name}/var/filestorage/Data.fs"`,
      `blob_storage = "${name}/var/blobstorage"`,
      `location = "${name}/backups"`,
    ];
    writeFileSync(join(site.folder, 'zodbvault.toml'), toml.join('\n'));
    const restore = ['restore', '-n', '--part', 'one', '--to'];
    const why = 'is the live data of another site, two';
    await refuses(site, [...restore, `${name}/var`], why);
    await refuses(site, [...restore, other.dataFs], why);
    await refuses(site, [...restore, join(name, 'var/blobstorage')], why);
    await refuses(site, [...restore, `${name}/backups`], 'contains backups');
    await site.runWell(...restore, 'third');
  });

  it('replaces no file that is no Data.fs', async () => {
    const site = await backedUpSite();
    writeFileSync(join(site.folder, 'letter.txt'), 'Dear all,');
    await refuses(site, ['restore', '-n', '--to', 'letter.txt'], 'no Data.fs');
    writeFileSync(join(site.folder, 'empty'), ''); // As mktemp makes it.
    await site.runWell('restore', '-n', '--to', 'empty');
    await site.runWell('restore', '-n', '--to', 'empty');
    expect(readFileSync(join(site.folder, 'empty')).equals(readFileSync(site.dataFs))).toBe(true);
  });
});

describe('zodbvault restore', () => {
  it('never replaces a backup of the site', async () => {
    const site = await backedUpSite();
    const [name = ''] = site.dataFiles();
    const file = ['--datafs', `var/backups/${name}`, '--location', 'var/backups'];
    await refuses(site, ['restore', '-n', ...file], 'contains backups');
    const places = ['--datafs', 'var/filestorage/Data.fs', '--location', 'var/backups'];
    const backups = 'var/blobstoragebackups';
    for (const blobs of ['latest/blobstorage', 'latest']) {
      const words = ['--blob-storage', join(backups, blobs), '--blobbackuplocation', backups];
      await refuses(site, ['restore', '-n', ...places, ...words], 'contains backups');
    }
  });

  it('replaces the Data.fs of a folder that it was backed up into', async () => {
    const site = await newSite(scratch, 3);
    const words = ['--datafs', 'var/filestorage/Data.fs', '--location', 'var/filestorage'];
    await site.runWell('backup', '--no-blobs', ...words);
    expect((await site.run(['restore', '-n', '--no-blobs', ...words])).stderr).toContain(
      'Restored',
    );
  });
});

describe('a blob directory that holds the Data.fs', () => {
  it('is neither backed up nor restored', async () => {
    const site = await backedUpSite();
    const places = ['--datafs', 'var/filestorage/Data.fs', '--location', 'backups'];
    const blobs = ['--blob-storage', 'var/filestorage', '--blobbackuplocation', 'blobs'];
    const words = [...places, ...blobs];
    for (const verb of [['backup'], ['backup', '--dry-run'], ['restore', '-n']]) {
      await refuses(site, [...verb, ...words], `it holds "${site.dataFs}"`);
    }
  });
});
