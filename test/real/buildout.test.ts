import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { blobContents, type Stage, stagesOf } from '../support/history.ts';
import { killRun } from '../support/process.ts';
import { nextSecond, realBuildoutIn } from '../support/real-buildout.ts';
import { describeReal, openDatabase, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { sameBytes } from '../support/site.ts';

const scratch = scratchFolder();

describeReal('zodb', 'buildout with the real recipe', () => {
  it('is backed up by its scripts and by ours in turn; either restores what the other made', async () => {
    const folder = join(scratch, 'site');
    const lines = ['keep = 0', 'keep_blob_days = 0'];
    const { site, run, script, take } = realBuildoutIn(folder, lines);
    const { dataFs, repository } = site;
    const blobs = join(folder, 'var/blobstorage');
    const random = randomFrom(6);
    const points = new Map<string, Stage & { readonly by: string }>();
    let kills = 0;
    let turn = 0;
    for await (const stage of stagesOf(site, 'packs')) {
      const by = turn++ % 2 === 0 ? 'recipe' : 'zodbvault';
      await take(by);
      await nextSecond();
      const afterMs = random.below(1200);
      if (await killRun([script('backup'), '-q'], { cwd: folder, afterMs })) kills++;
      await nextSecond();
      await run(script('backup'), '-q');
      points.set(site.dataFiles().at(-1)?.slice(0, 19) ?? '', { ...stage, by });
    }
    expect(new Set([...points.values()].map(({ by }) => by)).size).toBe(2);

    await site.runWell('verify');
    await run(programOf('zodb', 'repozo'), '-V', '-r', repository);
    for (const whose of ['zodbvault', 'recipe'] as const) {
      await take(whose);
      for (const [stamp, { name, by, ...was }] of points) {
        rmSync(dataFs);
        rmSync(blobs, { recursive: true });
        await nextSecond();
        await run(script('restore'), '-n', stamp);
        const got = { same: sameBytes(dataFs, was.dataFs), blobs: blobContents(blobs) };
        expect({ name, by, whose, ...got }).toEqual({
          name,
          by,
          whose,
          same: true,
          blobs: was.blobs,
        });
        expect(openDatabase(dataFs, { blobs }).problems).toEqual([]);
      }
    }
    console.info(
      `buildout: ${points.size} points of the recipe's scripts and of ours, each restored by both; ${kills} kills`,
    );
  });
});
