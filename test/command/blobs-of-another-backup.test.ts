import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  commitBlob,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();

describe('a blob backup of another Data.fs backup with the same date', () => {
  it.each([
    ['directories', [], /^blobstorage\.\d.*\d$/, '.zodbvault.json'],
    ['archives', ['archive_blob = true'], /\.tar$/, ''],
  ])('is neither taken for the one of this nor replaced: %s', async (_, lines, entry, record) => {
    const cfg = recipeCfg(['blob_storage = var/blobstorage', ...lines]);
    const site = await newBuildoutSite(scratch, cfg);
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    const folder = site.path('var/blobstoragebackups');
    const [name = ''] = namesIn(folder).filter((one) => entry.test(one));
    const path = record === '' ? join(folder, `${name}.json`) : join(folder, name, record);
    const written = { ...JSON.parse(readFileSync(path, 'utf8')), dataSha256: '0'.repeat(64) };
    writeFileSync(path, JSON.stringify(written));
    const before = folderState(folder);
    const { status, stderr } = await site.run(['backup']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining(
        `"${join(folder, name)}": that already exists, and belongs to another Data.fs backup`,
      ),
    ]);
    expect(folderState(folder)).toEqual(before);
  });
});
