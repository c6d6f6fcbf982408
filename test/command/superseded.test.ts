import { copyFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT_OID } from '../../src/filestorage/oid.ts';
import { growDatabase, openDatabase } from '../support/database.ts';
import { packDatabase } from '../support/pack.ts';
import { BASIC_PROGRAMS, pathWith } from '../support/programs.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, siteIn, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

/** An rsync that copies nothing: the Data.fs is backed up, and its blobs are not. */
const BROKEN = pathWith(join(scratch, 'programs'), {
  programs: [...BASIC_PROGRAMS, 'node'],
  scripts: { rsync: 'exit 12' },
});

async function backUpWithoutBlobs(site: TestSite, ...words: readonly string[]): Promise<void> {
  const env = { PATH: BROKEN, ZODBVAULT_USE_RSYNC: 'true' };
  expect((await site.run(['backup', ...words], { env })).status).toBe(1);
}

const blobsOf = (site: TestSite) =>
  readdirSync(join(site.folder, 'var/blobstoragebackups')).filter((name) => /-\d\d$/.test(name));

async function setRoot({ dataFs }: TestSite, value: number): Promise<void> {
  await using writer = await openDatabase(dataFs);
  const state = { kind: 'mapping', data: new Map([['value', value]]) } as const;
  await writer.commit({ changes: [{ kind: 'state', oid: ROOT_OID, state }] });
}

describe('a backup that a failed run has left without its blobs', () => {
  it('goes when the next one is complete', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 1 });
    await backUpWithoutBlobs(site);
    await growDatabase(site.dataFs, { transactions: 1 });
    await backUpWithoutBlobs(site, '--full');
    const planned = await site.runWell('backup', '--full', '--dry-run');
    const [first, ...left] = site.dataFiles();
    for (const name of left) expect(planned.stdout + planned.stderr).toContain(name);
    await site.runWell('backup', '--full');
    expect(site.dataFiles()).toEqual([first, expect.stringMatching(/\.fsz$/)]);
  });

  it('stays where the next one may lack what it holds', async () => {
    const site = siteIn(join(scratch, 'doubt'));
    await setRoot(site, 0);
    await site.runWell('backup');
    copyFileSync(site.dataFs, `${site.dataFs}.before`);
    await setRoot(site, 1);
    await backUpWithoutBlobs(site);
    const left = site.dataFiles();
    renameSync(`${site.dataFs}.before`, site.dataFs);
    rmSync(`${site.dataFs}.index`, { force: true });
    await setRoot(site, 2);
    await packDatabase(site.dataFs);
    const { stderr } = await site.runWell('backup');
    expect(stderr).toContain('may lack the last transactions of');
    expect(stderr).toContain('incomplete, but kept, because the newest backup may lack something');
    await site.runWell('backup');
    expect(site.dataFiles().slice(0, -1)).toEqual(left);
  });

  it('stays where a restore has put back an earlier state', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 1 });
    await backUpWithoutBlobs(site, '--full');
    const [whole = '', left = ''] = site.dataFiles();
    await site.runWell('restore', '-n', whole.slice(0, 19));
    await growDatabase(site.dataFs, { transactions: 1 });
    const { stderr } = await site.run(['backup', '--full']);
    expect(stderr).toContain('a restore has put back an earlier state');
    expect(site.dataFiles()).toContain(left);
  });

  it('stays where the complete one is of another database', async () => {
    const [site, other] = [await newSite(scratch, 5), await newSite(scratch, 6)];
    await backUpWithoutBlobs(site);
    const left = site.dataFiles();
    await other.run(['backup', '--location', site.repository]);
    expect(site.dataFiles()).toHaveLength(2);
    expect(site.dataFiles()).toEqual(expect.arrayContaining([...left]));
  });
});

describe('backups of which nothing but the marks is lost', () => {
  it('stay with their blobs', async () => {
    const site = await newSite(scratch, 5);
    for (let count = 0; count < 2; count += 1) await site.runWell('backup', '--full');
    const [files, blobs] = [site.dataFiles(), blobsOf(site)];
    for (const name of readdirSync(site.repository).filter((one) => /complete\.json$/.test(one)))
      rmSync(join(site.repository, name));
    await growDatabase(site.dataFs, { transactions: 1 });
    const planned = await site.runWell('backup', '--full', '--dry-run');
    for (const name of files) expect(planned.stdout + planned.stderr).not.toContain(name);
    const { stderr } = await site.runWell('backup', '--full');
    expect(stderr).toContain('its blob backup may still be complete');
    expect(site.dataFiles()).toEqual(expect.arrayContaining([...files]));
    expect(blobsOf(site)).toEqual(expect.arrayContaining(blobs));
  });

  it('count again when verify --deep has found them good', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup', '--full');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--full');
    const [older = '', newest = ''] = site.dataFiles();
    rmSync(join(site.repository, `${newest.slice(0, 19)}.complete.json`));
    expect((await site.run(['verify'])).stderr).toContain(`verify --deep ${newest.slice(0, 19)}`);
    expect((await site.runWell('list')).stdout).toMatch(/ incomplete /);
    await site.runWell('verify', '--deep');
    expect((await site.runWell('list')).stdout).not.toMatch(/ incomplete /);
    await site.runWell('verify');
    await site.runWell('restore', '-n', '--to', 'out');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--full', '--keep', '2');
    expect(site.dataFiles()).toEqual([newest, expect.not.stringMatching(older)]);
  });

  it('stay without their blobs, too, where no run has failed', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup');
    const [file = ''] = site.dataFiles();
    rmSync(join(site.repository, `${file.slice(0, 19)}.complete.json`));
    rmSync(join(site.folder, 'var/blobstoragebackups'), { recursive: true });
    await growDatabase(site.dataFs, { transactions: 1 });
    const { stderr } = await site.runWell('backup', '--full');
    expect(stderr).toContain('zodbvault knows no run that failed to finish it');
    expect(site.dataFiles()).toContain(file);
  });
});
