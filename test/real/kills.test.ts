import { join } from 'node:path';
import { expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { COMMAND } from '../support/command.ts';
import { killRun } from '../support/process.ts';
import { describeReal, openDatabase } from '../support/real-parts.ts';
import { restoreEach } from '../support/restored-points.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn } from '../support/site.ts';
import { startZeoServer } from '../support/zeo-server.ts';
import { startZeoWriters } from '../support/zeo-writers.ts';

const scratch = scratchFolder();
const SEED = Number(process.env['KILLS_SEED'] ?? Date.now() % 2 ** 31);
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 4);
const BACKUP = ['backup', '--keep', '2'] as const;

describeReal('zodb', 'kills beside a ZEO server that is written to', () => {
  it('of backups and restores leave every finished backup restorable', async () => {
    console.info(`Kills: KILLS_SEED=${SEED}`);
    const random = randomFrom(SEED);
    const site = siteIn(join(scratch, 'site'));
    const server = await startZeoServer(site, 'zodb');
    const writers = await startZeoWriters(server, SEED);
    const kills = { backup: 0, restore: 0 };
    const kill = async (what: keyof typeof kills, words: readonly string[]) => {
      const how = {
        cwd: site.folder,
        afterMs: 200 + random.below(1200),
        whole: random.below(2) === 0,
      };
      if (await killRun([process.execPath, COMMAND, ...words], how)) kills[what]++;
    };
    const finished = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      for (let count = 0; count < 4; count++) {
        const deep = ['--verify-after-backup', 'deep'];
        await kill('backup', [...BACKUP, ...random.pick([[], ['--full'], deep, ['--no-gzip']])]);
      }
      if (random.below(3) === 0) await writers.pack();
      await site.runWell(...BACKUP);
      finished.add(site.dataFiles().at(-1)?.slice(0, 19) ?? '');
      await kill('restore', ['restore', '-n', '--to', 'beside']);
    }
    const written = await writers.stop();
    await server.stop();

    const points = await restoreEach(site);
    const found = { records: 0, blobs: 0 };
    for (const { stamp, status, said, opened } of points) {
      expect({ stamp, said, problems: opened?.problems ?? [] }).toMatchObject({ problems: [] });
      if (!finished.has(stamp)) continue;
      expect({ stamp, said, status }).toMatchObject({ status: 0 });
      const words = ['restore', '-n', stamp];
      await kill('restore', words);
      await kill('restore', words);
      await site.runWell(...words);
      expect(openDatabase(site.dataFs, { blobs: server.blobs })).toEqual(opened);
      found.records += opened?.records ?? 0;
      found.blobs += opened?.blobs ?? 0;
    }
    expect(found.blobs).toBeGreaterThan(0);
    console.info(
      `Kills: ${kills.backup} of backups and ${kills.restore} of restores beside ${written.commits} commits; ` +
        `${points.length} points restored, ${found.records} records and ${found.blobs} blobs read by ZODB`,
    );
  });
});
