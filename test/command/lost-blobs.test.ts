import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseBlobPath } from '../../src/filestorage/blob-layout.ts';
import type { Microseconds } from '../../src/filestorage/tid.ts';
import { DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';
import { blobFiles, blobState } from '../support/blobs.ts';
import {
  type BuildoutSite,
  buildoutSiteIn,
  commitBlob,
  dataFilesIn,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, siteIn } from '../support/site.ts';

const scratch = scratchFolder();
const hasRsync = spawnSync('rsync', ['--version']).status === 0;

/** Commits another revision of a blob. */
async function commitAgain({ dataFs, blobs }: BuildoutSite, path: string): Promise<void> {
  const revision = parseBlobPath(path);
  if (revision === undefined) throw new Error(`${path} is no blob`);
  await using writer = await DatabaseWriter.open({
    path: dataFs,
    blobs: { path: blobs, layout: 'bushy' },
    now: () => (BigInt(Date.now()) * 1000n) as Microseconds,
    sync: 'on-close',
  });
  const content = Buffer.from('changed');
  await writer.commit({ changes: [{ kind: 'blob', oid: revision.oid, content }] });
}

describe('an empty blob directory', () => {
  it('is told at the first backup, if the Data.fs refers to blobs', async () => {
    const site = await newSite(scratch);
    const blobs = join(site.folder, 'var/blobstorage');
    mkdirSync(blobs, { recursive: true });
    const none = siteIn(join(scratch, 'site-without-blobs'));
    await growDatabase(none.dataFs, { transactions: 2 });
    mkdirSync(join(none.folder, 'var/blobstorage'), { recursive: true });
    await none.runWell('backup');
    await commitBlob(site.dataFs);
    rmSync(blobs, { recursive: true });
    mkdirSync(join(blobs, 'tmp'), { recursive: true });
    writeFileSync(join(blobs, '.layout'), 'bushy');
    const { stderr } = await site.runWarned('backup');
    expect(stderr).toContain(`"${blobs}" is empty, but the Data.fs refers to blobs`);
  });
});

describe('blobs that the live site has lost', () => {
  it.each(hasRsync ? ['false', 'true'] : ['false'])(
    'push no copies out that have them, until they are back; a pack explains what the Data.fs holds no more (use_rsync = %s)',
    async (rsync) => {
      const options = ['blob_storage = var/blobstorage', `use_rsync = ${rsync}`];
      const cfg = recipeCfg([...options, 'full = true', 'keep = 1']);
      const site = await newBuildoutSite(scratch, cfg);
      const folder = site.path('var/blobstoragebackups');
      const entries = () => namesIn(folder).filter((name) => name !== 'latest');
      const backUp = async () => {
        await commitBlob(site.dataFs);
        const { stdout, stderr } = await site.scriptWell('backup');
        return stdout + stderr;
      };
      await backUp();
      const [first = ''] = entries();
      const [lost = '', cut = ''] = blobFiles(site.blobs);
      rmSync(join(site.blobs, lost));
      truncateSync(join(site.blobs, cut), 1);
      for (const count of [2, 3]) {
        const said = await backUp();
        expect(said).toContain(`2 blobs of "${join(folder, first)}": "${lost}" and 1 more.`);
        expect([entries().length, dataFilesIn(site.path('var/backups')).length]).toEqual([
          count,
          count,
        ]);
        expect(blobState(join(folder, 'latest/blobstorage'))).toEqual(blobState(site.blobs));
      }
      const dry = await site.run(['backup', '--dry-run', '--json']);
      expect(documentOf(dry).plans).toMatchObject([{ removals: [] }]);
      for (const path of [lost, cut]) {
        copyFileSync(join(folder, first, 'blobstorage', path), join(site.blobs, path));
      }
      expect(await backUp()).not.toContain('lost');
      expect([entries().length, entries().includes(first)]).toEqual([1, false]);

      await commitAgain(site, lost);
      await backUp();
      await packDatabase(site.dataFs);
      rmSync(join(site.blobs, lost));
      expect(await backUp()).not.toContain('lost');
      expect(entries()).toHaveLength(1);
      expect(readFileSync(join(folder, 'latest/.zodbvault.json'), 'utf8')).not.toContain('lost');

      const [holder = ''] = entries();
      await packDatabase(site.dataFs);
      rmSync(join(site.blobs, cut));
      expect(await backUp()).toContain(`a blob of "${join(folder, holder)}": "${cut}".`);
      expect(entries()).toHaveLength(2);
    },
  );

  it('are missed until all are back, also those that were too many to be recorded by name', async () => {
    const options = ['blob_storage = var/blobstorage', 'use_rsync = false', 'keep = 1'];
    const site = await newBuildoutSite(scratch, recipeCfg([...options, 'full = true']));
    const folder = site.path('var/blobstoragebackups');
    const fulls = () => dataFilesIn(site.path('var/backups'));
    const backUp = async () => {
      await commitBlob(site.dataFs);
      const { stdout, stderr } = await site.scriptWell('backup');
      return stdout + stderr;
    };
    await commitBlob(site.dataFs);
    await backUp();
    const [holder = ''] = namesIn(folder);
    const [first = '', ...others] = blobFiles(site.blobs).slice(0, 3);
    const putBack = (path: string) =>
      copyFileSync(join(folder, holder, 'blobstorage', path), join(site.blobs, path));
    for (const path of [first, ...others]) rmSync(join(site.blobs, path));
    const notRecorded = () => {
      const path = join(folder, 'latest/.zodbvault.json');
      const record = JSON.parse(readFileSync(path, 'utf8'));
      record.lost[0].paths = [first];
      writeFileSync(path, JSON.stringify(record));
      return record.lost[0].count;
    };
    await backUp();
    expect(notRecorded()).toBe(3);
    putBack(first);
    const without = await site.run(['backup', '--no-blobs']);
    expect(without.stderr).toContain('zodbvault deletes no old backup until they are back');
    expect(fulls()[0]?.slice(0, 19)).toBe(holder.slice('blobstorage.'.length));
    expect(await backUp()).toContain(`has lost 2 blobs of "${join(folder, holder)}": `);
    expect(notRecorded()).toBe(2);
    others.forEach(putBack);
    expect(await backUp()).not.toContain('lost');
    expect(fulls()).toHaveLength(1);
  });

  it('are named with the numbered copy that has them, and forgotten when that is removed', async () => {
    const options = ['blob_storage = var/blobstorage', 'use_rsync = false'];
    const cfg = recipeCfg([...options, 'blob_timestamps = false', 'keep = 1']);
    const site = await newBuildoutSite(scratch, cfg);
    const folder = site.path('var/blobstoragebackups');
    const backUp = async () => {
      const { stdout, stderr } = await site.scriptWell('backup');
      return stdout + stderr;
    };
    expect(await backUp()).not.toContain('lost');
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    // All of one moment of the Data.fs.
    for (const holder of ['blobstorage.1', 'blobstorage.2']) {
      expect(await backUp()).toContain(`has lost a blob of "${join(folder, holder)}": "${lost}".`);
      expect(namesIn(folder)).toContain(holder);
    }
    rmSync(join(folder, 'blobstorage.2'), { recursive: true });
    expect(await backUp()).not.toContain('lost');
  });

  it('hold what belongs to no Data.fs backup any more, even where the copy of this moment has them', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const folder = site.path('var/blobstoragebackups');
    const entries = () => namesIn(folder).filter((name) => /^blobstorage\.\d/.test(name));
    await site.run(['backup']);
    await commitBlob(site.dataFs);
    await site.run(['backup', '--full']);
    const [first = '', second = ''] = entries();
    // It has no number of backups to keep.
    const { stdout } = await site.run(['delete', first.slice('blobstorage.'.length), '-n']);
    expect(stdout).toContain(
      `The blob backups of these stay, because with keep 0 no backup deletes any. To delete them:\n    zodbvault delete ${first}\n`,
    );
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    appendFileSync(join(folder, second, 'blobstorage', lost), '!');
    const { status, stderr } = await site.run(['backup']);
    expect(status).toBe(3);
    expect(stderr).toContain(`has lost a blob of "${join(folder, second)}": "${lost}".`);
    expect(stderr).toContain('that copy is damaged, too');
    expect(entries()).toEqual([first, second]);
  });

  it('hold nothing any more when the Data.fs was set back to before them, but do after a pack that kept them', async () => {
    const options = ['blob_storage = var/blobstorage', 'use_rsync = false', 'keep = 1'];
    const site = await newBuildoutSite(scratch, recipeCfg(options));
    const fulls = () => dataFilesIn(site.path('var/backups'));
    await site.run(['backup', '--full', '--keep', '0']);
    const [first = ''] = fulls();
    const before = new Set(blobFiles(site.blobs));
    await commitBlob(site.dataFs);
    await site.run(['backup', '--full', '--keep', '0']);
    const lost = blobFiles(site.blobs).find((path) => !before.has(path)) ?? '';
    rmSync(join(site.blobs, lost));
    expect((await site.run(['backup', '--full'])).stderr).toContain(`"${lost}". No pack did that`);
    await packDatabase(site.dataFs);
    expect((await site.run(['backup'])).stderr).toContain(`"${lost}". No pack did that`);
    expect(fulls()).toHaveLength(4);
    expect((await site.run(['restore', first.slice(0, 19), '-n'])).status).toBe(0);
    await commitBlob(site.dataFs);
    const { status, stderr } = await site.run(['backup']);
    expect([status, stderr]).toEqual([0, expect.stringContaining('keeps no backup for them')]);
    expect(fulls()).toHaveLength(1);
  });

  it('are told from those that a pack took, also where repozo made the newest backup', async () => {
    const options = ['blob_storage = var/blobstorage', 'use_rsync = false'];
    const site = await newBuildoutSite(scratch, recipeCfg(options));
    const repository = site.path('var/backups');
    await commitBlob(site.dataFs);
    const [former = '', lost = ''] = blobFiles(site.blobs);
    await commitAgain(site, former);
    await site.scriptWell('backup');
    const [holder = ''] = namesIn(site.path('var/blobstoragebackups'));
    await packDatabase(site.dataFs);
    for (const path of [former, lost]) rmSync(join(site.blobs, path));
    await site.run(['repozo', '-B', '-r', repository, '-f', site.dataFs]);
    const stamp = dataFilesIn(repository).at(-1)?.slice(0, 19);
    for (const end of ['json', 'index']) rmSync(join(repository, `${stamp}.${end}`));
    const { status, stderr } = await site.run(['backup']);
    expect([status, stderr]).toEqual([
      3,
      expect.stringMatching(`has lost a blob of ".*/${holder}": "${lost}"[.]`),
    ]);
    expect(dataFilesIn(repository)).toHaveLength(2);
  });

  it.each(['blob_storage', 'blobbackuplocation', 'all of the site'])(
    'hold also when another place is configured, until they are back there: %s',
    async (what) => {
      const lines = ['full = true', 'keep = 1'];
      let site = await newBuildoutSite(
        scratch,
        recipeCfg(['blob_storage = var/blobstorage', ...lines]),
      );
      const copies = 'var/blobstoragebackups';
      await commitBlob(site.dataFs);
      await site.scriptWell('backup');
      const [lost = ''] = blobFiles(site.blobs);
      rmSync(join(site.blobs, lost));
      await commitBlob(site.dataFs);
      await site.scriptWell('backup');
      let blobs = 'var/blobstorage';
      if (what === 'blob_storage') {
        blobs = 'var/blobs';
        renameSync(site.blobs, site.path(blobs));
        site.configure(recipeCfg([`blob_storage = ${blobs}`, ...lines]));
      } else if (what === 'blobbackuplocation') {
        site.configure(recipeCfg([`blob_storage = ${blobs}`, `${what} = var/copies`, ...lines]));
      } else {
        renameSync(site.folder, `${site.folder}-moved`);
        site = buildoutSiteIn(`${site.folder}-moved`);
      }
      await site.install();
      const backUp = async () => {
        await commitBlob(site.dataFs, site.path(blobs));
        return (await site.script('backup')).stderr;
      };
      expect(await backUp()).toContain('has lost');
      expect(await backUp()).toContain('zodbvault deletes no old backup');
      expect(dataFilesIn(site.path('var/backups'))).toHaveLength(4);
      const [holder = ''] = namesIn(site.path(copies)).filter((one) =>
        one.startsWith('blobstorage.'),
      );
      copyFileSync(site.path(copies, holder, 'blobstorage', lost), site.path(blobs, lost));
      expect(await backUp()).not.toContain('has lost');
      expect(dataFilesIn(site.path('var/backups'))).toHaveLength(1);
    },
  );

  it('hold while archives are made, or no blobs at all, until they are back in any layout', async () => {
    const options = ['blob_storage = var/blobstorage', 'use_rsync = false', 'keep = 1'];
    const site = await newBuildoutSite(scratch, recipeCfg(options));
    const folder = site.path('var/blobstoragebackups');
    const fulls = () => dataFilesIn(site.path('var/backups')).length;
    await site.scriptWell('backup');
    const [holder = ''] = namesIn(folder);
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    await site.run(['backup', '--full']);
    site.configure(recipeCfg([...options, 'archive_blob = true']));
    for (const words of [['--full'], ['--full', '--no-blobs']]) {
      const { status, stderr } = await site.run(['backup', ...words]);
      expect([status, stderr]).toEqual([
        3,
        expect.stringMatching(`has lost (a blob of|blobs that) "${join(folder, holder)}"`),
      ]);
    }
    expect([fulls(), namesIn(folder).includes(holder)]).toEqual([4, true]);
    const lawn = join(site.blobs, lost.replace(/^(0x00\/)*/, '').replace(/\/0x(?=..\/)/g, ''));
    mkdirSync(dirname(lawn), { recursive: true });
    copyFileSync(join(folder, holder, 'blobstorage', lost), lawn);
    await site.run(['backup', '--full', '--no-blobs']);
    expect(fulls()).toBe(1);
  });
});

describe('blobs that the live site has lost, and what is said of them', () => {
  it('are a warning of "check" until they are back, and of a restore to what was backed up without them', async () => {
    const options = ['blob_storage = var/blobstorage', 'use_rsync = false'];
    const site = await newBuildoutSite(scratch, recipeCfg(options));
    const folder = site.path('var/blobstoragebackups');
    const check = async () => {
      const { status, stdout } = await site.run(['check', '--free', 'off']);
      return [status, stdout.includes(`"${site.blobs}" has lost blobs that`)];
    };
    await site.run(['backup']);
    const [holder = ''] = namesIn(folder);
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    expect(await check()).toEqual([0, false]);
    await site.run(['backup', '--full']);
    expect(await check()).toEqual([1, true]);

    const has = `the restore point ${holder.slice(-19)} has them, in "${join(folder, holder)}"`;
    const elsewhere = ['restore', '--to', site.path('elsewhere'), '-n'];
    const newest = namesIn(folder).findLast((name) => name !== 'latest') ?? '';
    const lacks = `"${join(folder, newest)}" lacks 1 blob that the live site had lost by then: "${lost}"; ${has}`;
    const dry = await site.run([...elsewhere, '--dry-run']);
    expect(dry).toMatchObject({ status: 3, stderr: expect.stringContaining(lacks) });
    const restored = await site.run(elsewhere);
    expect(restored).toMatchObject({ status: 3, stderr: expect.stringContaining(lacks) });
    expect(restored.stderr.split(lacks)).toHaveLength(2);
    const before = await site.run(['restore', holder.slice(-19), ...elsewhere.slice(1)]);
    expect(before.status).toBe(0);

    site.configure(recipeCfg([...options, 'archive_blob = true']));
    await site.run(['backup', '--full']);
    const archived = await site.run(elsewhere);
    expect(archived.stderr).toMatch(/\.tar.* lacks, or has in a changed form, 1 blob/);
    copyFileSync(join(folder, holder, 'blobstorage', lost), join(site.blobs, lost));
    await site.run(['backup', '--full']);
    expect(await check()).toEqual([0, false]);
  });
});

describe('blobs that the live site has lost, and who knows of no blobs', () => {
  it('hold what "repozo -k" and a part without them would remove, until they are back', async () => {
    const options = ['blob_storage = var/blobstorage', 'use_rsync = false', 'keep = 1'];
    const site = await newBuildoutSite(scratch, recipeCfg(options));
    const [folder, repository] = [site.path('var/blobstoragebackups'), site.path('var/backups')];
    const fulls = () => dataFilesIn(repository).length;
    const repozo = () =>
      site.run(['repozo', '-B', '-F', '-k', '-r', repository, '-f', site.dataFs]);
    await site.run(['backup']);
    const [holder = ''] = namesIn(folder);
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    await site.run(['backup', '--full']);
    const warning = `"${site.blobs}" has lost blobs that "${join(folder, holder)}" has`;
    const said = { stderr: expect.stringContaining(warning) };
    expect(await repozo()).toMatchObject({ status: 0, ...said });
    site.configure(recipeCfg([...options, 'backup_blobs = false']));
    expect(await site.run(['backup', '--full'])).toMatchObject({ status: 3, ...said });
    const dry = await site.run(['backup', '--full', '--dry-run']);
    expect(dry).toMatchObject({ status: 3, stdout: expect.not.stringContaining('Remove (') });
    expect(fulls()).toBe(4);

    // Its disk is not mounted.
    renameSync(folder, `${folder}.away`);
    mkdirSync(folder);
    const unclear = await repozo();
    expect(unclear.stderr).toContain('zodbvault cannot tell whether they are back');
    expect(fulls()).toBe(5);
    rmdirSync(folder);
    renameSync(`${folder}.away`, folder);

    copyFileSync(join(folder, holder, 'blobstorage', lost), join(site.blobs, lost));
    expect(await repozo()).toMatchObject({ status: 0, stderr: '' });
    expect(fulls()).toBe(1);
    site.configure(recipeCfg(options));
    expect((await site.run(['backup'])).status).toBe(0);
    expect(existsSync(join(repository, '.zodbvault.hold.json'))).toBe(false);
  });
});

describe('blobs that the live site has lost, where archives are made', () => {
  const ARCHIVES = [
    ['archives', ['archive_blob = true']],
    ['numbered archives', ['archive_blob = true', 'blob_timestamps = false']],
    ['chains', ['archive_blob = true', 'incremental_blobs = true']],
  ] as const;
  const BASE = ['blob_storage = var/blobstorage', 'keep = 1'];
  const ARCHIVE_NAME = /\.(?:tar|delta)[^/]*(?<!json)$/;

  /** Puts a blob back from an archive, or from the chain that begins with it. */
  const putBack = (site: BuildoutSite, archive: string, path: string) => {
    const { status } = spawnSync('tar', ['-xf', archive, '-C', site.blobs, `./${path}`]);
    expect(status).toBe(0);
  };

  it.each(ARCHIVES)(
    'push no archives out that have them, until they are back: %s',
    async (_, lines) => {
      const site = await newBuildoutSite(scratch, recipeCfg([...BASE, ...lines, 'full = true']));
      const folder = site.path('var/blobstoragebackups');
      const archives = () => namesIn(folder).filter((name) => ARCHIVE_NAME.test(name));
      const fulls = () => dataFilesIn(site.path('var/backups')).length;
      const backUp = async () => {
        await commitBlob(site.dataFs);
        const { stdout, stderr } = await site.scriptWell('backup');
        return stdout + stderr;
      };
      const check = async () => (await site.run(['check', '--free', 'off'])).stdout;
      await backUp();
      expect(await backUp()).not.toContain('lost');
      expect([archives().length, fulls()]).toEqual([1, 1]);
      const [lost = '', other = ''] = blobFiles(site.blobs);
      rmSync(join(site.blobs, lost));
      expect(await check()).not.toContain('has lost');
      for (const count of [2, 3]) {
        const said = await backUp();
        expect(said).toMatch(/has lost a blob of ".*[.]tar.*": /);
        expect(said).toContain(`"${lost}". No pack did`);
        expect([archives().length, fulls()]).toEqual([count, count]);
        expect(await check()).toContain(`"${site.blobs}" has lost blobs that`);
      }
      const without = await site.run(['backup', '--full', '--no-blobs']);
      expect(without).toMatchObject({ status: 3, stderr: expect.stringContaining('has lost') });
      expect((await site.run(['verify'])).status).toBe(0);

      const restored = await site.run(['restore', '--to', site.path('elsewhere'), '-n']);
      expect(restored).toMatchObject({
        status: 3,
        stderr: expect.stringMatching(
          /\.tar.*" lacks 1 blob that the live site had lost by then: .* has them, in/,
        ),
      });

      const [oldest = ''] =
        lines.length === 2 && lines[1] === 'blob_timestamps = false'
          ? archives().toReversed()
          : archives();
      putBack(site, join(folder, oldest), lost);
      expect(await backUp()).not.toContain('has lost');
      expect([archives().length, fulls()]).toEqual([1, 1]);
      expect(await check()).not.toContain('has lost');

      await commitAgain(site, other);
      await backUp();
      await packDatabase(site.dataFs);
      rmSync(join(site.blobs, other));
      expect(await backUp()).not.toContain('lost');
      expect([archives().length, fulls()]).toEqual([1, 1]);
      // After a pack, the Data.fs tells which are needed.
      await packDatabase(site.dataFs);
      rmSync(join(site.blobs, lost));
      expect(await backUp()).toContain(`"${lost}". No pack did`);
      expect(fulls()).toBe(2);
    },
  );

  it('are noticed within a chain, also of an archive that continues another', async () => {
    const options = [...BASE, 'archive_blob = true', 'incremental_blobs = true'];
    const site = await newBuildoutSite(scratch, recipeCfg(options));
    await site.run(['backup', '--full']);
    await commitBlob(site.dataFs);
    expect((await site.run(['backup'])).status).toBe(0);
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    await commitBlob(site.dataFs);
    const { status, stderr } = await site.run(['backup']);
    expect([status, stderr]).toEqual([
      3,
      expect.stringMatching(`has lost a blob of ".*[.]delta[.]tar.*": "${lost}"`),
    ]);
    await site.run(['backup', '--full']);
    expect(dataFilesIn(site.path('var/backups'))).toHaveLength(4);
  });

  it('hold zip backups', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([...BASE, 'enable_zipbackup = true']));
    const backUp = async () => {
      await commitBlob(site.dataFs);
      const { stderr } = await site.script('zipbackup');
      return stderr;
    };
    await backUp();
    expect(await backUp()).not.toContain('lost');
    const archives = () =>
      namesIn(site.path('var/blobstoragezips')).filter((name) => ARCHIVE_NAME.test(name));
    expect(archives()).toHaveLength(1);
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    expect(await backUp()).toContain(`"${lost}". No pack did`);
    expect(await backUp()).toContain(`"${lost}". No pack did`);
    expect(archives()).toHaveLength(3);
  });

  it.each([
    ['a copy follows an archive', ['archive_blob = true'], []],
    ['an archive follows a copy', [], ['archive_blob = true']],
  ])('are noticed where %s', async (_, before, after) => {
    const site = await newBuildoutSite(scratch, recipeCfg([...BASE, ...before]));
    await site.run(['backup', '--full']);
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    site.configure(recipeCfg([...BASE, ...after]));
    for (const count of [2, 3]) {
      const { status, stderr } = await site.run(['backup', '--full']);
      expect([status, stderr]).toEqual([3, expect.stringContaining(`"${lost}". No pack did`)]);
      expect(dataFilesIn(site.path('var/backups'))).toHaveLength(count);
    }
  });

  it('are noticed where an earlier version made the archive before', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([...BASE, 'archive_blob = true']));
    await site.run(['backup', '--full']);
    const folder = site.path('var/blobstoragebackups');
    const record = namesIn(folder).find((name) => name.endsWith('.json') && !name.startsWith('.'));
    const path = join(folder, record ?? '');
    const { blobs, ...others } = JSON.parse(readFileSync(path, 'utf8'));
    expect(blobs.count).toBeGreaterThan(0);
    writeFileSync(path, JSON.stringify(others));
    const [lost = ''] = blobFiles(site.blobs);
    rmSync(join(site.blobs, lost));
    const { stderr } = await site.run(['backup', '--full']);
    expect(stderr).toContain(`"${lost}". No pack did`);
  });

  it('are missed until all are back, also those that were too many to be recorded by name', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([...BASE, 'archive_blob = true']));
    await commitBlob(site.dataFs);
    await site.run(['backup', '--full']);
    const folder = site.path('var/blobstoragebackups');
    const [holder = ''] = namesIn(folder).filter((name) => ARCHIVE_NAME.test(name));
    const [first = '', second = ''] = blobFiles(site.blobs);
    for (const path of [first, second]) rmSync(join(site.blobs, path));
    await site.run(['backup', '--full']);
    const newest = namesIn(folder).findLast((name) => name.endsWith('.json')) ?? '';
    const record = JSON.parse(readFileSync(join(folder, newest), 'utf8'));
    expect(record.lost[0].count).toBe(2);
    record.lost[0].paths = [first];
    writeFileSync(join(folder, newest), JSON.stringify(record));
    putBack(site, join(folder, holder), first);
    const { stderr } = await site.run(['backup', '--full']);
    expect(stderr).toContain(`has lost a blob of "${join(folder, holder)}": "${second}"`);
    putBack(site, join(folder, holder), second);
    expect((await site.run(['backup', '--full'])).status).toBe(0);
    expect(dataFilesIn(site.path('var/backups'))).toHaveLength(1);
  });
});

describe('a copy of blobs that is known to be damaged', () => {
  it('takes no place of a sound one', async () => {
    const options = ['blob_storage = var/blobstorage', 'use_rsync = false', 'keep = 2'];
    const site = await newBuildoutSite(scratch, recipeCfg(options));
    const folder = site.path('var/blobstoragebackups');
    const fulls = () => dataFilesIn(site.path('var/backups')).length;
    const backUp = () => site.run(['backup', '--full']);
    const blobOfNewest = () => {
      const newest = namesIn(folder).findLast((name) => /^blobstorage\.\d/.test(name)) ?? '';
      return join(folder, newest, 'blobstorage', blobFiles(site.blobs)[0] ?? '');
    };
    await backUp();
    await backUp();
    rmSync(blobOfNewest());
    await backUp();
    expect(fulls()).toBe(3);
    await backUp();
    expect(fulls()).toBe(2);
    const path = blobOfNewest();
    const { length } = readFileSync(path);
    rmSync(path); // It is shared with the copy before.
    writeFileSync(path, Buffer.alloc(length));
    expect((await site.run(['verify', '--deep'])).status).toBe(1);
    await backUp();
    expect(fulls()).toBe(3);
  });
});
