import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const BACK_UP = ['backup', '--keep', '1', '--no-blobs'];
const FULL = [...BACK_UP, '--full'];

/** Backs up two transactions, loses them, and goes on. Gives the name of the backup that has them. */
async function loseEnd(site: TestSite, { words = FULL } = {}): Promise<string> {
  const before = join(site.folder, 'before.fs');
  copyFileSync(site.dataFs, before);
  await growDatabase(site.dataFs, { transactions: 2 });
  await site.runWell(...words);
  copyFileSync(before, site.dataFs);
  rmSync(`${site.dataFs}.index`, { force: true });
  await growDatabase(site.dataFs, { transactions: 1 });
  return site.dataFiles().at(-1) ?? '';
}

async function expectHeld(site: TestSite, holder: string): Promise<void> {
  for (const words of [BACK_UP, FULL, FULL]) {
    await growDatabase(site.dataFs, { transactions: 1 });
    const { stderr } = await site.runWarned(...words);
    expect(stderr).toContain(`lacks the last transactions of "${holder}"`);
    expect(site.dataFiles()).toContain(holder);
  }
}

describe('a loss that stood before', () => {
  it('still stands after a restore of the backup that lacks the same, and a pack', async () => {
    const site = await newSite(scratch, 5);
    const holder = await loseEnd(site);
    await site.runWarned(...BACK_UP);
    await site.runWarned('restore', '-n', '--no-blobs');
    await growDatabase(site.dataFs, { transactions: 1 });
    await packDatabase(site.dataFs);
    await expectHeld(site, holder);
  });

  it('still stands after an older restore was undone', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell(...BACK_UP);
    await site.runWell('restore', '-n', '--no-blobs');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell(...BACK_UP);
    const holder = await loseEnd(site, { words: BACK_UP });
    await site.runWarned(...BACK_UP);
    await site.runWell('restore', '--undo', '-n', '--no-blobs');
    await expectHeld(site, holder);
  });

  it('ends with a restore of what has it, and so does what that took away', async () => {
    const site = await newSite(scratch, 5);
    const holder = await loseEnd(site);
    await site.runWarned(...BACK_UP);
    await site.runWell('restore', holder.slice(0, 19), '-n', '--no-blobs');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell(...FULL);
    expect(site.dataFiles()).toHaveLength(1);
  });
});
