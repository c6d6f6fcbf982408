import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { blobContents, HISTORIES, type Stage, stagesOf } from '../support/history.ts';
import { describeReal, openDatabase } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { sameBytes, siteIn } from '../support/site.ts';

const scratch = scratchFolder();
const counts = { points: 0, records: 0, blobs: 0 };

describeReal('zodb', 'history that ZODB wrote', () => {
  afterAll(() => {
    console.info(
      `Histories: ${counts.points} points restored byte for byte, ` +
        `${counts.records} records and ${counts.blobs} blobs read by ZODB`,
    );
  });

  it.each(HISTORIES)('%s: each point is restored byte for byte, and opened', async (history) => {
    const site = siteIn(join(scratch, history));
    const points = new Map<string, Stage>();
    for await (const stage of stagesOf(site, history)) {
      await site.runWell('backup');
      points.set(site.dataFiles().at(-1)?.slice(0, 19) ?? '', stage);
    }
    await site.runWell('verify', '--deep', '--all');
    const wrapped = history === 'zlib';
    for (const [stamp, { name, dataFs, blobs }] of points) {
      const folder = join(site.folder, 'restored', stamp);
      await site.runWell('restore', '-n', '--to', folder, stamp);
      const restored = join(folder, 'filestorage/Data.fs');
      const restoredBlobs = join(folder, 'blobstorage');
      expect([name, sameBytes(restored, dataFs)]).toEqual([name, true]);
      expect([name, blobContents(restoredBlobs)]).toEqual([name, blobs]);
      const opened = openDatabase(restored, { blobs: restoredBlobs, wrapped });
      expect([name, opened.problems]).toEqual([name, []]);
      counts.points++;
      counts.records += opened.records;
      counts.blobs += opened.blobs;
    }
    expect(points.size).toBeGreaterThan(1);
  });
});
