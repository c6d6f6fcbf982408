import { readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();

describe('backups of a damaged Data.fs', () => {
  it('removes nothing old for a Data.fs that has lost its end, and says so', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell('backup', '--no-blobs');
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup', '--no-blobs');
    const good = site.dataFiles();
    const whole = readFileSync(site.dataFs);
    truncateSync(site.dataFs, 3000);
    const cut = await site.run(['backup', '--keep', '1', '--no-blobs']);
    expect(cut.status).toBe(3);
    expect(cut.stderr).toContain(
      `lacks the last transactions of "${good[1]}", which goes up to 20`,
    );
    expect(cut.stderr).toContain('bytes after its last complete transaction');
    const check = await site.run(['check', '--free', 'off']);
    expect([check.status, check.stdout]).toEqual([
      1,
      expect.stringMatching(/WARNING - the last backup ended with 2 warnings/),
    ]);
    // What is committed afterwards doesn't bring the lost end back.
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.run(['backup', '--full', '--keep', '1', '--no-blobs']);
    await site.run(['backup', '--keep', '1', '--no-blobs']);
    expect(site.dataFiles()).toEqual(expect.arrayContaining([...good]));
    await site.runWell('restore', good[1]?.slice(0, 19) ?? '', '-n', '--no-blobs');
    expect(readFileSync(site.dataFs).equals(whole)).toBe(true);
    await site.runWell('backup', '--full', '--keep', '1', '--no-blobs');
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('removes nothing old where the server went on before the loss was seen, however many backups follow', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell('backup', '--no-blobs');
    const [good = ''] = site.dataFiles();
    const whole = readFileSync(site.dataFs);
    truncateSync(site.dataFs, 3000);
    const words = ['backup', '--full', '--keep', '1', '--no-blobs'];
    for (let count = 1; count <= 3; count += 1) {
      await growDatabase(site.dataFs, { transactions: 1 });
      const { stderr } = await site.runWarned(...words);
      expect(stderr).toContain(`lacks the last transactions of "${good}"`);
    }
    expect(site.dataFiles()).toContain(good);
    await site.runWell('restore', good.slice(0, 19), '-n', '--no-blobs');
    expect(readFileSync(site.dataFs).equals(whole)).toBe(true);
    await site.runWell(...words);
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('knows its Data.fs by whatever path it is reached', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell('backup', '--no-blobs');
    const [good = ''] = site.dataFiles();
    truncateSync(site.dataFs, 3000);
    await growDatabase(site.dataFs, { transactions: 1 });
    const link = `${site.folder}-current`;
    symlinkSync(site.folder, link);
    const places = ['--datafs', `${link}/var/filestorage/Data.fs`, '--location', site.repository];
    for (let count = 1; count <= 2; count += 1) {
      const { stderr } = await site.runWarned('backup', '--full', '--keep', '1', ...places);
      expect(stderr).toContain(`lacks the last transactions of "${good}"`);
    }
    expect(site.dataFiles()).toContain(good);
  });

  it('takes no restore for the cause of a loss of what it had put back', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell('backup', '--no-blobs');
    const [good = ''] = site.dataFiles();
    await site.runWell('restore', '-n', '--no-blobs');
    truncateSync(site.dataFs, 3000);
    await growDatabase(site.dataFs, { transactions: 1 });
    const words = ['backup', '--full', '--keep', '1', '--no-blobs'];
    for (let count = 1; count <= 2; count += 1) {
      expect((await site.runWarned(...words)).stderr).toContain(
        `lacks the last transactions of "${good}"`,
      );
    }
    // The log alone tells it, too.
    rmSync(join(site.folder, 'var/filestorage/.Data.fs.zodbvault-restore.json'));
    expect((await site.runWarned(...words)).stderr).toContain(
      `lacks the last transactions of "${good}"`,
    );
    expect(site.dataFiles()).toContain(good);
  });

  it('builds nothing on a data file that was cut, and does not count it', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup', '--no-blobs');
    const [good = ''] = site.dataFiles();
    await site.runWell('backup', '--full', '--no-blobs');
    const [, cut = ''] = site.dataFiles();
    truncateSync(join(site.repository, cut), 100);
    await growDatabase(site.dataFs, { transactions: 1 });
    const { stderr } = await site.runWarned('backup', '--keep', '2', '--no-blobs');
    expect(stderr).toContain(`"${cut}" has 100 bytes now, but the backup wrote another number`);
    expect(site.dataFiles()).toHaveLength(3);
    expect(site.dataFiles()[0]).toBe(good);
    await site.runWell('restore', '-n', '--no-blobs');
  });

  it('removes nothing old for one with other bytes in an old transaction, until they are back', async () => {
    const site = await newSite(scratch, 8);
    await growDatabase(site.dataFs, { transactions: 1, bytesEach: 200_000 });
    await site.runWell('backup', '--no-blobs');
    await growDatabase(site.dataFs, { transactions: 2, bytesEach: 200_000 });
    await site.runWell('backup', '--no-blobs');
    const good = site.dataFiles();
    const whole = readFileSync(site.dataFs);
    const place = whole.length - 300_000;
    writeFileSync(site.dataFs, Buffer.from(whole).fill(0, place, place + 20));
    const words = ['--keep', '1', '--no-blobs'];
    const { stderr } = await site.runWarned('backup', '--no-quick', ...words);
    expect(stderr).toContain(`changed it by hand: at ${place}, in the transaction 04`);
    await site.runWarned('backup', '--full', ...words);
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', ...words);
    expect(site.dataFiles()).toEqual(expect.arrayContaining([...good]));
    expect(site.dataFiles()).toHaveLength(5);
    await site.runWell('restore', good[1]?.slice(0, 19) ?? '', '-n', '--no-blobs');
    expect(readFileSync(site.dataFs).equals(whole)).toBe(true);
    await site.runWell('backup', '--full', ...words);
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('are not made of one that was packed, even where the pack has removed nothing', async () => {
    const site = await newSite(scratch, 1);
    await packDatabase(site.dataFs);
    await growDatabase(site.dataFs, { transactions: 3 });
    await site.runWell('backup', '--no-blobs');
    const before = readFileSync(site.dataFs);
    await packDatabase(site.dataFs);
    expect(readFileSync(site.dataFs)).toHaveLength(before.length);
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--no-quick', '--keep', '1', '--no-blobs');
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('takes no undo for the cause of a loss of what was there before the restore', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell('backup', '--no-blobs');
    const [old = ''] = site.dataFiles();
    const early = readFileSync(site.dataFs);
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup', '--no-blobs');
    const good = site.dataFiles().at(-1) ?? '';
    await site.runWell('restore', old.slice(0, 19), '-n', '--no-blobs');
    await site.runWell('restore', '--undo', '-n', '--no-blobs');
    const words = ['backup', '--full', '--keep', '1', '--no-blobs'];
    writeFileSync(site.dataFs, early);
    for (let count = 1; count <= 2; count += 1) {
      expect((await site.runWarned(...words)).stderr).toContain(
        `lacks the last transactions of "${good}"`,
      );
    }
    expect(site.dataFiles()).toContain(good);
    // The restored state again, by an undo of the undo: that is explained.
    await site.runWell('restore', '-n', good.slice(0, 19), '--no-blobs');
    await site.runWell('restore', old.slice(0, 19), '-n', '--no-blobs');
    await site.runWell('restore', '--undo', '-n', '--no-blobs');
    await site.runWell('restore', '--undo', '-n', '--no-blobs');
    await site.runWell(...words);
  });

  it('takes a Data.fs that was restored to an earlier backup for what it is', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell('backup', '--no-blobs');
    const [early = ''] = site.dataFiles();
    await growDatabase(site.dataFs, { transactions: 2 });
    await site.runWell('backup', '--no-blobs');
    await site.runWell('restore', early.slice(0, 19), '-n', '--no-blobs');
    const { stderr } = await site.runWell('backup', '--keep', '1', '--no-blobs', '-v');
    expect(stderr).toMatch(/Full backup .* \(it was restored at [\d-]{10} [\d:]{8} \(UTC\)\)/);
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('takes an end where an earlier backup ended for lost unless a restore is known of; "delete" says it was meant', async () => {
    const site = await newSite(scratch, 3);
    const words = ['backup', '--keep', '1', '--no-blobs'];
    await site.runWell(...words);
    const { length } = readFileSync(site.dataFs);
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell(...words);
    const [, later = ''] = site.dataFiles();
    // A restore to elsewhere tells nothing of this one.
    await site.runWell('restore', '--to', `${site.folder}/copy.fs`, '-n');
    truncateSync(site.dataFs, length);
    const { stderr } = await site.runWarned(...words);
    expect(stderr).toContain(`lacks the last transactions of "${later}"`);
    expect(stderr).toContain(
      `If you rolled the Data.fs back on purpose, run "zodbvault delete ${stampOf(later)}"`,
    );
    expect(site.dataFiles()).toHaveLength(3);
    await site.runWell('delete', stampOf(later), '-n');
    await site.runWell(...words, '--full');
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('lets no two copies with one path push out what each of them has backed up', async () => {
    const site = await newSite(scratch, 3);
    const words = ['backup', '--keep', '1', '--no-blobs', '--full'];
    await site.runWell(...words);
    const states = [readFileSync(site.dataFs), readFileSync(site.dataFs)];
    for (const turn of [0, 1, 0, 1]) {
      writeFileSync(site.dataFs, states[turn] ?? '');
      await growDatabase(site.dataFs, { transactions: 1 });
      states[turn] = readFileSync(site.dataFs);
      await site.run(words);
    }
    expect(site.dataFiles()).toHaveLength(4);
  });

  it('lacks nothing after a restore was undone', async () => {
    const site = await newSite(scratch, 3);
    const words = ['backup', '--keep', '3', '--no-blobs'];
    await site.runWell(...words);
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell(...words);
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('restore', stampOf(site.dataFiles()[0]), '-n', '--no-blobs');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell(...words);
    await site.runWell('restore', '--undo', '-n', '--no-blobs');
    await site.runWell(...words);
    await site.runWell('restore', '-n', '--no-blobs');
    // What is left behind its end says more than the log.
    const { length } = readFileSync(site.dataFs);
    truncateSync(site.dataFs, length - 100);
    expect((await site.runWarned(...words)).stderr).toContain('lacks the last transactions of');
  });
});

function stampOf(name = ''): string {
  return name.slice(0, 19);
}
