/** Files with holes take no more of the disk in a backup, or after a restore, than they did. */
import { chmodSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobFiles, blobState } from '../support/blobs.ts';
import {
  type BuildoutSite,
  commitBlob,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { LogBuilder } from '../support/log-builder.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const BLOBS = 'blob_storage = var/blobstorage';
const BACKUPS = 'var/blobstoragebackups';
const MEGABYTE = 1 << 20;

const WAYS = [
  ['rsync', [BLOBS], 'directory'],
  ['copies', [BLOBS, 'use_rsync = false'], 'directory'],
  ['archives', [BLOBS, 'archive_blob = true'], 'archive'],
  ['a chain of archives', [BLOBS, 'archive_blob = true', 'incremental_blobs = true'], 'archive'],
] as const;

const bytesOnDisk = (path: string) => statSync(path).blocks * 512;

/** Gives blobs of two sizes a hole behind what they have, which no server does, but a disk that was full may. */
async function makeHoles(site: BuildoutSite): Promise<readonly string[]> {
  await commitBlob(site.dataFs);
  const names = blobFiles(site.blobs).slice(0, 2);
  for (const [index, name] of names.entries()) {
    const path = join(site.blobs, name);
    chmodSync(path, 0o600);
    truncateSync(path, index === 0 ? 100_001 : 9 * MEGABYTE + 1);
  }
  return names;
}

describe.each(WAYS)('blobs with holes, backed up with %s', (_, lines, form) => {
  it('keep them, and all of their bytes', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    const names = await makeHoles(site);
    const before = blobState(site.blobs);
    await site.scriptWell('backup');
    const [entry = ''] = namesIn(site.path(BACKUPS)).filter((name) => name !== 'latest');
    const stored =
      form === 'archive'
        ? [site.path(BACKUPS, entry)]
        : names.map((name) => site.path(BACKUPS, entry, 'blobstorage', name));
    for (const path of stored) expect(bytesOnDisk(path)).toBeLessThan(MEGABYTE / 2);
    await site.scriptWell('backup');
    const verified = await site.run(['verify']);
    expect([verified.status, verified.stderr]).toEqual([0, expect.anything()]);
    rmSync(site.blobs, { recursive: true });
    await site.scriptWell('restore', '-n');
    expect(blobState(site.blobs)).toEqual(before);
    for (const name of names) {
      expect(bytesOnDisk(join(site.blobs, name))).toBeLessThan(MEGABYTE / 2);
    }
  });
});

/** Adds an object that has 8 MiB of zeros. */
function addZeros(log: LogBuilder): void {
  const zeros = Buffer.concat([
    Buffer.from('\x80\x03cmodule\nKlass\nq\x00.\x80\x03B', 'latin1'),
    Buffer.from(Uint32Array.of(8 * MEGABYTE).buffer),
    Buffer.alloc(8 * MEGABYTE),
    Buffer.from('.'),
  ]);
  log.add([{ oid: 0, pickle: zeros }]);
}

async function siteWithRoot() {
  const site = await newBuildoutSite(scratch, recipeCfg(['backup_blobs = false']));
  const log = new LogBuilder();
  log.add([{ oid: 0, refersTo: [] }]);
  rmSync(dirname(site.dataFs), { recursive: true });
  await commitBlob(site.dataFs);
  rmSync(`${site.dataFs}.index`, { force: true });
  return { site, log };
}

describe('a Data.fs that is restored', () => {
  it('has holes where it has blocks of zeros', async () => {
    const { site, log } = await siteWithRoot();
    addZeros(log);
    const whole = log.bytes();
    writeFileSync(site.dataFs, whole);
    await site.scriptWell('backup');
    writeFileSync(site.dataFs, '');
    await site.scriptWell('restore', '-n');
    expect(readFileSync(site.dataFs).equals(whole)).toBe(true);
    expect(bytesOnDisk(site.dataFs)).toBeLessThan(MEGABYTE);
  });

  it('has them also where it is brought forward', async () => {
    const { site, log } = await siteWithRoot();
    writeFileSync(site.dataFs, log.bytes());
    await site.scriptWell('backup');
    const standBy = site.path('standby/filestorage/Data.fs');
    const bringForward = () => site.run(['restore', '-n', '--to', 'standby']);
    expect((await bringForward()).status).toBe(0);
    addZeros(log);
    writeFileSync(site.dataFs, log.bytes());
    await site.scriptWell('backup');
    const { status, stderr } = await bringForward();
    expect([status, stderr]).toEqual([0, expect.stringContaining('appended to')]);
    expect(readFileSync(standBy).equals(log.bytes())).toBe(true);
    expect(bytesOnDisk(standBy)).toBeLessThan(MEGABYTE);
  });
});
