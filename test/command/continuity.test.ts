import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT_OID } from '../../src/filestorage/oid.ts';
import { growDatabase, makeSite, openDatabase } from '../support/database.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const KEEP_ONE = ['backup', '--keep', '1', '--no-blobs'];
const FULL = [...KEEP_ONE, '--full'];

describe('a backup after a pack that left nothing of the one before', () => {
  it('is like any other where the server keeps Data.fs.old', async () => {
    const site = await youngSite('old');
    for (let day = 1; day <= 3; day += 1) {
      await changeRoot(site, day);
      await packDatabase(site.dataFs, { keepsOld: true });
      const { stderr } = await site.runWell(...KEEP_ONE);
      expect(stderr).not.toContain('Note:');
      expect(site.dataFiles()).toHaveLength(1);
    }
  });

  it('is noted where nothing proves the pack; one full backup from before stays until a deep verification', async () => {
    const site = await youngSite('no-old');
    const [first = ''] = site.dataFiles();
    for (let day = 1; day <= 3; day += 1) {
      await changeRoot(site, day);
      await packDatabase(site.dataFs);
      const { stderr } = await site.runWell(...KEEP_ONE);
      expect(stderr).toContain('may lack the last transactions of');
      expect(stderr).toContain('of its 1 object, 0 are unchanged, 1 has changed, 0 are gone');
      expect(site.dataFiles()).toHaveLength(2);
      expect(site.dataFiles()[0]).toBe(first);
    }
    const check = await site.run(['check', '--free', 'off']);
    expect([check.status, check.stdout]).toEqual([0, expect.stringContaining('OK')]);
    await site.runWell('verify', '--no-blobs');
    await site.runWell(...FULL);
    expect(site.dataFiles()).toContain(first);
    await site.runWell('verify', '--deep', '--no-blobs');
    await site.runWell(...FULL);
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('does not believe an earlier version that took it for a loss, and keeps what was there before', async () => {
    const site = await youngSite('upgrade');
    const [first = ''] = site.dataFiles();
    for (let day = 1; day <= 2; day += 1) {
      await changeRoot(site, day);
      await packDatabase(site.dataFs);
      await site.runWell(...KEEP_ONE);
      if (day === 1) takeForLost(site);
    }
    expect(site.dataFiles()).toHaveLength(2);
    expect(site.dataFiles()[0]).toBe(first);
  });

  it('tells the same beforehand', async () => {
    const site = await youngSite('dry');
    await changeRoot(site, 1);
    await packDatabase(site.dataFs);
    const { stderr, stdout } = await site.runWell(...KEEP_ONE, '--dry-run');
    expect(stderr).toContain('may lack the last transactions of');
    expect(stdout).not.toContain('remove');
    expect(site.dataFiles()).toHaveLength(1);
  });
});

describe('a backup of a Data.fs that has lost its end', () => {
  it('says so after a pack, too, while an object has an older state than was backed up', async () => {
    const site = await newSite(scratch, 8);
    await packDatabase(site.dataFs);
    const whole = readFileSync(site.dataFs);
    await growDatabase(site.dataFs, { transactions: 1 });
    await changeRoot(site, 1);
    await site.runWell(...KEEP_ONE);
    const [good = ''] = site.dataFiles();
    writeFileSync(site.dataFs, whole);
    await growDatabase(site.dataFs, { transactions: 2 });
    await packDatabase(site.dataFs);
    expect((await site.runWarned(...KEEP_ONE)).stderr).toContain(
      `lacks the last transactions of "${good}"`,
    );
    // What goes on from it, lacks the same, even when a pack has removed the proof.
    await changeRoot(site, 2);
    await packDatabase(site.dataFs);
    for (let day = 1; day <= 2; day += 1) {
      expect((await site.runWarned(...FULL)).stderr).toContain(
        `lacks the last transactions of "${good}"`,
      );
    }
    expect(site.dataFiles()).toContain(good);
  });

  it('says so of a new database in its place, which no pack has made', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell(...KEEP_ONE);
    const [good = ''] = site.dataFiles();
    rmSync(site.dataFs);
    rmSync(`${site.dataFs}.index`);
    await makeSite(site.dataFs, 3);
    expect((await site.runWarned(...KEEP_ONE)).stderr).toContain(
      `lacks the last transactions of "${good}"`,
    );
    expect(site.dataFiles()).toContain(good);
  });

  it('says so where the site was copied since, and goes on from the copy of its backups', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell(...KEEP_ONE);
    const [good = ''] = site.dataFiles();
    truncateSync(site.dataFs, 3000);
    await site.runWarned(...KEEP_ONE);
    const copy = siteIn(`${site.folder}-copy`);
    cpSync(site.folder, copy.folder, { recursive: true });
    await growDatabase(copy.dataFs, { transactions: 1 });
    await copy.runWell(...KEEP_ONE);
    const { stderr } = await copy.runWarned(...FULL);
    expect(stderr).toContain(`it lacks the last transactions of "${good}"`);
    expect(copy.dataFiles()).toContain(good);
  });

  it('says so of what a restore from an older full backup had put back', async () => {
    const site = await newSite(scratch, 8);
    await site.runWell('backup', '--no-blobs');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--full', '--no-blobs');
    const [old = ''] = site.dataFiles();
    await site.runWell('restore', old.slice(0, 19), '-n', '--no-blobs');
    truncateSync(site.dataFs, 3000);
    await growDatabase(site.dataFs, { transactions: 1 });
    expect((await site.runWarned(...FULL)).stderr).toContain(
      `lacks the last transactions of "${old}"`,
    );
    expect(site.dataFiles()).toHaveLength(3);
  });
});

describe('a restore over a Data.fs that was packed', () => {
  it('takes it for the same database where Data.fs.old, or a backup, shows it', async () => {
    const site = await youngSite('restore-old');
    await changeRoot(site, 1);
    await packDatabase(site.dataFs, { keepsOld: true });
    const packed = readFileSync(site.dataFs);
    await site.runWell('backup', '--no-blobs');
    expect((await site.runWell('restore', '-n', '--no-blobs')).stderr).not.toContain('Note:');
    const [first = ''] = site.dataFiles();
    writeFileSync(site.dataFs, packed);
    rmSync(`${site.dataFs}.old`);
    const { stderr } = await site.runWell('restore', first.slice(0, 19), '-n', '--no-blobs');
    expect(stderr).not.toContain('has no transaction in common');
  });

  it('notes that it may be another where nothing shows it', async () => {
    const site = await youngSite('restore');
    await changeRoot(site, 1);
    await packDatabase(site.dataFs);
    const refused = await site.run(['restore', '-n', '--no-keep-old', '--no-blobs']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining('may be another'),
    ]);
    const { stderr } = await site.runWell('restore', '-n', '--no-blobs');
    expect(stderr).toContain('has no transaction in common');
  });
});

/** A site with nothing but a root, and its first backup. */
async function youngSite(name: string): Promise<TestSite> {
  const site = siteIn(`${scratch}/${name}`);
  await changeRoot(site, 0);
  await site.runWell(...KEEP_ONE);
  return site;
}

/** Changes the record of the newest backup to what earlier versions wrote. */
function takeForLost(site: TestSite): void {
  const path = join(site.repository, `${site.dataFiles().at(-1)?.slice(0, 19)}.json`);
  const { mayLack, blobs: _, ...record } = JSON.parse(readFileSync(path, 'utf8'));
  expect(mayLack).toBe(true);
  writeFileSync(path, JSON.stringify({ ...record, format: 1, lostEnd: true }));
}

async function changeRoot(site: TestSite, value: number): Promise<void> {
  await using writer = await openDatabase(site.dataFs);
  const data = new Map([['value', value]]);
  await writer.commit({
    changes: [{ kind: 'state', oid: ROOT_OID, state: { kind: 'mapping', data } }],
  });
}
