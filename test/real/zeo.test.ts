import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { COMMAND } from '../support/command.ts';
import { killRun } from '../support/process.ts';
import { describeReal } from '../support/real-parts.ts';
import { restoreEach } from '../support/restored-points.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn } from '../support/site.ts';
import { startZeoServer } from '../support/zeo-server.ts';
import { startZeoWriters } from '../support/zeo-writers.ts';

const scratch = scratchFolder();
const SEED = 15;
const ROUNDS = 4;

describeReal('zodb', 'ZEO server with four clients that write, and packs', () => {
  it('gives points that ZODB opens, with every object and every blob, whatever is killed', async () => {
    const site = siteIn(join(scratch, 'site'));
    const server = await startZeoServer(site, 'zodb');
    const writers = await startZeoWriters(server, SEED);
    const random = randomFrom(SEED);
    const finished = new Set<string>();
    const backUp = async (...words: readonly string[]) => {
      await site.runWell('backup', ...words);
      finished.add(site.dataFiles().at(-1)?.slice(0, 19) ?? '');
    };
    let kills = 0;
    const kill = async () => {
      const how = { cwd: site.folder, afterMs: 200 + random.below(1500) };
      if (await killRun([process.execPath, COMMAND, 'backup'], how)) kills++;
    };
    for (let round = 0; round < ROUNDS; round++) {
      await backUp();
      await Promise.all([backUp(), writers.pack()]);
      await kill();
      await backUp('--full');
      if (round % 2 === 0) await server.killAndStart();
      await Promise.all([backUp('--no-quick'), pause(random.below(800)).then(writers.pack)]);
      await kill();
    }
    const written = await writers.stop();
    await server.stop();
    await backUp();

    const points = await restoreEach(site);
    for (const { stamp, status, said, opened } of points) {
      const isFinished = finished.has(stamp);
      const point = JSON.stringify({ stamp, isFinished, status, said });
      expect(opened?.problems ?? [], point).toEqual([]);
      if (isFinished) expect(status, point).toBe(0);
    }
    const sum = (of: 'records' | 'blobs' | 'documents') =>
      points.reduce((total, { opened }) => total + (opened?.[of] ?? 0), 0);
    expect(sum('documents')).toBeGreaterThan(0);
    expect(written.packs).toBe(2 * ROUNDS);
    console.info(
      `ZEO: ${written.commits} commits, ${written.packs} packs, ${kills} kills of backups, ` +
        `${ROUNDS / 2} of the server; ${points.length} points restored, ` +
        `${sum('records')} records and ${sum('blobs')} blobs read by ZODB`,
    );
  });
});
