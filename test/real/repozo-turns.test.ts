import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { type HistoryName, type Stage, stagesOf } from '../support/history.ts';
import { killRun } from '../support/process.ts';
import { describeReal, openDatabase, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { sameBytes, siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const counts = { points: 0, kills: 0 };

type Words = readonly [string, ...string[]];

/** The programs that take turns, whole command lines. Two and three cycles: each follows each. */
function turnsIn({ repository, dataFs }: TestSite): readonly Words[] {
  const repozo = programOf('zodb', 'repozo');
  const ours = [process.execPath, COMMAND] as const;
  const what = ['-r', repository, '-f', dataFs];
  const turns: readonly Words[] = [
    [repozo, '-B', '-z', '-Q', ...what],
    [...ours, 'backup', '--no-blobs'],
    [repozo, '-B', '-z', ...what],
    [...ours, 'repozo', '-B', '-z', '-Q', ...what],
    [...ours, 'backup', '--no-blobs', '--no-quick'],
  ];
  return turns;
}

describeReal('zodb', 'repository that repozo and zodbvault continue by turns', () => {
  afterAll(() => {
    console.info(
      `repozo: ${counts.points} points restored by repozo, by zodbvault and by its repozo, ` +
        `byte for byte, after ${counts.kills} kills`,
    );
  });

  const histories: readonly HistoryName[] = ['undo', 'packs', 'conflicts'];
  it.each(histories)(
    '%s: is restored byte for byte by both, whichever is killed',
    async (history) => {
      const site = siteIn(join(scratch, history));
      const random = randomFrom(histories.indexOf(history) + 1);
      mkdirSync(site.repository, { recursive: true });
      const turns = turnsIn(site);
      const points = new Map<string, Stage>();
      let turn = 0;
      for await (const stage of stagesOf(site, history)) {
        for (const kind of ['killed', 'whole'] as const) {
          const words = turns[turn++ % turns.length] ?? turns[0];
          if (words === undefined) throw new Error('no turns');
          await nextSecond(); // repozo refuses a second backup in one second.
          if (kind === 'whole') await runWell(words, site.folder);
          else if (await killRun(words, { cwd: site.folder, afterMs: random.below(700) }))
            counts.kills++;
        }
        points.set(newest(site), stage);
      }
      await runWell([programOf('zodb', 'repozo'), '-V', '-r', site.repository]);
      await site.runWell('verify');
      for (const [stamp, { name, dataFs }] of points) {
        for (const restored of await restoreThreeWays(site, stamp)) {
          expect([name, stamp, sameBytes(restored, dataFs)]).toEqual([name, stamp, true]);
        }
        expect(openDatabase(join(site.folder, 'out/repozo.fs')).problems).toEqual([]);
        counts.points++;
      }
    },
  );
});

async function restoreThreeWays(site: TestSite, stamp: string): Promise<readonly string[]> {
  const folder = join(site.folder, 'out');
  mkdirSync(folder, { recursive: true });
  const [theirs, ours, front] = ['repozo.fs', 'restored', 'front.fs'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const words = ['-R', '-r', site.repository, '-D', stamp, '-o'];
  await runWell([programOf('zodb', 'repozo'), ...words, theirs]);
  await runWell([process.execPath, COMMAND, 'repozo', ...words, front]);
  await site.runWell('restore', '-n', '--no-blobs', '--to', ours, stamp);
  return [theirs, front, join(ours, 'filestorage/Data.fs')];
}

async function runWell([program, ...words]: Words, cwd = '/'): Promise<void> {
  const { status, stderr } = await runProgram(program, words, { cwd });
  if (status !== 0)
    throw new Error(`${program} ${words.join(' ')} ended with ${status}: ${stderr}`);
}

function newest(site: TestSite): string {
  return site.dataFiles().at(-1)?.slice(0, 19) ?? '';
}

function nextSecond(): Promise<void> {
  return pause(1000 - (Date.now() % 1000));
}
