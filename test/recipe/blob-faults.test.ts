/** The recipe's faults with blobs in directories: each is named as in the list of them. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blobFiles, blobState } from '../support/blobs.ts';
import {
  type BuildoutSite,
  commitBlob,
  dataFilesIn,
  folderState,
  namesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { documentOf } from '../support/document.ts';
import { BASIC_PROGRAMS, pathWith } from '../support/programs.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const BLOBS = 'blob_storage = var/blobstorage';
const isRoot = process.getuid?.() === 0;

/** All that is live, byte by byte. */
const liveState = (site: BuildoutSite) => ({
  dataFs: folderState(site.path('var/filestorage')),
  blobs: folderState(site.blobs),
  beside: readdirSync(site.path('var')).sort(),
});

/** An rsync that does its work, and then ends with a status; or does none of it. */
const rsyncThat = (site: BuildoutSite, text: string) =>
  pathWith(site.path('programs'), { programs: BASIC_PROGRAMS, scripts: { rsync: text } });

describe('W1: an rsync that fails', () => {
  it.each([23, 12, 24])(
    'ends backups with an error, without an entry, at status %d',
    async (code) => {
      const site = await newBuildoutSite(scratch, undefined);
      site.configure(recipeCfg([BLOBS, `post_command = echo > ${site.path('after')}`]));
      await site.install();
      const PATH = rsyncThat(site, `REAL "$@"; echo run >> ${site.path('runs')}; exit ${code}`);
      const { status, stderr } = await site.script('backup', ['-q'], { env: { PATH } });
      expect([status, stderr]).toEqual([1, expect.stringContaining(`status ${code}`)]);
      expect(readdirSync(site.path('var/blobstoragebackups'))).toEqual(['.zodbvault.lock']);
      expect(existsSync(site.path('after'))).toBe(false);
      // What vanishes is tried again: a pack may be running.
      expect(readFileSync(site.path('runs'), 'utf8')).toBe('run\n'.repeat(code === 24 ? 3 : 1));
      await site.scriptWell('backup');
      expect(existsSync(site.path('after'))).toBe(true);
      const live = liveState(site);
      const restore = await site.script('restore', ['-n'], { env: { PATH } });
      expect([restore.status, liveState(site)]).toEqual([1, live]);
    },
  );

  it('makes full backups without blobs, which push out none that have theirs', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, 'keep = 2', 'full = true']));
    const PATH = rsyncThat(site, 'exit 23');
    const fulls = () => dataFilesIn(site.path('var/backups'));
    await site.scriptWell('backup');
    const [first = ''] = fulls();
    for (let night = 1; night <= 2; night += 1) {
      const { status } = await site.script('backup', [], { env: { PATH } });
      expect(status).toBe(1);
    }
    const plan = await site.run(['backup', '--dry-run']);
    expect(plan.stdout).not.toContain(first);
    await site.scriptWell('backup');
    const all = fulls();
    // A newer backup is complete: they go, and the first doesn't.
    expect([all.length, all[0]]).toEqual([2, first]);
    await site.scriptWell('restore', '-n', first.slice(0, 19));
    const { stdout } = await site.run(['backup', '--dry-run']);
    expect(stdout).toContain(first);
    expect(stdout).not.toContain(all[1]);
    await site.scriptWell('backup');
    const [, last = ''] = fulls();
    expect(fulls()).toEqual([all[1], last]);
    expect(namesIn(site.path('var/blobstoragebackups'))).toEqual([
      ...fulls().map((name) => `blobstorage.${name.slice(0, 19)}`),
      'latest',
    ]);
  });

  it('is borne when files vanished once, as in a pack, and their copies are complete', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    const mark = site.path('once');
    const PATH = rsyncThat(site, `REAL "$@"; [ -e ${mark} ] && exit 0; : > ${mark}; exit 24`);
    const { status } = await site.script('backup', [], { env: { PATH } });
    expect(status).toBe(0);
    const copy = site.path('var/blobstoragebackups/latest/blobstorage');
    expect(blobState(copy)).toEqual(blobState(site.blobs));
  });

  it('ends the backup when it drops a file twice, not once, and says nothing', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    const [enough, last] = [site.path('enough'), site.path('last')];
    const [dropped = ''] = blobFiles(site.blobs);
    const drop = `[ -e ${last} ] && : > ${enough}; for to; do :; done; /bin/rm "$to"${dropped}`;
    const PATH = rsyncThat(site, `REAL "$@"; [ -e ${enough} ] && exit 0; ${drop}`);
    const twice = await site.script('backup', [], { env: { PATH } });
    expect([twice.status, twice.stderr]).toEqual([1, expect.stringContaining('left out, or cut,')]);
    expect(readdirSync(site.path('var/blobstoragebackups'))).toEqual(['.zodbvault.lock']);
    writeFileSync(last, '');
    expect((await site.script('backup', [], { env: { PATH } })).status).toBe(0);
    const copy = site.path('var/blobstoragebackups/latest/blobstorage');
    expect(blobState(copy)).toEqual(blobState(site.blobs));
    // What its options leave out is said.
    site.configure(recipeCfg([BLOBS, 'rsync_options = --max-size 4k']));
    await site.install();
    await commitBlob(site.dataFs);
    const { stdout, stderr } = await site.scriptWell('backup');
    expect(stdout + stderr).toMatch(/2 files of .* because of "--max-size 4k" in rsync_options/);
  });

  it('is missed before anything is written or replaced', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    const PATH = pathWith(site.path('programs'), { programs: BASIC_PROGRAMS });
    const { status, stderr } = await site.script('backup', [], { env: { PATH } });
    expect([status, stderr]).toEqual([1, expect.stringContaining('"rsync" is not on the PATH')]);
    expect(namesIn(site.path('var'))).toEqual(['blobstorage', 'filestorage']);
    await site.scriptWell('backup');
    const live = liveState(site);
    const restore = await site.script('restore', ['-n'], { env: { PATH } });
    expect([restore.status, liveState(site)]).toEqual([1, live]);
  });
});

describe('W2: a half-made entry of the same stamp', () => {
  it.each(['true', 'false'])('is made good by the next run (use_rsync = %s)', async (rsync) => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, `use_rsync = ${rsync}`]));
    await site.scriptWell('backup');
    const folder = site.path('var/blobstoragebackups');
    const [entry = ''] = namesIn(folder);
    // As the recipe leaves it when it is killed.
    rmSync(join(folder, entry, '.zodbvault.json'));
    rmSync(join(folder, 'latest'));
    const [lost = ''] = blobFiles(join(folder, entry, 'blobstorage'));
    rmSync(join(folder, entry, 'blobstorage', lost));
    await site.scriptWell('backup');
    expect(namesIn(folder)).toEqual([entry, 'latest']);
    expect(blobState(join(folder, entry, 'blobstorage'))).toEqual(blobState(site.blobs));
    expect((await site.scriptWell('backup')).stderr).toContain('exists already');
  });

  it('with more than the live directory is left alone', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    await site.scriptWell('backup');
    const folder = site.path('var/blobstoragebackups');
    rmSync(join(folder, 'latest/.zodbvault.json'));
    const before = folderState(folder);
    renameSync(site.blobs, site.path('unmounted'));
    mkdirSync(site.blobs);
    writeFileSync(join(site.blobs, 'one.blob'), 'of another time');
    const { stderr } = await site.scriptWell('backup');
    expect(stderr).toMatch(/zodbvault leaves .* as it is/);
    expect(folderState(folder)).toEqual(before);
  });

  it('of a killed run is cleared away, and never seen', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    const PATH = rsyncThat(site, `REAL "$@"; : > ${site.path('copied')}; exec sleep 60`);
    const child = spawn(site.path('bin/backup'), {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, PATH },
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    while (!existsSync(site.path('copied'))) await new Promise((done) => setTimeout(done, 50));
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
    const folder = site.path('var/blobstoragebackups');
    expect(readdirSync(folder).filter((name) => name.endsWith('zodbvault-tmp'))).toHaveLength(1);
    await site.scriptWell('backup');
    expect(readdirSync(folder).sort()).toEqual([
      '.zodbvault.lock',
      expect.stringMatching(/^blobstorage\.\d{4}-/),
      'latest',
    ]);
    expect(blobState(join(folder, 'latest/blobstorage'))).toEqual(blobState(site.blobs));
  });
});

describe('W4: another name of the blob directory', () => {
  it('hinders neither backups nor restores, also to a date before the change', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    await site.scriptWell('backup');
    const old = blobState(site.blobs);
    const [first = ''] = dataFilesIn(site.path('var/backups'));
    renameSync(site.blobs, site.path('var/blobs.prod'));
    site.configure(recipeCfg(['blob_storage = var/blobs.prod']));
    await site.install();
    await commitBlob(site.dataFs, site.path('var/blobs.prod'));
    await site.scriptWell('restore', '-n');
    expect(blobState(site.path('var/blobs.prod'))).toEqual(old);
    const [listed] = documentOf(await site.run(['list', '--json'])).points;
    expect(listed.blobs).toMatchObject({ state: 'found', match: 'exact' });
    expect((await site.run(['verify', '--deep'])).status).toBe(0);
    await commitBlob(site.dataFs, site.path('var/blobs.prod'));
    const now = blobState(site.path('var/blobs.prod'));
    // W8: a name with a dot is found again, linked to, and counted.
    await site.scriptWell('backup');
    await commitBlob(site.dataFs, site.path('var/blobs.prod'));
    expect((await site.scriptWell('backup')).stderr).toContain('--link-dest=');
    await site.scriptWell('restore', '-n', first.slice(0, 19));
    expect(blobState(site.path('var/blobs.prod'))).toEqual(old);
    const second = dataFilesIn(site.path('var/backups'))[1] ?? '';
    await site.scriptWell('restore', '-n', second.slice(0, 19));
    expect(blobState(site.path('var/blobs.prod'))).toEqual(now);
  });
});

describe('W5: a link in the place of the blob directory', () => {
  it.each(['true', 'false'])('is followed, and stays a link (use_rsync = %s)', async (rsync) => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, `use_rsync = ${rsync}`]));
    mkdirSync(site.path('disk'));
    renameSync(site.blobs, site.path('disk/blobs'));
    symlinkSync('../disk/blobs', site.blobs);
    await site.scriptWell('backup');
    const folder = site.path('var/blobstoragebackups');
    const wanted = blobState(site.path('disk/blobs'));
    expect(blobState(join(folder, 'latest/blobstorage'))).toEqual(wanted);
    // What the recipe makes of it: a link, here to the live directory.
    const entry = readlinkSync(join(folder, 'latest'));
    rmSync(join(folder, entry), { recursive: true });
    symlinkSync(site.path('disk/blobs'), join(folder, entry));
    const live = liveState(site);
    const refused = await site.script('restore', ['-n']);
    expect([refused.status, liveState(site)]).toEqual([1, live]);
    expect(refused.stderr).toContain('holds no copy');
    await site.scriptWell('backup');
    expect(blobState(join(folder, 'latest/blobstorage'))).toEqual(wanted);
    await commitBlob(site.dataFs);
    await site.scriptWell('restore', '-n');
    expect(readlinkSync(site.blobs)).toBe('../disk/blobs');
    expect(blobState(site.path('disk/blobs'))).toEqual(wanted);
    expect(namesIn(site.path('disk'))).toEqual(['blobs']);
    // The disk isn't mounted: nothing is made in its place.
    renameSync(site.path('disk'), site.path('away'));
    const before = folderState(site.path('var'));
    for (const script of ['restore', 'backup']) {
      expect((await site.script(script, ['-n'])).status).toBe(1);
      expect(folderState(site.path('var'))).toEqual(before);
    }
  });
});

describe('W6, W7: the path of the blob directory', () => {
  it('may hold blanks, quotes and what a shell would take for its own', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const name = `-b lobs 'of' "$nobody" 100%; & *`;
    const blobs = site.path('var', name);
    renameSync(site.blobs, blobs);
    for (const rsync of ['true', 'false']) {
      site.configure(
        recipeCfg([
          `blob_storage = ./var/${name}`,
          `use_rsync = ${rsync}`,
          `blobbackuplocation = back ups & -${rsync}`,
        ]),
      );
      await site.install();
      await site.scriptWell('backup');
      const wanted = blobState(blobs);
      expect(wanted).not.toEqual({});
      await commitBlob(site.dataFs, blobs);
      await site.scriptWell('backup');
      await site.scriptWell(
        'restore',
        '-n',
        dataFilesIn(site.path('var/backups')).at(-2)?.slice(0, 19) ?? '',
      );
      expect(blobState(blobs)).toEqual(wanted);
      const [entry = ''] = namesIn(site.path(`var/back ups & -${rsync}`));
      expect(entry.startsWith(`${name}.`)).toBe(true);
    }
  });
});

describe('W11: a repository that was exchanged', () => {
  it('takes no blobs of the old one with it', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, 'keep = 1']));
    const folder = site.path('var/blobstoragebackups');
    await site.scriptWell('backup');
    const [old = ''] = namesIn(folder);
    // A backup of the same second would share the stamp.
    await new Promise((done) => setTimeout(done, 1000));
    site.configure(recipeCfg([BLOBS, 'keep = 1', 'full = true', 'location = new-disk']));
    await site.install();
    for (let count = 0; count < 2; count++) {
      await commitBlob(site.dataFs);
      await site.scriptWell('backup');
    }
    const kept = dataFilesIn(site.path('var/new-disk')).map(
      (one) => `blobstorage.${one.slice(0, 19)}`,
    );
    expect(kept).toHaveLength(1);
    expect(namesIn(folder)).toEqual([old, ...kept, 'latest']);
    site.configure(recipeCfg([BLOBS]));
    await site.install();
    await site.scriptWell('restore', '-n');
    expect(blobState(site.blobs)).toEqual(blobState(join(folder, old, 'blobstorage')));
  });
});

describe('W12: numbers after stamps', () => {
  it('do not make the newest the one that goes', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([BLOBS, 'only_blobs = true', 'keep = 1']),
    );
    const folder = site.path('var/blobstoragesnapshots');
    await site.scriptWell('snapshotbackup');
    await commitBlob(site.dataFs);
    const now = blobState(site.blobs);
    site.configure(recipeCfg([BLOBS, 'only_blobs = true', 'keep = 1', 'blob_timestamps = false']));
    await site.install();
    await site.scriptWell('snapshotbackup');
    expect(namesIn(folder)).toEqual(['blobstorage.0']);
    rmSync(site.blobs, { recursive: true });
    await site.scriptWell('snapshotrestore', '-n');
    expect(blobState(site.blobs)).toEqual(now);
  });
});

describe('W18, W20: words and output', () => {
  it('no date that is none restores anything; what commands print comes as it is', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([BLOBS, 'pre_command = echo "grüße aus dem Skript"']),
    );
    const { stdout } = await site.scriptWell('backup');
    expect(stdout).toContain('grüße aus dem Skript\n');
    const live = liveState(site);
    for (const date of ['notadate', '2026-1-6', '2026', '2026-13-01', '2026-02-30', '-qx']) {
      const { status } = await site.script('restore', ['-n', date]);
      expect([date, status === 0]).toEqual([date, false]);
    }
    expect(liveState(site)).toEqual(live);
  });
});

describe('W22: two at once', () => {
  it('a second backup and a restore wait for nobody, and change nothing', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, 'blob_timestamps = false']));
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    const [begun, go] = [site.path('begun'), site.path('go')];
    const wait = `: > ${begun}; while [ ! -e ${go} ]; do sleep 0.1; done; exec REAL "$@"`;
    const first = site.script('backup', [], { env: { PATH: rsyncThat(site, wait) } });
    while (!existsSync(begun)) await new Promise((done) => setTimeout(done, 50));
    const folder = site.path('var/blobstoragebackups');
    const names = readdirSync(folder).sort();
    const live = liveState(site);
    const second = await site.script('backup');
    expect([second.status, second.stderr]).toEqual([
      1,
      expect.stringContaining('another run holds it'),
    ]);
    const restore = await site.script('restore', ['-n']);
    expect([restore.status, restore.stderr]).toEqual([
      1,
      expect.stringContaining('another run holds it'),
    ]);
    expect(readdirSync(folder).sort()).toEqual(names);
    expect(liveState(site)).toEqual(live);
    writeFileSync(go, '');
    expect((await first).status).toBe(0);
    expect(namesIn(folder)).toEqual(['blobstorage.0', 'blobstorage.1']);
    expect(blobState(join(folder, 'blobstorage.0/blobstorage'))).toEqual(blobState(site.blobs));
  });
});

describe('what is no blob', () => {
  it.each(['true', 'false'])(
    'is not copied; a directory that has become empty is refused (use_rsync = %s)',
    async (rsync) => {
      const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, `use_rsync = ${rsync}`]));
      mkdirSync(join(site.blobs, 'tmp/sub'), { recursive: true });
      for (const name of ['tmp/upload', 'a.lock', '.lock', '0x00/BUCx.spb', 'tmp.blob']) {
        writeFileSync(join(site.blobs, name), name);
      }
      await site.scriptWell('backup');
      const copy = site.path('var/blobstoragebackups/latest/blobstorage');
      const names = Object.keys(folderState(copy));
      expect(names).toContain('tmp.blob');
      expect(names.filter((name) => /^tmp(\/|$)|lock$|spb$/.test(name))).toEqual([]);
      expect(blobState(copy)).toEqual(blobState(site.blobs));
      for (const name of readdirSync(site.blobs))
        rmSync(join(site.blobs, name), { recursive: true });
      await commitBlob(site.dataFs);
      rmSync(site.blobs, { recursive: true });
      mkdirSync(site.blobs);
      writeFileSync(join(site.blobs, '.layout'), 'bushy');
      // What a server makes of an empty folder, its disk being elsewhere.
      const unmounted = await site.script('backup');
      expect([unmounted.status, unmounted.stderr]).toEqual([
        1,
        expect.stringContaining('it is empty'),
      ]);
      writeFileSync(join(site.blobs, 'one.blob'), 'one');
      await site.scriptWell('backup');
      writeFileSync(join(site.blobs, 'later'), '');
      await site.scriptWell('restore', '-n');
      expect(readdirSync(site.blobs).sort()).toEqual(['.layout', 'one.blob']);
    },
  );
});

describe('a failure of the system', () => {
  it.skipIf(!isRoot)(
    'disk full: no entry, and the live site as it was (needs root, to mount)',
    async () => {
      for (const rsync of ['true', 'false']) {
        const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, `use_rsync = ${rsync}`]));
        writeFileSync(join(site.blobs, 'large.blob'), Buffer.alloc(600_000, rsync));
        await site.scriptWell('backup');
        await withSmallDisk(site.path('var/blobstoragesnapshots'), async () => {
          const { status, stderr } = await site.script('snapshotbackup');
          expect([status, stderr]).toEqual([1, expect.stringMatching(/no space/i)]);
          expect(readdirSync(site.path('var/blobstoragesnapshots'))).toEqual(['.zodbvault.lock']);
        });
        rmSync(site.blobs, { recursive: true });
        await withSmallDisk(site.blobs, async () => {
          writeFileSync(join(site.blobs, 'mine'), 'as it was');
          const live = liveState(site);
          const { status, stderr } = await site.script('restore', ['-n']);
          expect([status, stderr]).toEqual([1, expect.stringMatching(/no space/i)]);
          expect(liveState(site)).toEqual(live);
        });
      }
    },
  );

  it.skipIf(!isRoot)('a mount point is filled in its place (needs root, to mount)', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    await site.scriptWell('backup');
    const wanted = blobState(site.blobs);
    // Of the same disk, which only the table of mounts tells.
    mkdirSync(site.path('bound'));
    execFileSync('mount', ['--bind', site.path('bound'), site.blobs]);
    try {
      writeFileSync(join(site.blobs, 'mine'), 'is kept beside');
      const place = statSync(site.blobs);
      await site.scriptWell('restore', '-n');
      expect(blobState(site.blobs)).toEqual(wanted);
      expect(statSync(site.blobs)).toMatchObject({ dev: place.dev, ino: place.ino });
      // What the restore kept lies in the live directory then, and is no part of it.
      for (const rsync of ['true', 'false']) {
        site.configure(recipeCfg([BLOBS, `use_rsync = ${rsync}`]));
        await site.install();
        await commitBlob(site.dataFs);
        await site.scriptWell('backup');
        const copy = folderState(site.path('var/blobstoragebackups/latest/blobstorage'));
        expect(copy).toEqual(blobState(site.blobs));
      }
    } finally {
      execFileSync('umount', [site.blobs]);
    }
  });

  it.skipIf(!isRoot)(
    'what may not be read or written ends it (needs root, to be somebody else)',
    async () => {
      const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, 'use_rsync = false']));
      // Whoever runs it must reach the folders above.
      for (const path of [scratch, site.folder]) chmodSync(path, 0o755);
      execFileSync('chown', ['-R', '65534:65534', site.folder]);
      const asNobody = (script: string) =>
        new Promise<{ status: number | null; stderr: string }>((resolve) => {
          const child = spawn(site.path('bin', script), ['-n'], {
            uid: 65534,
            gid: 65534,
            cwd: '/',
          });
          let stderr = '';
          child.stderr.on('data', (chunk: Buffer) => {
            stderr += chunk.toString();
          });
          child.once('close', (status) => resolve({ status, stderr }));
        });
      const [first = ''] = blobFiles(site.blobs);
      chmodSync(join(site.blobs, first), 0);
      execFileSync('chown', ['0:0', join(site.blobs, first)]);
      const unreadable = await asNobody('backup');
      expect([unreadable.status, unreadable.stderr]).toEqual([
        1,
        expect.stringMatching(/permission denied/i),
      ]);
      expect(readdirSync(site.path('var/blobstoragebackups'))).toEqual(['.zodbvault.lock']);
      execFileSync('chown', ['65534:65534', join(site.blobs, first)]);
      chmodSync(join(site.blobs, first), 0o600);
      expect(await asNobody('backup')).toMatchObject({ status: 0 });
      // The folder above is not ours: the directory is filled in its place, as by rsync.
      const wanted = blobState(site.blobs);
      writeFileSync(join(site.blobs, 'mine'), 'goes');
      execFileSync('chown', ['0:0', site.path('var')]);
      expect(await asNobody('restore')).toMatchObject({ status: 0 });
      expect(blobState(site.blobs)).toEqual(wanted);
      // A target that can't be written: nothing is replaced, the Data.fs included.
      execFileSync('chown', ['0:0', site.blobs]);
      const live = liveState(site);
      expect(await asNobody('restore')).toMatchObject({ status: 1 });
      expect(liveState(site)).toEqual(live);
    },
  );
});

/** Mounts a disk of 512 kB in a folder while the work is done. */
async function withSmallDisk(folder: string, work: () => Promise<void>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder]);
  try {
    await work();
  } finally {
    execFileSync('umount', [folder]);
  }
}
