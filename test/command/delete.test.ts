import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitBlob, dataFilesIn, newBuildoutSite, recipeCfg } from '../support/buildout-site.ts';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, snapshot, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const MOUNTED = ['check', '--free', 'off']; // The disk of the machine that tests may be full.

async function backUpMore(site: TestSite, ...words: readonly string[]): Promise<void> {
  await growDatabase(site.dataFs, { transactions: 2 });
  await site.runWell('backup', ...words);
}

/** Paths and stamps of the data files, oldest first. */
function filesOf(site: TestSite) {
  return site.dataFiles().map((name) => {
    const [stamp = ''] = name.split('.');
    const path = (end: string) => join(site.repository, stamp + end);
    return { name, stamp, path, data: join(site.repository, name) };
  });
}

describe('a data file that is lost', () => {
  it('is named by the next backup, leaves what is left of it, and goes when it is deleted', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    await backUpMore(site);
    await backUpMore(site);
    const [full, lost, needing] = filesOf(site);
    if (full === undefined || lost === undefined || needing === undefined) throw new Error('few');
    rmSync(lost.data);
    const told = await site.runWarned('backup');
    expect(told.stderr).toContain(
      `"${full.stamp}.dat" lists "${lost.name}", which does not exist any more. Without it, zodbvault can restore nothing from ${needing.name}.`,
    );
    expect(told.stderr).not.toContain('interrupted');
    for (const end of ['.json', '.index']) expect(existsSync(lost.path(end))).toBe(true);
    expect(site.dataFiles().map((name) => name.split('.')[1])).toEqual(['fsz', 'deltafsz', 'fsz']);

    // What is bad is older than what is good, but nobody has read that yet.
    expect((await site.run(MOUNTED)).status).toBe(2);
    expect((await site.run(['verify'])).status).toBe(1);
    const checked = await site.run(MOUNTED);
    expect([checked.status, checked.stdout]).toEqual([
      1,
      expect.stringMatching(
        /WARNING - 1 damaged: .*is missing; .*"zodbvault delete --damaged" can remove/,
      ),
    ]);

    const before = snapshot(site.repository);
    const planned = await site.runWell('delete', '--damaged', '--dry-run');
    expect(planned.stdout).toContain(`This will remove ${lost.stamp} from ${site.repository}`);
    expect(planned.stdout).toContain(`restore points that need it: ${needing.stamp}`);
    const answered = await site.run(['delete', '--damaged'], { input: 'no\n' });
    expect(answered.stderr).toContain('Nothing was removed');
    expect(snapshot(site.repository)).toEqual(before);
    const { stderr } = await site.runWell('delete', '--damaged', '-n');
    for (const end of ['.json', '.index']) expect(stderr).toContain(`${lost.stamp}${end}`);
    expect(stderr).toContain(needing.name);
    expect(readFileSync(full.path('.dat'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
    await site.runWell('verify');
    const stillWarned = await site.run(MOUNTED);
    expect(stillWarned.stdout).toContain('WARNING - the last backup ended with a warning');
    await site.runWell('backup');
    expect((await site.run(MOUNTED)).status).toBe(0);
    expect((await site.runWell('delete', '--damaged', '-n')).stderr).toContain('nothing there');
    await site.runWell('show', full.stamp);
    expect((await site.runWell('history')).stdout).toMatch(/ delete .* done/);
  });

  it('that was the full backup makes the next one full, and its increments stay until they are deleted', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    await backUpMore(site, '--full');
    await backUpMore(site);
    const [first, lost, increment] = filesOf(site);
    if (first === undefined || lost === undefined || increment === undefined)
      throw new Error('few');
    rmSync(lost.data);
    const { stderr } = await site.runWarned('backup', '--keep', '1');
    expect(stderr).toContain(`"${lost.stamp}.dat" lists its full backup, which does not exist`);
    expect(filesOf(site).map(({ name }) => name)).toEqual([
      increment.name,
      expect.stringMatching(/\.fsz$/),
    ]);
    expect(existsSync(lost.path('.json'))).toBe(true);
    expect((await site.runWarned('list')).stderr).toContain(
      `Warning: ${lost.stamp}.dat: its full backup is missing\n`,
    );
    await site.runWell('delete', '--damaged', '-n');
    expect(filesOf(site)).toHaveLength(1);
    expect([...snapshot(site.repository).keys()].filter((name) => name < '3')).toHaveLength(6 + 1);
    await site.runWell('verify');
  });
});

describe('zodbvault delete', () => {
  it('reads a suspect again, removes one restore point with what needs it, and never the last', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    await backUpMore(site);
    const [full, increment] = filesOf(site);
    if (full === undefined || increment === undefined) throw new Error('few');
    const whole = join(scratch, 'whole');
    copyFileSync(full.data, whole);
    const damaged = readFileSync(whole);
    damaged.writeUInt8(damaged.readUInt8(200) ^ 1, 200);
    writeFileSync(full.data, damaged);
    expect((await site.run(['verify'])).status).toBe(1);
    const last = await site.run(['delete', '--damaged', '-n']);
    expect([last.status, last.stderr]).toEqual([1, expect.stringContaining('no other backup')]);
    copyFileSync(whole, full.data);
    const again = await site.runWell('delete', '--damaged', '-n');
    expect(again.stderr).toContain(`${full.stamp} in ${site.repository} stays: every byte of it`);
    writeFileSync(full.data, damaged);
    await backUpMore(site);
    expect(documentOf(await site.runWell('delete', full.stamp, '-n', '--json'))).toMatchObject({
      outcome: 'done',
      deletions: [{ reason: 'it was named', points: [full.stamp, increment.stamp] }],
      removed: [{ folder: expect.any(String) }],
    });
    const [left] = filesOf(site);
    expect(filesOf(site)).toHaveLength(1);
    for (const [status, words] of [
      [1, ['1999-01-01-00-00-00']],
      [2, ['1999']],
      [2, [left?.stamp ?? '', '--damaged']],
    ] as const) {
      expect([words, (await site.run(['delete', '-n', ...words])).status]).toEqual([words, status]);
    }
    expect((await site.run(['delete', left?.stamp ?? '', '-n'])).status).toBe(1);
    await site.runWell('delete', left?.stamp ?? '', '-n', '--even-the-last');
    expect(filesOf(site)).toHaveLength(0);
  });

  it('leaves a backup with blobs, if there was one', async () => {
    const cfg = recipeCfg(['blob_storage = var/blobstorage', 'use_rsync = false', 'keep = 2']);
    const site = await newBuildoutSite(scratch, cfg);
    const repository = site.path('var/backups');
    const stamps = () => dataFilesIn(repository).map((name) => name.slice(0, 19));
    await site.run(['backup']);
    await commitBlob(site.dataFs);
    await site.run(['backup', '--full', '--no-blobs']);
    const [first = '', second = ''] = stamps();
    const refused = await site.run(['delete', first, '-n']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining(`in "${repository}": no other backup there has sound blobs`),
    ]);
    expect(stamps()).toEqual([first, second]);
    expect((await site.run(['delete', second, '-n'])).status).toBe(0);
    await commitBlob(site.dataFs);
    await site.run(['backup', '--full']);
    const { status, stdout } = await site.run(['delete', first, '-n']);
    expect(status).toBe(0);
    expect(stdout).toContain(
      `The blob backups of these stay until the next backup, which removes them: blobstorage.${first}`,
    );
    expect(stamps()).toHaveLength(1);
    const copies = () => readdirSync(site.path('var/blobstoragebackups'));
    expect(copies()).toContain(`blobstorage.${first}`);
    await site.run(['backup']);
    expect(copies()).not.toContain(`blobstorage.${first}`);
  });
});
