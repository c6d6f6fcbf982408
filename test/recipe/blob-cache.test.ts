/** The cache that a ZEO client keeps of its server's blobs, in the place of the blob directory. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderState, newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

/** As a client of ZEO 6 writes one, with a blob of the oid 997 + 3. */
function writeCache(folder: string, layout: 'named' | 'not named'): void {
  mkdirSync(join(folder, '3'), { recursive: true });
  mkdirSync(join(folder, 'tmp'));
  writeFileSync(join(folder, '3/.lock'), '');
  writeFileSync(join(folder, '3/1.040d589586773f33.blob'), 'hello');
  if (layout === 'named') writeFileSync(join(folder, '.layout'), 'zeocache');
}

describe.each([
  ['that says so', 'named', 'as its .layout says ("zeocache")'],
  ['without a .layout', 'not named', 'as the name of "3/1.040d589586773f33.blob" in it shows'],
] as const)('cache of a ZEO client %s', (_, layout, sign) => {
  it('is not backed up, nor restored over; the directory of the server is named', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg(['blob_storage = var/blobstorage', 'use_rsync = false']),
    );
    await site.scriptWell('backup');
    const server = site.path('var/blobstorage-of-the-server');
    renameSync(site.blobs, server);
    writeCache(site.blobs, layout);
    const before = folderState(site.path('var'));
    const refusal = `Cannot take "${site.blobs}" for the blob directory: it is the cache of a ZEO client, ${sign}`;
    for (const words of [['backup'], ['restore', '-n']]) {
      const { status, stderr } = await site.run(words);
      expect([words, status, stderr]).toEqual([words, 1, expect.stringContaining(refusal)]);
      expect(stderr).toContain(`It may be "${server}".`);
    }
    expect((await site.script('snapshotbackup')).status).toBe(1);
    const config = await site.run(['config']);
    expect(config.stderr).toContain(
      `Warning: [backup] blob_storage: "${site.blobs}" is the cache of a ZEO client, ${sign}\n`,
    );
    expect(folderState(site.path('var'))).toEqual(before);
    site.configure(recipeCfg([`blob_storage = ${server}`, 'use_rsync = false']));
    expect((await site.run(['backup'])).status).toBe(0);
    rmSync(server, { recursive: true });
    site.configure(recipeCfg(['blob_storage = var/blobstorage', 'use_rsync = false']));
    const alone = await site.run(['backup']);
    expect([alone.status, alone.stderr]).toEqual([
      1,
      expect.stringContaining(
        'Hint: Run the backup on the machine of the ZEO server, or name its blob directory',
      ),
    ]);
  });
});

describe('folder of a server', () => {
  it('is no cache for a folder of digits in it', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg(['blob_storage = var/blobstorage', 'use_rsync = false']),
    );
    mkdirSync(join(site.blobs, '3'));
    writeFileSync(join(site.blobs, '3/1.040d589586773f33.blob'), 'hello');
    await site.scriptWell('backup');
    rmSync(join(site.blobs, '.layout'), { force: true });
    await site.scriptWell('backup');
  });
});
