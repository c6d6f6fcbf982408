import { readFileSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { growDatabase } from '../support/database.ts';
import { answerYes, zodbvaultWords } from '../support/question.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

/** A site with a backup that has grown since. */
async function grownSite(): Promise<TestSite> {
  const site = await newSite(scratch, 3);
  await site.runWell('backup');
  await growDatabase(site.dataFs, { transactions: 1 });
  return site;
}

function asked(site: TestSite, words: readonly string[], meanwhile: () => Promise<unknown>) {
  return answerYes(zodbvaultWords('restore', ...words), { cwd: site.folder, meanwhile });
}

const REFUSED = { status: 1, stderr: expect.stringMatching(/Cannot .*: meanwhile, /) };

describe('what somebody has agreed to', () => {
  it('is what is restored: not a backup that was made meanwhile', async () => {
    const site = await grownSite();
    const grown = readFileSync(site.dataFs, 'hex');
    const result = await asked(site, [], () => site.runWell('backup'));
    expect(result).toEqual(REFUSED);
    expect(readFileSync(site.dataFs, 'hex')).toBe(grown);
    expect((await asked(site, [], async () => {})).status).toBe(0);
  });

  it('is not a restore over what another one has restored, or over what nobody saw', async () => {
    const site = await grownSite();
    expect(await asked(site, [], () => site.runWell('restore', '-n'))).toEqual(REFUSED);
    const away = `${site.dataFs}.away`;
    renameSync(site.dataFs, away); // The blobs are there, so that it asks.
    const back = async () => renameSync(away, site.dataFs);
    expect(await asked(site, [], back)).toEqual(REFUSED);
    rmSync(site.dataFs);
    expect((await asked(site, [], async () => {})).status).toBe(0);
  });

  it('is what is undone, or removed', async () => {
    const site = await grownSite();
    const grown = readFileSync(site.dataFs, 'hex');
    await site.runWell('restore', '-n');
    const undone = await asked(site, ['--undo'], () => site.runWell('restore', '--undo', '-n'));
    expect(undone).toEqual(REFUSED);
    expect(readFileSync(site.dataFs, 'hex')).toBe(grown);
    const discarded = await asked(site, ['--discard-old'], () => site.runWell('restore', '-n'));
    expect(discarded).toEqual(REFUSED);
    await site.runWell('restore', '--undo', '-n');
    expect(readFileSync(site.dataFs, 'hex')).toBe(grown);
  });

  it('counts for a script, too', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['backup_blobs = false']));
    await site.scriptWell('backup');
    await growDatabase(site.dataFs, { transactions: 1 });
    const meanwhile = () => site.scriptWell('backup');
    const script = site.path('bin/restore');
    expect(await answerYes([script], { cwd: '/', meanwhile })).toEqual(REFUSED);
    await site.scriptWell('restore', '-n');
    const undone = await answerYes([script, '--undo'], {
      cwd: '/',
      meanwhile: () => site.scriptWell('restore', '--undo', '-n'),
    });
    expect(undone).toEqual(REFUSED);
  });
});
