/** "Scripts and names" of the recipe's own acceptance list: 1 to 7. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { folderState, newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const noBlobs = 'backup_blobs = false';
const FOUR = ['backup', 'restore', 'snapshotbackup', 'snapshotrestore'];

/** What `install` says that it wrote, in its order. */
const generated = (stderr: string) =>
  [...stderr.matchAll(/Generated script '.*\/bin\/([^/']+)'/g)].map(([, name]) => name);

describe('install', () => {
  it('writes four scripts and repozo, and makes no folder', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([noBlobs]));
    expect(site.scripts()).toEqual([...FOUR, 'repozo'].sort());
    expect(existsSync(site.path('var/backups'))).toBe(false);
    expect(existsSync(site.path('var/snapshotbackups'))).toBe(false);
  });

  it('makes the folders with the rules of 2.3', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([noBlobs, 'compatible = 2.3']));
    expect(site.scripts()).toEqual([...FOUR, 'repozo'].sort());
    for (const name of ['backups', 'snapshotbackups']) {
      expect(folderState(site.path('var'))[name]).toBe('folder');
    }
  });

  it('names scripts after the part, and takes away those of a part that is gone', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([noBlobs]));
    await site.scriptWell('backup');
    const before = folderState(site.path('var'));
    site.configure(recipeCfg([noBlobs], { part: 'plonebackup' }));
    await site.install();
    const names = ['', '-restore', '-snapshot', '-snapshotrestore'].map(
      (end) => `plonebackup${end}`,
    );
    expect(site.scripts()).toEqual([...names, 'repozo']);
    expect(folderState(site.path('var'))).toEqual(before);
    await site.scriptWell('plonebackup');
    expect(existsSync(site.path('var/plonebackups'))).toBe(true);
  });

  it('writes the full and the zip scripts where they are wanted, in the recipe’s order', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const blobs = 'blob_storage = var/blobstorage';
    const all = [blobs, 'enable_fullbackup = true', 'enable_zipbackup = true'];
    site.configure(recipeCfg(all));
    expect(generated((await site.install()).stderr)).toEqual([
      ...['backup', 'fullbackup', 'zipbackup', 'snapshotbackup'],
      ...['restore', 'ziprestore', 'snapshotrestore', 'repozo'],
    ]);
    site.configure(recipeCfg([blobs, 'enable_zipbackup = false']));
    await site.install();
    expect(site.scripts()).toEqual([...FOUR, 'repozo'].sort());
    site.configure(recipeCfg([...all, 'alternative_restore_source = Data /x /y'], { part: 'p' }));
    expect(generated((await site.install()).stderr)).toEqual([
      ...['p', 'p-full', 'p-zip', 'p-snapshot'],
      ...['p-restore', 'p-ziprestore', 'p-snapshotrestore', 'p-altrestore'],
    ]);
  });

  it('takes the snapshotrestore script away when it is not wanted any more', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([noBlobs]));
    site.configure(recipeCfg([noBlobs, 'enable_snapshotrestore = false']));
    await site.install();
    expect(site.scripts()).toEqual(['backup', 'repozo', 'restore', 'snapshotbackup']);
  });

  it('gives each of two parts an altrestore script, as the last one', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const alternative = 'alternative_restore_source = Data /elsewhere';
    const second = [`[other]`, 'recipe = collective.recipe.backup', noBlobs, alternative];
    site.configure(recipeCfg([noBlobs, alternative], { more: second.join('\n') }));
    const names = generated((await site.install()).stderr);
    expect(names.slice(4, 5)).toEqual(['altrestore']);
    expect(names.slice(9, 10)).toEqual(['other-altrestore']);
  });

  it('refuses a zip backup without blobs', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg([noBlobs, 'enable_zipbackup = true']));
    const { status, stderr } = await site.run(['install']);
    expect(status).toBe(2);
    expect(stderr).toContain(
      `${site.path('buildout.cfg')}:6: Cannot have backup_blobs false and enable_zipbackup true. zipbackup is useless without blobs.`,
    );
    expect(site.scripts()).toEqual([]);
  });
});
