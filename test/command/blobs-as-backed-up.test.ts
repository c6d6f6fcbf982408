import {
  appendFileSync,
  chmodSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobState } from '../support/blobs.ts';
import { commitBlob, newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

describe('blobs that are as they were backed up', () => {
  it('stay where no Data.fs is restored, and are replaced when anything differs', async () => {
    const lines = ['blob_storage = var/blobstorage', 'only_blobs = true', 'use_rsync = false'];
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const before = blobState(site.blobs);
    const directory = () => statSync(site.blobs).ino;
    const made = directory();

    const restored = await site.run(['restore', '-n', '--json']);
    expect(restored.status).toBe(0);
    expect(JSON.parse(restored.stdout).blobs).toEqual([
      expect.objectContaining({ target: site.blobs, unchanged: true }),
    ]);
    const told = await site.scriptWell('restore', '-n');
    expect(told.stderr).toContain(`Every blob in ${site.blobs} is as in blobstorage.`);
    expect(told.stderr).not.toContain('The replaced files are kept');
    expect([directory(), blobState(site.blobs)]).toEqual([made, before]);
    expect((await site.run(['restore', '--undo', '-n'])).status).toBe(1);

    const blob = readdirSync(site.blobs, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.blob'))
      .map((name) => join(site.blobs, name))[0];
    if (blob === undefined) throw new Error('The site has no blob.');
    const { mtime, size } = statSync(blob);
    const changes: readonly (readonly [string, () => void])[] = [
      ['another time', () => utimesSync(blob, new Date(0), new Date(0))],
      ['other rights', () => chmodSync(blob, 0o644)],
      ['other rights of its folder', () => chmodSync(join(blob, '..'), 0o750)],
      [
        'other bytes of the same length and time',
        () => {
          chmodSync(blob, 0o600);
          writeFileSync(blob, Buffer.alloc(size, 1));
          utimesSync(blob, mtime, mtime);
          chmodSync(blob, 0o400);
        },
      ],
      [
        'more bytes',
        () => {
          chmodSync(blob, 0o600);
          appendFileSync(blob, 'more');
        },
      ],
      ['one file more', () => writeFileSync(join(site.blobs, '0x00', 'more.blob'), '')],
    ];
    for (const [name, change] of changes) {
      const was = directory();
      change();
      const again = await site.scriptWell('restore', '-n');
      expect(again.stderr, name).toContain(`Restored ${site.blobs} from blobstorage.`);
      expect(again.stderr, name).toContain('The replaced files are kept');
      expect(blobState(site.blobs), name).toEqual(before);
      expect(directory(), name).not.toBe(was);
    }
  });

  it('are made anew beside a Data.fs that is replaced, so that an undo has both', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['blob_storage = var/blobstorage']));
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const { ino } = statSync(site.blobs);
    const restored = await site.scriptWell('restore', '-n');
    expect(restored.stderr).toContain(`Restored ${site.blobs} from blobstorage.`);
    expect(statSync(site.blobs).ino).not.toBe(ino);
    expect((await site.run(['restore', '--undo', '-n'])).status).toBe(0);
    expect(statSync(site.blobs).ino).toBe(ino);
  });
});
