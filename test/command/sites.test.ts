import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();

const BUILDOUT = `[buildout]
parts = backup
[backup]
recipe = collective.recipe.backup
blob_storage = var/blobstorage
use_rsync = false
keep = 1
[weekly]
recipe = Collective.Recipe.Backup
backup_blobs = false
location = elsewhere
snapshotlocation = elsewhere-snapshots
`;

async function buildoutSite(cfg = BUILDOUT): Promise<TestSite> {
  const site = await newSite(scratch, 5);
  writeFileSync(join(site.folder, 'buildout.cfg'), cfg);
  return site;
}

describe('plain commands in a buildout', () => {
  it('back up all its parts, without install, each with its own settings', async () => {
    const site = await buildoutSite();
    await site.runWell('backup');
    await site.runWell('backup', '--full', '--part', 'backup');
    expect(existsSync(join(site.folder, 'bin'))).toBe(false);
    expect(site.dataFiles().length).toBe(1); // keep = 1
    expect(readdirSync(join(site.folder, 'var/blobstoragebackups'))).toContain('latest');
    const elsewhere = readdirSync(join(site.folder, 'var/elsewhere'));
    expect(elsewhere.filter((name) => name.endsWith('.fsz')).length).toBe(1);
  });

  it('list and verify every folder that is there, with the blobs of each restore point', async () => {
    const site = await buildoutSite();
    await site.runWell('backup');
    await site.runWell('backup', '--kind', 'snapshot', '--part', 'backup');
    const { stdout, stderr: folders } = await site.runWell('list', '-v');
    for (const name of ['var/backups', 'var/snapshotbackups', 'var/elsewhere']) {
      expect(folders).toContain(join(site.folder, name));
    }
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ *Part +Kind +Local time/);
    expect(lines.map((line) => line.trim().split(/ +/).slice(0, 2).join(' ')).sort()).toEqual([
      'backup backup',
      'backup snapshot',
      'weekly backup',
    ]);
    expect(lines.filter((line) => / full .* \d+ +– +–$/.test(line)).length).toBe(2);
    const { points } = documentOf(await site.runWell('list', '--part', 'backup', '--json'));
    const place = { site: 'backup', storage: 'Data' };
    expect(points).toMatchObject([
      { ...place, kind: 'backup', blobs: { state: 'found', match: 'exact' } },
      { ...place, kind: 'snapshot', blobs: { state: 'found' } },
    ]);
    expect((await site.runWell('verify')).stderr.match(/ none damaged/g)?.length).toBe(5);
    const [entry = ''] = readdirSync(join(site.folder, 'var/blobstoragebackups')).filter((name) =>
      name.startsWith('blobstorage.'),
    );
    rmSync(join(site.folder, 'var/blobstoragebackups', entry, 'blobstorage/.layout'));
    const { status, stderr } = await site.run(['verify']);
    expect([status, stderr]).toEqual([1, expect.stringContaining(entry)]);
  });

  it('restore one part, which has to be named if there are several', async () => {
    const site = await buildoutSite();
    await site.runWell('backup');
    const before = readFileSync(site.dataFs);
    await growDatabase(site.dataFs, { transactions: 2 });
    rmSync(join(site.folder, 'var/blobstorage'), { recursive: true });
    const refused = await site.run(['restore', '-n']);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('--part')]);
    await site.runWell('restore', '-n', '--part', 'backup');
    expect(readFileSync(site.dataFs).equals(before)).toBe(true);
    expect(readdirSync(join(site.folder, 'var/blobstorage'))).toContain('.layout');
  });

  it('take the plain folder where no part is a backup part, and say so where one was asked for', async () => {
    const site = await buildoutSite('[buildout]\nparts =\n');
    await site.runWell('backup');
    expect(site.dataFiles().length).toBe(1);
    const { status, stderr } = await site.run(['backup', '-c', 'buildout.cfg']);
    expect([status, stderr]).toEqual([2, expect.stringContaining('collective.recipe.backup')]);
    const mixed = await site.run(['backup', '-c', 'buildout.cfg', '--location', 'x']);
    expect([mixed.status, mixed.stderr]).toEqual([2, expect.stringContaining('--config')]);
  });
});

describe('plain commands in a plain folder', () => {
  it('take the blobs along, share what has not changed, and put them back', async () => {
    const site = await newSite(scratch);
    const blobs = join(site.folder, 'var/blobstorage');
    const names = () => readdirSync(blobs, { recursive: true }).sort();
    const before = names();
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup');
    rmSync(blobs, { recursive: true });
    await site.runWell('restore', '-n');
    expect(names()).toEqual(before.filter((name) => name !== 'tmp'));
  });

  it('say that blobs are left out when the backups go elsewhere, unless told to', async () => {
    const site = await newSite(scratch, 5);
    const { stderr } = await site.runWarned('backup', '--location', 'elsewhere');
    expect(stderr).toContain('--blobbackuplocation');
    expect((await site.runWell('backup', '-q', '--location', 'x', '--no-blobs')).stderr).toBe('');
    const folder = join(site.folder, 'blob-backups');
    await site.runWell('backup', '--location', 'y', '--blobbackuplocation', folder);
    expect(readdirSync(folder)).toContain('latest');
    const restored = await site.runWarned('restore', '-n', '--location', 'elsewhere');
    expect(restored.stderr).toContain('stay as they are');
  });

  it('refuse folders for backups inside the blob directory, and make none there', async () => {
    const site = await newSite(scratch, 3);
    const inside = join(site.folder, 'var/blobstorage/backups');
    const places = (location: string, blobs: string) => [
      ...['--location', location, '--blobbackuplocation', blobs],
    ];
    for (const words of [places(inside, 'x'), places('x', inside)]) {
      const { status, stderr } = await site.run(['backup', ...words]);
      expect([status, stderr]).toEqual([2, expect.stringContaining('inside the blob directory')]);
    }
    const alone = await site.run(['backup', '--location', inside, '--no-blobs']);
    expect([alone.status, alone.stderr]).toEqual([2, expect.stringContaining('inside the blob')]);
    expect(existsSync(inside)).toBe(false);
    expect(existsSync(join(site.folder, 'x'))).toBe(false);
  });

  it('list nothing else where the folder that was named is not there', async () => {
    const site = await newSite(scratch, 3);
    const early = await site.run(['list']);
    expect([early.status, early.stderr]).toEqual([1, expect.stringContaining('Make a backup')]);
    await site.runWell('backup', '--kind', 'snapshot', '--no-blobs');
    const { status, stdout, stderr } = await site.run(['list', '--location', 'nowhere']);
    expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining('--location')]);
  });

  it('refuse a blob directory that has become empty: a disk that is not mounted', async () => {
    const site = await newSite(scratch, 5);
    const blobs = join(site.folder, 'var/blobstorage');
    await site.runWell('backup');
    const before = site.dataFiles();
    rmSync(blobs, { recursive: true });
    mkdirSync(join(blobs, 'tmp'), { recursive: true });
    const { status, stderr } = await site.run(['backup', '--full']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('it is empty')]);
    expect(stderr).toContain('mounted');
    expect(site.dataFiles()).toEqual(before);
    await site.runWell('restore', '-n');
    await site.runWell('backup');
  });

  it('restore the Data.fs alone where no backup of the blobs is there', async () => {
    const site = await newSite(scratch, 5);
    await site.runWell('backup', '--no-blobs');
    mkdirSync(join(site.folder, 'var/blobstorage'), { recursive: true });
    expect((await site.runWarned('restore', '-n')).stderr).toContain('stay as they are');
  });
});
