/** "Blobs in directories" of the recipe's own acceptance list: 39 to 50. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobFiles, blobState } from '../support/blobs.ts';
import {
  type BuildoutSite,
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { BASIC_PROGRAMS, pathWith } from '../support/programs.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const BLOBS = 'blob_storage = var/blobstorage';
const NUMBERED = [BLOBS, 'blob_timestamps = false'];

const stampsIn = (repository: string) =>
  dataFilesIn(repository).map((name) => name.slice(0, '2026-01-01-00-00-00'.length));

const inode = (...names: readonly string[]) => statSync(join(...names)).ino;

/** A blob that was there from the beginning. */
function oldBlob(site: BuildoutSite): string {
  const [first = ''] = blobFiles(site.blobs);
  return first;
}

describe('blob backups in directories', () => {
  it('39: numbered snapshots rotate, 0 is the newest, and link to the one before', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([...NUMBERED, 'keep = 3']));
    const folder = site.path('var/blobstoragesnapshots');
    const states = [blobState(site.blobs)];
    const first = await site.scriptWell('snapshotbackup');
    expect(first.stderr).not.toContain('--link-dest');
    await commitBlob(site.dataFs);
    states.unshift(blobState(site.blobs));
    const second = await site.scriptWell('snapshotbackup');
    expect(second.stderr).toContain('--delete');
    expect(second.stderr).toContain(`--link-dest=${folder}/blobstorage.0/blobstorage/`);
    expect(second.stderr).toMatch(/blobstorage\.0.*blobstorage\.1/);
    rmSync(join(site.blobs, oldBlob(site)));
    states.unshift(blobState(site.blobs));
    const third = await site.scriptWell('snapshotbackup');
    const renames = third.stderr
      .split('\n')
      .filter((line) => /blobstorage\.\d.*blobstorage\.\d$/.test(line));
    expect(renames).toEqual([
      expect.stringMatching(/blobstorage\.1.*blobstorage\.2$/),
      expect.stringMatching(/blobstorage\.0.*blobstorage\.1$/),
    ]);
    expect(namesIn(folder)).toEqual(['blobstorage.0', 'blobstorage.1', 'blobstorage.2']);
    for (const [number, state] of states.entries()) {
      const entry = join(folder, `blobstorage.${number}`);
      expect(namesIn(entry)).toEqual(['blobstorage']);
      expect(blobState(join(entry, 'blobstorage'))).toEqual(state);
    }
  });

  it('40, 41: stamped entries have the stamps of their Data.fs backups, share files, and latest moves', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, 'keep = 3']));
    for (const [script, repository, folder] of [
      ['backup', 'var/backups', 'var/blobstoragebackups'],
      ['snapshotbackup', 'var/snapshotbackups', 'var/blobstoragesnapshots'],
    ] as const) {
      const blobFolder = site.path(folder);
      for (let count = 1; count <= 3; count++) {
        await commitBlob(site.dataFs);
        const { stderr } = await site.scriptWell(script);
        const names = stampsIn(site.path(repository)).map((stamp) => `blobstorage.${stamp}`);
        expect(names).toHaveLength(count);
        expect(namesIn(blobFolder)).toEqual([...names, 'latest']);
        expect(readlinkSync(join(blobFolder, 'latest'))).toBe(names.at(-1));
        expect(stderr).not.toContain('Renam');
        const before = names.at(-2);
        if (before === undefined) expect(stderr).not.toContain('--link-dest');
        else expect(stderr).toContain(`--link-dest=${blobFolder}/${before}/blobstorage/`);
      }
      const [, ...stamped] = namesIn(blobFolder).toReversed();
      const copies = stamped.map((name) => inode(blobFolder, name, 'blobstorage', oldBlob(site)));
      expect(new Set(copies).size).toBe(1);
      expect(copies[0]).not.toBe(inode(site.blobs, oldBlob(site)));
      expect(blobState(join(blobFolder, 'latest/blobstorage'))).toEqual(blobState(site.blobs));
    }
  });

  it('42, 43: an unchanged site copies nothing; blobs go with the full backup they belong to', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, 'keep = 0', 'full = true']));
    const folder = site.path('var/blobstoragebackups');
    const repository = site.path('var/backups');
    for (let count = 0; count < 3; count++) {
      await commitBlob(site.dataFs);
      await site.scriptWell('backup');
    }
    const [oldest = '', second = ''] = stampsIn(repository);
    for (const name of readdirSync(repository).filter((one) => one.startsWith(oldest))) {
      rmSync(join(repository, name));
    }
    const entry = join(folder, `blobstorage.${stampsIn(repository).at(-1)}`);
    const before = statSync(entry);
    rmSync(join(folder, 'latest'));
    site.configure(recipeCfg([BLOBS, 'keep = 0']));
    await site.install();
    const { stderr } = await site.scriptWell('backup');
    expect(stderr).toContain('exists already');
    expect(stderr).not.toContain('rsync');
    expect(inode(entry)).toBe(before.ino);
    expect(namesIn(folder)).toEqual([
      `blobstorage.${second}`,
      `blobstorage.${stampsIn(repository).at(-1)}`,
      'latest',
    ]);
    expect(stderr).toContain(
      `INFO: Removed 1 old file from ${folder} (the Data.fs backup that it belongs to is gone): blobstorage.${oldest}\n`,
    );
  });

  it.each(['true', 'false'])(
    '44: first copies share files with the live site (use_rsync = %s)',
    async (rsync) => {
      const site = await newBuildoutSite(
        scratch,
        recipeCfg([BLOBS, `use_rsync = ${rsync}`, 'rsync_hard_links_on_first_copy = true']),
      );
      await site.scriptWell('backup');
      await commitBlob(site.dataFs);
      await site.scriptWell('backup');
      const folder = site.path('var/blobstoragebackups');
      const [first = '', second = ''] = namesIn(folder);
      const live = inode(site.blobs, oldBlob(site));
      expect(inode(folder, first, 'blobstorage', oldBlob(site))).toBe(live);
      expect(inode(folder, second, 'blobstorage', oldBlob(site))).toBe(live);
      // A restore may break the tie, but not the copies.
      const copies = folderState(folder);
      rmSync(site.blobs, { recursive: true });
      await site.scriptWell('restore', '-n');
      expect(blobState(site.blobs)).toEqual(blobState(join(folder, 'latest/blobstorage')));
      expect(folderState(folder)).toEqual(copies);
    },
  );

  it('45: rsync_options are used in both directions, and a linked source is followed', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const elsewhere = site.path('other disk');
    mkdirSync(elsewhere);
    renameSync(site.blobs, join(elsewhere, 'blobs'));
    symlinkSync(join(elsewhere, 'blobs'), site.blobs);
    symlinkSync('nowhere', join(elsewhere, 'blobs/a-link'));
    site.configure(recipeCfg([BLOBS, 'rsync_options = --no-l -k']));
    await site.install();
    const backup = await site.scriptWell('backup');
    expect(backup.stderr).toContain('rsync -a --no-l -k ');
    const { 'a-link': _, ...wanted } = blobState(site.blobs);
    const [entry = ''] = namesIn(site.path('var/blobstoragebackups'));
    expect(blobState(site.path('var/blobstoragebackups', entry, 'blobstorage'))).toEqual(wanted);
    await commitBlob(site.dataFs);
    const restore = await site.scriptWell('restore', '--no-prompt');
    expect(restore.stderr).toContain('rsync -a --no-l -k ');
    expect(readlinkSync(site.blobs)).toBe(join(elsewhere, 'blobs'));
    expect(blobState(join(elsewhere, 'blobs'))).toEqual(wanted);
    expect(namesIn(elsewhere)).toEqual(['blobs']);
  });

  it('46: without rsync, three backups stay by days, two snapshots by number, and each can be restored', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([...NUMBERED, 'only_blobs = true', 'use_rsync = false']),
    );
    const PATH = pathWith(site.path('programs'), { programs: BASIC_PROGRAMS });
    const run = async (name: string) => {
      const finished = await site.script(name, ['-n'], { env: { PATH } });
      expect([finished.status, finished.stderr]).toEqual([0, expect.not.stringContaining('rsync')]);
    };
    const states = [];
    for (let count = 0; count < 3; count++) {
      states.unshift(blobState(site.blobs));
      await run('backup');
      await run('snapshotbackup');
      await commitBlob(site.dataFs);
    }
    const backups = site.path('var/blobstoragebackups');
    expect(namesIn(backups)).toEqual(['blobstorage.0', 'blobstorage.1', 'blobstorage.2']);
    const [newest = '', ...older] = namesIn(backups);
    const shared = inode(backups, newest, 'blobstorage', oldBlob(site));
    for (const name of older)
      expect(inode(backups, name, 'blobstorage', oldBlob(site))).toBe(shared);
    expect(namesIn(site.path('var/blobstoragesnapshots'))).toEqual([
      'blobstorage.0',
      'blobstorage.1',
    ]);
    const dataFs = readFileSync(site.dataFs);
    await run('restore');
    expect(blobState(site.blobs)).toEqual(states[0]);
    rmSync(site.blobs, { recursive: true });
    await run('snapshotrestore');
    expect(blobState(site.blobs)).toEqual(states[0]);
    expect(readFileSync(site.dataFs).equals(dataFs)).toBe(true);
    expect(existsSync(site.path('var/backups'))).toBe(false);
  });

  it('47: two parts do each their half, and ask for that half only', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const cfg = recipeCfg(['backup_blobs = false'], {
      part: 'files',
      more: ['[blobs]', 'recipe = collective.recipe.backup', 'only_blobs = true', BLOBS].join('\n'),
    });
    site.configure(cfg.replace('parts = files', 'parts = files blobs'));
    await site.install();
    await site.scriptWell('files');
    expect(existsSync(site.path('var/blobs-blobstorages'))).toBe(false);
    await site.scriptWell('blobs');
    expect(namesIn(site.path('var'))).toEqual([
      'blobs-blobstorages',
      'blobstorage',
      'filess',
      'filestorage',
    ]);
    const files = await site.script('files-restore', [], { input: 'no\n' });
    expect(files.stdout).toContain('This will replace the filestorage:');
    expect(files.stdout).not.toContain('blobstorage');
    const blobs = await site.script('blobs-restore', [], { input: 'no\n' });
    expect(blobs.stdout).toContain(`This will replace the blobstorage:\n    ${site.blobs}\n`);
    expect(blobs.stdout).not.toContain('filestorage:');
    site.configure(recipeCfg(['backup_blobs = false', 'only_blobs = true']));
    const refused = await site.run(['install']);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('Cannot have backup_blobs false and only_blobs true.');
  });

  it('48: a stamped entry is added to numbered ones, which stay', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(NUMBERED));
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    site.configure(recipeCfg([BLOBS]));
    await site.install();
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const stamp = stampsIn(site.path('var/backups')).at(-1);
    expect(namesIn(site.path('var/blobstoragebackups'))).toEqual([
      'blobstorage.0',
      'blobstorage.1',
      `blobstorage.${stamp}`,
      'latest',
    ]);
  });

  it('50: rotation keeps gaps, and what is in its way is refused, not removed', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([...NUMBERED, 'keep = 0']));
    await site.scriptWell('backup');
    const folder = site.path('var/blobstoragebackups');
    for (const number of [1, 2, 9]) {
      cpSync(join(folder, 'blobstorage.0'), join(folder, `blobstorage.${number}`), {
        recursive: true,
        preserveTimestamps: true,
      });
      writeFileSync(join(folder, `blobstorage.${number}`, 'blobstorage', `was-${number}`), '');
    }
    await site.scriptWell('backup');
    expect(namesIn(folder)).toEqual([0, 1, 10, 2, 3].map((number) => `blobstorage.${number}`));
    for (const number of [1, 2, 9]) {
      expect(existsSync(join(folder, `blobstorage.${number + 1}/blobstorage/was-${number}`))).toBe(
        true,
      );
    }
    for (const name of ['blobstorage.4', 'blobstorage.0']) {
      if (name.endsWith('.0')) renameSync(join(folder, name), join(folder, 'blobstorage.20'));
      writeFileSync(join(folder, name), 'a file of mine');
      const before = folderState(folder);
      const { status, stderr } = await site.script('backup');
      expect([status, stderr]).toEqual([
        1,
        expect.stringContaining(`${name}": something else has it`),
      ]);
      expect(folderState(folder)).toEqual(before);
      rmSync(join(folder, name));
    }
  });

  it('49: by days, what is old goes, but not other files, nor copies of other directories', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([...NUMBERED, 'only_blobs = true', 'keep_blob_days = 4', 'keep = 1']),
    );
    const folder = site.path('var/blobstoragebackups');
    for (const [number, daysAgo] of [0, 1, 2, 3, 5, 6].entries()) {
      const time = new Date(Date.now() - daysAgo * 24 * 3600 * 1000 - 60_000);
      const entry = join(folder, `blobstorage.${number}`);
      mkdirSync(join(entry, 'blobstorage'), { recursive: true });
      utimesSync(entry, time, time);
    }
    mkdirSync(join(folder, 'blobs.9'));
    mkdirSync(join(folder, 'blobstorage.old.7'));
    writeFileSync(join(folder, 'notes.txt'), '');
    utimesSync(join(folder, 'notes.txt'), 0, 0);
    await site.scriptWell('backup');
    expect(namesIn(folder)).toEqual([
      'blobs.9',
      ...[0, 1, 2, 3, 4].map((number) => `blobstorage.${number}`),
      'blobstorage.old.7',
      'notes.txt',
    ]);
  });
});
