import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobPath } from '../../src/filestorage/blob-layout.ts';
import { oidFrom } from '../../src/filestorage/oid.ts';
import type { Tid } from '../../src/filestorage/tid.ts';
import { blobFiles, blobState } from '../support/blobs.ts';
import { type BuildoutSite, buildoutSiteIn, recipeCfg } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
/** More than the main thread copies alone; the last byte of an oid makes a directory. */
const BLOBS = 1300;
const CFG = [
  'blob_storage = var/blobstorage',
  'only_blobs = true',
  'use_rsync = false',
  'keep = 1',
  'keep_blob_days = 0',
];

const FOLDER = 'var/blobstoragebackups';

/** Path of a blob; every object has a directory of its own. */
function blobOf(count: number): string {
  return blobPath('bushy', { oid: oidFrom(count * 7), tid: BigInt(count) as Tid });
}

async function newLargeSite(name: string): Promise<BuildoutSite> {
  const site = buildoutSiteIn(join(scratch, name));
  for (let count = 1; count <= BLOBS; count += 1) {
    const file = join(site.blobs, blobOf(count));
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${count}`, { mode: 0o400 });
  }
  mkdirSync(site.path('var/filestorage'), { recursive: true });
  site.configure(recipeCfg(CFG));
  await site.install();
  return site;
}

/** The copies of the blob directory, newest first. */
function copies(site: BuildoutSite): readonly string[] {
  const folder = site.path(FOLDER);
  return readdirSync(folder)
    .filter((name) => /^blobstorage\.\d/.test(name))
    .sort()
    .reverse()
    .map((name) => join(folder, name, 'blobstorage'));
}

describe('blob directory that is copied in worker threads', () => {
  it('is copied whole, then shared, then restored', async () => {
    const site = await newLargeSite('large');
    const live = blobState(site.blobs);
    await site.scriptWell('backup', '-q');
    const [first = ''] = copies(site);
    expect(blobState(first)).toEqual(live);
    const inodes = blobFiles(first).map((file) => lstatSync(join(first, file)).ino);
    await site.scriptWell('backup', '-q');
    const [second = '', ...others] = copies(site);
    expect(others).toEqual([]);
    expect(second).not.toBe(first);
    expect(blobState(second)).toEqual(live);
    expect(blobFiles(second).map((file) => lstatSync(join(second, file)).ino)).toEqual(inodes);
    rmSync(site.blobs, { recursive: true });
    await site.scriptWell('restore', '-n');
    expect(blobState(site.blobs)).toEqual(live);
  });

  it('is backed up without a pipe that a worker finds in it, with a warning', async () => {
    const site = await newLargeSite('hostile');
    const pipe = join(site.blobs, dirname(blobOf(BLOBS)), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { status, stderr } = await site.script('backup', ['-q']);
    expect(stderr).toContain(`"${pipe}" is a pipe`);
    expect(status).toBe(0);
    rmSync(pipe);
    expect(blobState(site.path(FOLDER, 'latest/blobstorage'))).toEqual(blobState(site.blobs));
  });
});
