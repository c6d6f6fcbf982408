/** "Finding data" of the recipe's own acceptance list: 26 to 32; its part 29 stands beside the code. */
import { renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

/** A buildout with an instance, whose options are `lines`, and a part with `options`. */
function cfgWith(lines: readonly string[], options: readonly string[] = []): string {
  return [
    '[buildout]',
    'parts = instance backup',
    '[instance]',
    'recipe = Plone.Recipe.Zope2Instance',
    ...lines,
    recipeCfg(options).slice('[buildout]\nparts = backup\n'.length),
  ].join('\n');
}

/** Files of a tree that a blob backup has to have: not what is only in the making. */
function blobsIn(folder: string): readonly string[] {
  return Object.keys(folderState(folder)).filter((name) => name.endsWith('.blob'));
}

describe('a part of a buildout with an instance', () => {
  it('backs up the blob directory of the instance, into the folders in var', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    renameSync(site.blobs, site.path('var/somewhere'));
    site.configure(cfgWith(['blob-storage = var/somewhere/'], ['enable_zipbackup = true']));
    await site.install();
    await site.scriptWell('backup');
    await site.scriptWell('snapshotbackup');
    await site.scriptWell('zipbackup');
    expect(namesIn(site.path('var'))).toEqual([
      ...['backups', 'blobstoragebackups', 'blobstoragesnapshots', 'blobstoragezips'],
      ...['filestorage', 'snapshotbackups', 'somewhere', 'zipbackups'],
    ]);
    const [link, entry = ''] = namesIn(site.path('var/blobstoragebackups'));
    expect(link).toBe('latest');
    expect(entry).toMatch(/^somewhere\.\d{4}-/);
    const copied = blobsIn(site.path('var/blobstoragebackups', entry, 'somewhere'));
    expect(copied).toEqual(blobsIn(site.path('var/somewhere')));
    expect(copied.length).toBeGreaterThan(0);
  });

  it('is warned where it is a client of a server elsewhere, unless the Data.fs is named', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const client = ['zeo-client = true', 'zeo-address = db:8100'];
    const blobs = ['backup_blobs = false'];
    site.configure(cfgWith(client, blobs));
    const { stderr } = await site.run(['install', '-q']);
    expect(stderr).toContain(
      'Warning: [backup] datafs: [instance] is a client of the ZEO server "db',
    );
    expect((await site.scriptWell('backup')).stderr).toContain('WARNING: [backup] datafs: ');
    expect((await site.scriptWell('backup', '-q')).stderr).toBe('');
    site.configure(cfgWith(client, [...blobs, 'datafs = var/filestorage/Data.fs']));
    expect((await site.run(['config'])).stderr).toBe('');
  });

  it('finds everything in the var folder of the instance, and puts all backups there', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    renameSync(site.path('var'), site.path('another'));
    site.configure(cfgWith([`var = ${site.path('another')}/`]));
    await site.install();
    await site.scriptWell('backup');
    expect(dataFilesIn(site.path('another/backups'))).toHaveLength(1);
    expect(namesIn(site.path('another/blobstoragebackups'))).toHaveLength(2);
    expect(namesIn(site.folder)).toEqual(['another', 'bin', 'buildout.cfg']);
  });

  it('goes by its own option first, and cuts the slash at the end of a path', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const lines = ['blob_storage = var/blobstorage/', 'compatible = 2.3'];
    site.configure(cfgWith(['blob-storage = var/nowhere'], lines));
    await site.install();
    await site.scriptWell('backup');
    expect(namesIn(site.path('var/blobstoragebackups'))).toEqual(['blobstorage.0']);
  });

  it('knows its blob directory by default from 4.0 on, not with the rules of 2.3', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(cfgWith([]));
    const { stdout } = await site.run(['config']);
    expect(stdout).toMatch(/blob_storage +\S+\/var\/blobstorage/);
    site.configure(cfgWith([], ['compatible = 2.3']));
    const old = await site.run(['config']);
    expect(old.stdout).toMatch(/backup_blobs +false/);
  });
});

describe('a part without a blob directory', () => {
  it('is refused by its name, and accepted without blobs', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg([], { part: 'nightly' }));
    const refused = await site.run(['install']);
    expect([refused.status, site.scripts()]).toEqual([2, []]);
    expect(refused.stderr).toContain(
      "Cannot use the part [nightly]: No blob_storage found. You must specify one. To ignore this, set 'backup_blobs = false' in the [nightly] section.\n",
    );
    site.configure(recipeCfg(['backup_blobs = false'], { part: 'nightly' }));
    await site.install();
    expect(site.scripts()).toContain('nightly');
  });

  it('is refused for two spellings that differ; two that are equal are fine', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg(['blob_storage = var/blobstorage', 'blob-storage = var/other']));
    const refused = await site.run(['install']);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(
      `${site.path('buildout.cfg')}:6: Both blob_storage and blob-storage have been set. Please pick one.\n`,
    );
    site.configure(recipeCfg(['blob_storage = var/blobstorage', 'blob-storage = var/blobstorage']));
    await site.install();
  });
});

describe('a part of which the Data.fs is gone', () => {
  it('is told where to correct its place: --datafs goes with no buildout', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['blob_storage = var/blobstorage']));
    renameSync(site.dataFs, `${site.dataFs}.away`);
    const { status, stderr } = await site.run(['backup']);
    expect(status).toBe(1);
    expect(stderr).toContain(
      `If the file is elsewhere, correct datafs or additional_filestorages in [backup], or the part that says where it is, in "${site.path('buildout.cfg')}".`,
    );
    expect(stderr).not.toContain('--datafs');
  });
});
