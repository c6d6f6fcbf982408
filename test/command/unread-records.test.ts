import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes } from '../support/site.ts';

const scratch = scratchFolder();

describe('a backup of which the record can not be read', () => {
  it('is told, does not count, and spares what is older; its Data.fs can be restored', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup', '--no-blobs');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--no-blobs', '--full');
    const [older = '', newest = ''] = site.dataFiles().map((name) => name.slice(0, 19));
    const record = join(site.repository, `${newest}.json`);
    writeFileSync(record, readFileSync(record, 'utf8').replace('"', '\0'));
    const verify = await site.run(['verify', '--no-blobs']);
    expect([verify.status, verify.stdout + verify.stderr]).toEqual([
      1,
      expect.stringContaining(`${newest}.json`),
    ]);
    for (const words of [['verify'], ['verify', '--deep']]) {
      const { stderr } = await site.run([...words, '--no-blobs']);
      expect(stderr).toContain(`"zodbvault delete ${newest}" deletes`);
      expect(stderr).not.toContain('--damaged');
    }
    expect((await site.run(['list', '--no-blobs'])).stderr).toContain(`"${newest}.json"`);
    expect((await site.run(['check', '--no-blobs'])).status).toBe(2);
    const restore = ['restore', '-n', '--no-blobs', '--to', 'out'];
    expect((await site.run([...restore, newest])).status).toBe(3);
    expect(sameBytes(join(site.folder, 'out/filestorage/Data.fs'), site.dataFs)).toBe(true);
    // Nothing was committed since; what is there can't be built on all the same.
    await site.run(['backup', '--no-blobs', '--keep', '2']);
    const left = site.dataFiles().map((name) => name.slice(0, 19));
    expect([left.length, left[0]]).toEqual([3, older]);
    expect(site.dataFiles().at(-1)).toMatch(/\.fsz$/);
    await site.runWell('delete', newest, '-n', '--no-blobs');
    await site.runWell('verify', '--no-blobs');
  });
});
