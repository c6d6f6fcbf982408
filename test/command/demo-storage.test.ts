import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { LogBuilder } from '../support/log-builder.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const NOTE =
  'Note: [\\d-]+: it holds the changes of a DemoStorage: the base must have 2 objects that its own objects refer to';

function demoConf(base: string, changes: string): string {
  return ['<zodb_db main>', '<demostorage>']
    .concat(['<filestorage base>', `path ${base}`, '</filestorage>'])
    .concat(['<filestorage changes>', `path ${changes}`, '</filestorage>'])
    .concat(['</demostorage>', '</zodb_db>', ''])
    .join('\n');
}

/** A site whose zope.conf has a demo storage: its changes refer to two objects of the base, and have a root. */
async function newDemoSite(): Promise<TestSite & { readonly changes: string }> {
  const { folder, dataFs } = await newSite(scratch, 3);
  const changes = join(folder, 'var/filestorage/changes.fs');
  const builder = new LogBuilder();
  builder.add([{ oid: 0, refersTo: [0xa, 0xbad] }]);
  builder.add([{ oid: 0xa, refersTo: [0xbad2] }]);
  writeFileSync(changes, builder.bytes());
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'etc/zope.conf'), demoConf(dataFs, changes));
  return { ...siteIn(folder), changes };
}

describe('a site that becomes the changes of a demo storage', () => {
  it('is another database from then on: what was backed up of all of it stays', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup', '--no-blobs', '--keep', '1');
    const [whole = ''] = site.dataFiles();
    const base = `${site.dataFs}.base`;
    renameSync(site.dataFs, base);
    rmSync(`${site.dataFs}.index`, { force: true });
    await growDatabase(site.dataFs, { transactions: 1 });
    await packDatabase(site.dataFs);
    mkdirSync(join(site.folder, 'etc'));
    writeFileSync(join(site.folder, 'etc/zope.conf'), demoConf(base, site.dataFs));
    for (let night = 0; night < 2; night += 1) {
      const { stderr } = await site.run(['backup', '--no-blobs', '--full', '--keep', '1', '-q']);
      expect(stderr).toContain('keeps the backups of another database');
      expect(stderr).toContain(whole);
      await site.run(['verify', '--deep', '--no-blobs', '-q']);
    }
    expect(site.dataFiles()).toHaveLength(2);
    expect(site.dataFiles()).toContain(whole);
  });
});

describe('the changes of a demo storage', () => {
  it('are backed up, proven deeply, rehearsed and restored; the base is named as what is missing', async () => {
    const site = await newDemoSite();
    writeFileSync(join(site.folder, 'zodbvault.toml'), 'verify_after_backup = "deep"\n');
    const before = readFileSync(site.changes, 'hex');
    const { stderr } = await site.runWell('backup');
    expect(stderr).toContain(
      `"${site.changes}" has only the changes of a demo storage: back up the base, too. It is in "${site.dataFs}"\n`,
    );
    expect((await site.runWell('verify', '--deep')).stderr).toMatch(new RegExp(NOTE));
    await site.runWell('test-restore');
    expect((await site.runWell('check', '--free', 'off')).stdout).toMatch(/^ZODBVAULT OK/);
    writeFileSync(site.changes, '');
    await site.runWell('restore', '-n');
    expect(readFileSync(site.changes, 'hex')).toBe(before);
  });

  it('are known by the record of a backup, where nothing else tells', async () => {
    const site = await newDemoSite();
    await site.runWell('backup');
    const bare = ['verify', '--deep', '--location', 'var/backups', '--datafs', site.changes];
    expect((await site.runWell(...bare)).stderr).toMatch(new RegExp(NOTE));
    // A backup that was made before anybody said so.
    const other = ['--location', 'elsewhere', '--datafs', site.changes, '--no-blobs'];
    await site.runWell('backup', ...other);
    expect((await site.run(['verify', '--deep', ...other])).status).toBe(1);
    const toml = join(site.folder, 'zodbvault.toml');
    writeFileSync(toml, 'zope_conf = "etc/zope.conf"\nlocation = "elsewhere"\n');
    expect((await site.runWell('verify', '--deep')).stderr).toMatch(new RegExp(NOTE));
  });

  it('without a file of their own are refused, with the base named', async () => {
    const site = await newDemoSite();
    const conf = join(site.folder, 'etc/zope.conf');
    writeFileSync(
      conf,
      ['<zodb_db main>', '<demostorage>', '<filestorage>', `path ${site.dataFs}`]
        .concat(['</filestorage>', '</demostorage>', '</zodb_db>'])
        .join('\n'),
    );
    const { status, stderr } = await site.run(['backup']);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`its base is "${site.dataFs}"`)]);
    expect(stderr).toContain(
      `Hint: zodbvault can back up the base: name it with --datafs ${site.dataFs}.`,
    );
    await site.runWell('backup', '--datafs', site.dataFs);
  });
});
