import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeBlobDirectory } from '../bench/blob-workload.ts';
import type { CopySettings } from '../src/config/model/copy-settings.ts';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { pushSite } from '../src/operations/copies/push-site.ts';
import { LATEST_BACKUP } from '../src/repository/restore-target.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { filesBelow, restoreFrom } from './support/copied-site.ts';
import { countedObjects } from './support/counted-objects.ts';
import { growDatabase } from './support/database.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, sameBytes, type TestSite } from './support/site.ts';

const scratch = scratchFolder();
const latest = { scratch, wanted: LATEST_BACKUP };
const now = () => new Date(Date.UTC(2026, 2, 1, 2));
/** More than what is read by one thread: `WORTH_THREADS_BYTES`. */
const LARGE = { transactions: 17, bytesEach: 4 << 20 };
const BLOBS = Number(process.env['COPIED_BLOBS'] ?? 1000);
let made = 0;

/** The first backup of a site, and how it is copied; each time, the requests are counted. */
async function backedUp(
  test: TestSite,
  {
    compression = 'as-is',
    singleWriter = false,
  }: Partial<Pick<CopySettings, 'compression' | 'singleWriter'>> = {},
) {
  const found = await findPlainSite(test.folder, { written: NOTHING_NAMED, purpose: 'backup' });
  const place = join(scratch, `place-${++made}`);
  mkdirSync(place);
  const copy: CopySettings = {
    ...{ url: place, name: 'nas', site: 'plone', keep: 0, appendOnly: false, lockDays: 0 },
    ...{ recipients: [], compression, singleWriter },
  };
  const { site } = found;
  await backUpSite({ ...BY_NODE, site, full: 'as-set', now }, quietContext());
  const push = async () => {
    const folder = folderObjects(place);
    const store = countedObjects(singleWriter ? { ...folder, conditions: 'none' } : folder);
    await pushSite({ site, copy, now, open: async () => store }, quietContext());
    return store.requests;
  };
  return { place, push };
}

describe('a large copy', () => {
  it.each(['as-is', 'zstd'] as const)(
    'of a Data.fs, stored %s, comes back with one request for each data file',
    async (compression) => {
      const test = await newSite(scratch, 5);
      await growDatabase(test.dataFs, LARGE);
      const { place, push } = await backedUp(test, { compression });
      await push();
      const { dataFs, requests } = await restoreFrom(folderObjects(place), latest);
      expect(sameBytes(dataFs, test.dataFs)).toBe(true);
      const ofData = requests.filter((one) => /^GET .*\/data\/.*\.fs(z|\.zst)$/.test(one));
      expect(ofData.length).toBe(1);
    },
  );

  it('of many blobs takes a request for each, none when there is nothing new, and one to bring it back', async () => {
    const test = await newSite(scratch, 5);
    makeBlobDirectory(join(test.folder, 'var/blobstorage'), BLOBS);
    const { place, push } = await backedUp(test);
    expect((await push()).length).toBeLessThan(BLOBS + 30);
    expect((await push()).length).toBeLessThanOrEqual(3);
    const { blobs, requests } = await restoreFrom(folderObjects(place), latest);
    const files = filesBelow(blobs).length;
    expect(files).toBeGreaterThan(BLOBS);
    // Beside the blobs: a data file and its index.
    expect(requests.length).toBeLessThanOrEqual(files + 2 + BLOBS / 1000 + 5);
  });

  it('of many blobs takes two requests for each where the store keeps to no condition', async () => {
    const test = await newSite(scratch, 5);
    makeBlobDirectory(join(test.folder, 'var/blobstorage'), BLOBS);
    const { push } = await backedUp(test, { singleWriter: true });
    expect((await push()).length).toBeLessThan(2 * BLOBS + 60);
    expect((await push()).length).toBeLessThanOrEqual(3);
  });
});
