import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobFiles, blobState } from '../support/blobs.ts';
import {
  commitBlob,
  dataFilesIn,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const SUMS = '.zodbvault.sums';
const hasRsync = spawnSync('rsync', ['--version']).status === 0;
const COPIERS = hasRsync ? (['own', 'rsync'] as const) : (['own'] as const);

async function newSite(copier: (typeof COPIERS)[number]) {
  const options = ['blob_storage = var/blobstorage', `use_rsync = ${copier === 'rsync'}`];
  const site = await newBuildoutSite(scratch, recipeCfg(options));
  const folder = site.path('var/blobstoragebackups');
  const entries = () =>
    namesIn(folder)
      .filter((name) => name !== 'latest')
      .map((name) => join(folder, name));
  const newest = () => entries().at(-1) ?? '';
  /** Paths of which the sum isn't that of the file, as sha256sum says. */
  const wrong = () =>
    spawnSync('sha256sum', ['--quiet', '-c', join(newest(), SUMS)], {
      cwd: join(newest(), 'blobstorage'),
      encoding: 'utf8',
    }).stdout;
  const summed = () =>
    readFileSync(join(newest(), SUMS), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(66));
  return { site, newest, wrong, summed };
}

/** Changes a byte as a bad disk does: size and time stay. */
function flip(path: string): void {
  const { atimeMs, mtimeMs, mode } = statSync(path);
  chmodSync(path, 0o600);
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
  writeFileSync(path, bytes);
  chmodSync(path, mode & 0o7777);
  utimesSync(path, atimeMs / 1000, mtimeMs / 1000);
}

describe.each(COPIERS)('checksums of copies, %s', (copier) => {
  it('are of every file, and go on to be those of what was backed up', async () => {
    const { site, newest, wrong, summed } = await newSite(copier);
    await site.scriptWell('backup');
    expect(summed()).toEqual(expect.arrayContaining([...blobFiles(site.blobs), '.layout']));
    expect(wrong()).toBe('');

    const [flipped = ''] = blobFiles(site.blobs);
    flip(join(newest(), 'blobstorage', flipped));
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    expect(summed()).toEqual(expect.arrayContaining([...blobFiles(site.blobs)]));
    expect(wrong()).toMatch(new RegExp(`^${flipped}: FAILED\n$`));
    expect((await site.run(['verify'])).status).toBe(0);
    const { stderr: told } = await site.run(['verify', '--deep']);
    expect(told).toContain('its sha256 is another');
    expect(told).toMatch(/Hint: Make a backup: it copies damaged blobs anew/);
    const target = site.path('restored');
    // By its date: without one, a point that is known to be bad isn't restored.
    const date = dataFilesIn(site.path('var/backups')).at(-1)?.slice(0, 19) ?? '';
    const refused = await site.run(['restore', date, '-n', '--to', target]);
    expect(refused.stderr).toContain(`"${flipped}" is not what was backed up`);
    expect([refused.status, blobFiles(target)]).toEqual([1, []]);
    const words = ['restore', date, '-n', '--accept-damaged-blobs', '--to', target];
    const accepted = await site.run(words);
    expect(accepted.stderr).toContain(`"${flipped}" is not what was backed up`);
    expect(blobFiles(join(target, 'blobstorage'))).toEqual(blobFiles(site.blobs));

    // Somebody has seen it: so nothing of this copy goes into the next one unread, and whichever file has
    // the sum that was recorded is the right one.
    const [, rotten = ''] = blobFiles(site.blobs);
    flip(join(site.blobs, rotten));
    await commitBlob(site.dataFs);
    const { stdout, stderr } = await site.scriptWell('backup');
    expect(stdout + stderr).toContain(`"${join(site.blobs, rotten)}" is damaged in the live site`);
    if (copier === 'own') expect(stdout + stderr).toContain(`${flipped}" is damaged: the bytes`);
    expect(wrong()).toBe('');
    copyFileSync(join(newest(), 'blobstorage', rotten), join(site.blobs, rotten));
    expect(blobState(join(newest(), 'blobstorage'))).toEqual(blobState(site.blobs));
    expect((await site.run(['verify', '--deep'])).status).toBe(0);
  });

  it('and their files are healed from the live ones, though nothing new is to be backed up', async () => {
    const { site, newest, wrong } = await newSite(copier);
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const [lost = '', flipped = ''] = blobFiles(site.blobs);
    const healed = async () => {
      await site.scriptWell('backup');
      expect(wrong()).toBe('');
      expect(blobState(join(newest(), 'blobstorage'))).toEqual(blobState(site.blobs));
    };
    const name = newest();
    rmSync(join(name, 'blobstorage', lost));
    await healed();
    flip(join(name, 'blobstorage', flipped));
    expect((await site.run(['verify', '--deep'])).status).toBe(1);
    await healed();
    expect(newest()).toBe(name);
    const inode = () => statSync(join(name, 'blobstorage')).ino;
    const before = inode();
    await site.scriptWell('backup');
    expect(inode()).toBe(before);

    // A file of which only the rights are others, rsync takes from the copy before.
    flip(join(newest(), 'blobstorage', flipped));
    chmodSync(join(site.blobs, flipped), 0o640);
    await commitBlob(site.dataFs);
    await healed();

    // What is good in a damaged copy of the same moment is not given away for what is cut in the live site.
    const size = statSync(join(site.blobs, lost)).size;
    truncateSync(join(site.blobs, lost), 1);
    flip(join(newest(), 'blobstorage', flipped));
    expect((await site.run(['verify', '--deep'])).status).toBe(1);
    const { stdout, stderr } = await site.scriptWell('backup');
    expect(stdout + stderr).toContain('has lost or changed a blob');
    expect(statSync(join(newest(), 'blobstorage', lost)).size).toBe(size);
  });

  it('are made anew where they are lost or damaged, of files that are like the live ones', async () => {
    const { site, newest, wrong, summed } = await newSite(copier);
    await site.scriptWell('backup');
    const [flipped = ''] = blobFiles(site.blobs);
    for (const [damage, state] of [
      [(path: string) => rmSync(path), 'missing'],
      [(path: string) => writeFileSync(path, 'garbage'), 'damaged'],
    ] as const) {
      damage(join(newest(), SUMS));
      flip(join(newest(), 'blobstorage', flipped));
      await commitBlob(site.dataFs);
      const { stderr, stdout, status } = await site.script('backup');
      const said = stderr + stdout;
      expect([status, said]).toEqual([
        0,
        expect.stringContaining(`are ${state}, so zodbvault compares`),
      ]);
      if (copier === 'own') expect(said).toContain(`${flipped}" differs from the live file`);
      expect(blobState(join(newest(), 'blobstorage'))).toEqual(blobState(site.blobs));
      expect(summed()).toEqual(expect.arrayContaining([...blobFiles(site.blobs)]));
      expect(wrong()).toBe('');
    }
  });
});
