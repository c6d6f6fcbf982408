import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../support/command.ts';
import { copiedSite, stampOfDay } from '../support/copied-site.ts';
import { describeReal, openDatabase, programOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';
import { siteIn } from '../support/site.ts';

const scratch = scratchFolder();

describeReal('zodb', 'backups that were written out of a copy', () => {
  it('are verified, restored and continued by repozo', async () => {
    const { test, place, states } = await copiedSite(scratch);
    const plain = join(scratch, 'plain');
    await siteIn(scratch).runWell('copy', '--from', place, '--to', plain);
    const repository = join(plain, 'backups');
    const repozo = async (...words: readonly string[]) => {
      const { status, stderr } = await runProgram(programOf('zodb', 'repozo'), words, { cwd: '/' });
      expect([words, status, stderr]).toEqual([words, 0, expect.any(String)]);
    };
    await repozo('-V', '-r', repository);
    mkdirSync(join(scratch, 'out'));
    for (const [day, state] of states.entries()) {
      const output = join(scratch, 'out', `${day}.fs`);
      await repozo('-R', '-r', repository, '-D', stampOfDay(day + 1), '-o', output);
      const restored = openDatabase(output);
      expect([day, restored.problems]).toEqual([day, []]);
      expect(readFileSync(output).equals(state)).toBe(true);
    }
    await repozo('-B', '-z', '-Q', '-r', repository, '-f', test.dataFs);
    const output = join(scratch, 'out/newest.fs');
    await repozo('-R', '-r', repository, '-o', output);
    expect(openDatabase(output).problems).toEqual([]);
  });
});
