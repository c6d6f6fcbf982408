import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobFiles } from '../support/blobs.ts';
import { dataFilesIn, newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { pathWith } from '../support/programs.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, snapshot } from '../support/site.ts';

const scratch = scratchFolder();

/**
 * A PATH on which the disk lies: the program that makes the kernel forget a file, which runs between
 * writing and reading back, changes a byte of those whose name has `ending` in it.
 */
function lyingDisk(ending: string): Readonly<Record<string, string>> {
  const lie = `case "$1" in *${ending}*) printf X | REAL of="\${1#if=}" bs=1 seek=30 conv=notrunc status=none;; esac`;
  const folder = join(scratch, `lies-${ending}`);
  const path = pathWith(folder, { programs: [], scripts: { dd: lie } });
  return { PATH: [path, process.env['PATH']].join(delimiter) };
}

describe('verification after a backup', () => {
  it.each(['.fsz', '.index', '.json', '.dat'])(
    'quick: keeps nothing of a backup whose %s reads back otherwise, and removes nothing old',
    async (ending) => {
      const site = await newSite(scratch, 5);
      await site.runWell('backup', '--no-blobs');
      const before = snapshot(site.repository);
      const words = ['backup', '--full', '--keep', '1', '--no-blobs'];
      const { status, stderr } = await site.run(words, { env: lyingDisk(ending) });
      expect(status).toBe(1);
      expect(stderr).toContain('the disk gives back other bytes than were written');
      expect(stderr).toContain(ending);
      expect(snapshot(site.repository)).toEqual(before);
    },
  );

  it('quick: keeps no archive of blobs that reads back otherwise', async () => {
    const cfg = recipeCfg(['blob_storage = var/blobstorage', 'archive_blob = true']);
    const site = await newBuildoutSite(scratch, cfg);
    const { status, stderr } = await site.script('backup', [], { env: lyingDisk('.tar') });
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('the disk gives back other bytes than were written'),
    ]);
    expect(readdirSync(site.path('var/blobstoragebackups'))).toEqual(['.zodbvault.lock']);
  });

  it.each(['true', 'false'])(
    'quick: keeps no copy of which a new file reads back otherwise, use_rsync = %s',
    async (useRsync) => {
      const options = ['blob_storage = var/blobstorage', `use_rsync = ${useRsync}`];
      const site = await newBuildoutSite(scratch, recipeCfg(options));
      const folder = join(scratch, `lies-sync-${useRsync}`);
      const sync = join(realpathSync('/bin'), 'sync');
      // Behind the copy that is on the disk, it changes a byte of each blob in it.
      const lie = `find "$2" -name '*.blob' -exec sh -c 'printf X | dd of="$0" bs=1 seek=3 conv=notrunc status=none' {} \\;; exec ${sync} "$@"`;
      const path = pathWith(folder, { programs: [], scripts: { sync: lie } });
      const env = { PATH: [path, process.env['PATH']].join(delimiter) };
      const { status, stderr } = await site.script('backup', [], { env });
      expect([status, stderr]).toEqual([
        1,
        expect.stringMatching(/blobstorage\/0x.*\.blob": the disk gives back other bytes/),
      ]);
      expect(readdirSync(site.path('var/blobstoragebackups'))).toEqual(['.zodbvault.lock']);
    },
  );

  it('off: reads nothing back', async () => {
    const site = await newSite(scratch, 5);
    const words = ['backup', '--no-blobs', '--verify-after-backup', 'off'];
    expect((await site.run(words, { env: lyingDisk('.fsz') })).status).toBe(0);
  });

  it('deep, in a part: a backup without a blob of its Data.fs removes nothing old', async () => {
    const cfg = recipeCfg([
      'blob_storage = var/blobstorage',
      'keep = 1',
      'full = true',
      'use_rsync = false',
      'verify_after_backup = deep',
    ]);
    const site = await newBuildoutSite(scratch, cfg);
    await site.scriptWell('backup');
    const old = dataFilesIn(site.path('var/backups'));
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    const { status, stderr } = await site.script('backup');
    expect(status).toBe(1);
    expect(stderr).toMatch(/Cannot trust the backup .* 1 found wrong, first: .*blob/s);
    expect(dataFilesIn(site.path('var/backups'))).toEqual(expect.arrayContaining([...old]));
    const list = await site.run(['list', '--json']);
    expect(list.stdout).toContain('"deep"');
  });

  it('names what it can be', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    site.configure(recipeCfg(['backup_blobs = false', 'verify_after_backup = yes']));
    const { status, stderr } = await site.run(['install']);
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('off, quick (the default) or deep'),
    ]);
  });
});
