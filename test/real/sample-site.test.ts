import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeReal, openDatabase } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();

describeReal('zodb', 'database of the project itself', () => {
  it('is opened by ZODB, and its restored backup, too', async () => {
    const site = await newSite(scratch, 120);
    await site.runWell('backup');
    await site.runWell('restore', '-n', '--to', 'restored');
    const live = openDatabase(site.dataFs, { blobs: join(site.folder, 'var/blobstorage') });
    expect(live).toMatchObject({ transactions: 120, problems: [] });
    expect(live.blobs).toBeGreaterThan(5);
    const restored = join(site.folder, 'restored');
    const blobs = join(restored, 'blobstorage');
    expect(openDatabase(join(restored, 'filestorage/Data.fs'), { blobs })).toEqual(live);
  });
});
