import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();

it('blobs that a restore point without its own is restored with stay as long as that point', async () => {
  const site = await newSite(scratch, 5);
  const copies = () => readdirSync(join(site.folder, 'var/blobstoragebackups'));
  const grow = () => growDatabase(site.dataFs, { transactions: 1 });
  await site.runWell('backup');
  await grow();
  await site.runWell('backup');
  const lent = site.dataFiles().at(-1)?.slice(0, 19) ?? '';
  await grow();
  await site.runWell('repozo', '-B', '-F', '-r', site.repository, '-f', site.dataFs);
  const borrowing = site.dataFiles().at(-1)?.slice(0, 19) ?? '';
  await grow();
  await site.runWell('backup');
  await packDatabase(site.dataFs);
  await site.runWell('backup', '--keep', '2');
  expect(site.dataFiles()[0]).toContain(borrowing);
  expect(copies()).toContain(`blobstorage.${lent}`);
  await site.runWarned('restore', borrowing, '-n', '--to', 'restored');
  expect(readdirSync(join(site.folder, 'restored/blobstorage'))).not.toEqual([]);
  // With the point, its blobs go.
  await site.runWell('backup', '--full', '--keep', '1');
  expect(copies()).not.toContain(`blobstorage.${lent}`);
});
