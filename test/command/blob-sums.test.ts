import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobFiles, blobState } from '../support/blobs.ts';
import { commitBlob, namesIn, newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
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
  const { atime, mtime, mode } = statSync(path);
  chmodSync(path, 0o600);
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
  writeFileSync(path, bytes);
  chmodSync(path, mode & 0o7777);
  utimesSync(path, atime, mtime);
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
    expect((await site.run(['verify', '--deep'])).stderr).toContain('its sha256 is another');
    const target = site.path('restored');
    const refused = await site.run(['restore', '-n', '--to', target]);
    expect(refused.stderr).toContain(`"${flipped}" is not what was backed up`);
    expect([refused.status, blobFiles(target)]).toEqual([1, []]);
    const accepted = await site.run(['restore', '-n', '--accept-damaged-blobs', '--to', target]);
    expect(accepted.stderr).toContain(`"${flipped}" is not what was backed up`);
    expect(blobFiles(join(target, 'blobstorage'))).toEqual(blobFiles(site.blobs));

    rmSync(join(newest(), 'blobstorage', flipped));
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    expect(wrong()).toBe('');
    expect(blobState(join(newest(), 'blobstorage'))).toEqual(blobState(site.blobs));
  });

  it('are made anew where they are lost or damaged, and that is said', async () => {
    const { site, newest, wrong, summed } = await newSite(copier);
    await site.scriptWell('backup');
    for (const [damage, state] of [
      [(path: string) => rmSync(path), 'missing'],
      [(path: string) => writeFileSync(path, 'garbage'), 'damaged'],
    ] as const) {
      damage(join(newest(), SUMS));
      await commitBlob(site.dataFs);
      const { stderr, stdout, status } = await site.script('backup');
      expect([status, stderr + stdout]).toEqual([0, expect.stringContaining(`are ${state}; new`)]);
      expect(summed()).toEqual(expect.arrayContaining([...blobFiles(site.blobs)]));
      expect(wrong()).toBe('');
    }
  });
});
