/** Faults of the recipe's list that concern archives: none of them is here. */
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveAsRecipe, extractAsRecipe } from '../support/archives.ts';
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
import { killGroup } from '../support/process.ts';
import { BASIC_PROGRAMS, pathWith } from '../support/programs.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const ARCHIVE = ['blob_storage = var/blobstorage', 'archive_blob = true'];
const INCREMENTAL = [...ARCHIVE, 'incremental_blobs = true'];

const blobFolder = (site: BuildoutSite) => site.path('var/blobstoragebackups');
const archivesIn = (site: BuildoutSite) =>
  namesIn(blobFolder(site)).filter((name) => /\.tar(\.gz)?$|\.snar$/.test(name));

/** The live Data.fs and blobs. */
const liveState = (site: BuildoutSite) => ({
  ...folderState(site.path('var/filestorage')),
  ...folderState(site.blobs),
});

let paths = 0;
/** A PATH with a `tar` that is a shell script, `REAL` in it being the real one, or without any. */
const pathWithTar = (script?: string) =>
  pathWith(join(scratch, `path-${++paths}`), {
    programs: [...BASIC_PROGRAMS, 'head', 'cat'],
    ...(script === undefined ? {} : { scripts: { tar: script } }),
  });

const newestStamp = (site: BuildoutSite) =>
  (dataFilesIn(site.path('var/backups')).at(-1) ?? '').slice(0, 19);

/** Unpacks what is there with the recipe's commands. */
function unpacked(site: BuildoutSite): Readonly<Record<string, string>> {
  const folder = join(scratch, 'unpacked');
  rmSync(folder, { recursive: true, force: true });
  const byStamp = archivesIn(site).filter((name) => !name.endsWith('.snar'));
  extractAsRecipe(
    byStamp.map((name) => join(blobFolder(site), name)),
    folder,
  );
  return blobState(folder);
}

describe('W1: tar that does not do its work', () => {
  it('makes the backup fail: no archive, no change of the state, no post_command', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([...INCREMENTAL, 'post_command = : > $HOME/post']),
    );
    const env = (PATH: string) => ({ PATH, HOME: scratch });
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    const before = folderState(blobFolder(site));
    for (const [script, said] of [
      [undefined, /"tar" is not on the PATH/],
      ['REAL "$@"; echo "tar: disk on fire" >&2; exit 2', /status 2: tar: disk on fire/],
      [
        'echo "tar: ./x: file changed as we read it" >&2; REAL "$@"; exit 1',
        /changed in each of 3/,
      ],
      ['REAL "$@" | head -c 5000', /truncated|cut off/],
      ['exit 0', /unrecognized archive format/],
      ['kill -9 $$', /killed by SIGKILL/],
    ] as const) {
      const { status, stderr } = await site.script('backup', [], { env: env(pathWithTar(script)) });
      expect([script, status]).toEqual([script, 1]);
      expect(stderr).toMatch(said);
      expect(folderState(blobFolder(site))).toEqual(before);
      expect(existsSync(join(scratch, 'post'))).toBe(false);
    }
    // Once only: it tries again.
    const once =
      'REAL "$@"; [ -e $HOME/once ] && exit 0; true > $HOME/once; echo "tar: ./x: file changed as we read it" >&2; exit 1';
    const { status } = await site.script('backup', [], { env: env(pathWithTar(once)) });
    expect(status).toBe(0);
    expect(existsSync(join(scratch, 'post'))).toBe(true);
    expect(unpacked(site)).toEqual(blobState(site.blobs));
    // A restore with such a tar leaves everything as it was.
    const live = liveState(site);
    for (const script of [undefined, 'REAL "$@"; exit 2', 'exit 0', 'kill -9 $$']) {
      const PATH = pathWithTar(script);
      const finished = await site.script('restore', ['-n'], { env: env(PATH) });
      expect([script, finished.status]).toEqual([script, 1]);
      expect(liveState(site)).toEqual(live);
    }
    const [first = ''] = dataFilesIn(site.path('var/backups'));
    const words = ['-n', first.slice(0, 19)];
    const { status: ended, stderr } = await site.script('restore', words, {
      env: env(pathWithTar('cat >/dev/null')),
    });
    expect([ended, liveState(site)]).toEqual([1, live]);
    expect(stderr).toMatch(/tar unpacked 0 of \d+ files/);
  });

  it('and what no restore would take is no backup', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(INCREMENTAL));
    const places = join(site.blobs, '0x00');
    const path = join(places, 'odd');
    symlinkSync('/etc', path);
    const { status, stderr } = await site.script('backup');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/links to "\/etc"/)]);
    expect(archivesIn(site)).toEqual([]);
    unlinkSync(path);
    await site.scriptWell('backup');
  });
});

describe('W2: archive that is not complete', () => {
  it.each(['.tar', '.tar.gz', '.delta.tar'])(
    'of the newest stamp, %s, is made again by the next run',
    async (ending) => {
      const site = await newBuildoutSite(scratch, recipeCfg(['backup_blobs = false']));
      await site.scriptWell('backup');
      const path = join(blobFolder(site), `blobstorage.${newestStamp(site)}${ending}`);
      mkdirSync(blobFolder(site));
      archiveAsRecipe(site.blobs, { to: path });
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.subarray(0, bytes.length / 2));
      site.configure(recipeCfg(ARCHIVE));
      await site.install();
      const { stderr } = await site.scriptWell('backup');
      expect(stderr).toMatch(/WARNING: .* is incomplete. zodbvault makes it again/);
      expect(archivesIn(site)).toEqual([`blobstorage.${newestStamp(site)}.tar`]);
      expect(unpacked(site)).toEqual(blobState(site.blobs));
    },
  );

  it('never appears when a run is killed, and the chain goes on', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(INCREMENTAL));
    await site.scriptWell('backup');
    for (const [when, script] of [
      ['before tar writes', ': > $HOME/begun; sleep 60'],
      ['when tar has written all', 'REAL "$@"; : > $HOME/begun; sleep 60'],
    ] as const) {
      await commitBlob(site.dataFs);
      const before = archivesIn(site);
      const home = join(scratch, when);
      mkdirSync(home);
      const PATH = pathWithTar(script);
      const child = spawn(site.path('bin/backup'), [], {
        cwd: '/',
        detached: true,
        stdio: 'ignore',
        env: { ...process.env, HOME: home, PATH },
      });
      while (!existsSync(join(home, 'begun'))) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await killGroup(child);
      expect(archivesIn(site)).toEqual(before);
      const { stderr } = await site.scriptWell('backup');
      expect(stderr).not.toContain('WARNING');
      expect(archivesIn(site).at(-1)).toBe(`blobstorage.${newestStamp(site)}.delta.tar`);
      expect(readdirSync(blobFolder(site)).filter((name) => name.includes('-tmp'))).toEqual([]);
      expect(unpacked(site)).toEqual(blobState(site.blobs));
    }
    // Killed between the renames of the archive and of the state: that is one delta behind.
    const [state = ''] = archivesIn(site).filter((name) => name.endsWith('.snar'));
    const saved = [state, `${state}.json`].map((name) => join(blobFolder(site), name));
    const bytes = saved.map((path) => readFileSync(path));
    await commitBlob(site.dataFs);
    await site.scriptWell('backup');
    for (const [index, path] of saved.entries()) writeFileSync(path, bytes[index] ?? '');
    await commitBlob(site.dataFs);
    unlinkSync(join(site.blobs, blobFiles(site.blobs)[0] ?? ''));
    const { stderr } = await site.scriptWell('backup');
    // What the live site has lost is told; it is in no delta of the chain that a restore takes.
    expect(stderr.match(/WARNING: .*/g)).toEqual([expect.stringContaining('has lost a blob of')]);
    expect(unpacked(site)).toEqual(blobState(site.blobs));
    const live = blobState(site.blobs);
    await site.scriptWell('restore', '-n');
    expect(blobState(site.blobs)).toEqual(live);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'never appears when the disk is full (needs root, to mount one)',
    async () => {
      const site = await newBuildoutSite(scratch, recipeCfg(INCREMENTAL));
      mkdirSync(blobFolder(site));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', blobFolder(site)]);
      try {
        await site.scriptWell('backup');
        const before = folderState(blobFolder(site));
        await commitBlob(site.dataFs);
        const [first = ''] = blobFiles(site.blobs);
        const big = join(site.blobs, first, '../big.blob');
        writeFileSync(big, Buffer.alloc(2 << 20, 'x'));
        const { status, stderr } = await site.script('backup');
        expect(status).toBe(1);
        expect(stderr).toContain('no space');
        expect(folderState(blobFolder(site))).toEqual(before);
        unlinkSync(big);
        await site.scriptWell('backup');
        expect(unpacked(site)).toEqual(blobState(site.blobs));
      } finally {
        execFileSync('umount', [blobFolder(site)]);
      }
    },
  );
});

describe('W16: chain of archives', () => {
  it('that is not what was written is refused before anything is touched', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg([...INCREMENTAL, 'compress_blob = true']),
    );
    const healthy = join(scratch, 'healthy');
    for (const _ of [1, 2, 3]) {
      await commitBlob(site.dataFs);
      await site.scriptWell('backup');
    }
    cpSync(blobFolder(site), healthy, { recursive: true });
    await commitBlob(site.dataFs);
    const live = liveState(site);
    const [one = '', two = '', full = ''] = archivesIn(site)
      .filter((name) => !name.endsWith('.snar'))
      .sort((a, b) => Number(a.includes('delta')) - Number(b.includes('delta')))
      .reverse()
      .map((name) => join(blobFolder(site), name));
    const withoutRecords = () => {
      for (const name of readdirSync(blobFolder(site))) {
        if (name.endsWith('.json')) unlinkSync(join(blobFolder(site), name));
      }
    };
    const swap = () => {
      renameSync(one, `${one}.x`);
      renameSync(two, one);
      renameSync(`${one}.x`, two);
    };
    const cut = (path: string, bytes: number) =>
      writeFileSync(path, readFileSync(path).subarray(0, -bytes));
    const damages: Readonly<Record<string, () => void>> = {
      'a delta is lost': () => unlinkSync(two),
      'a delta of the recipe is lost': () => {
        withoutRecords();
        unlinkSync(two);
      },
      'the full archive is lost': () => unlinkSync(full),
      'the full archive of the recipe is lost': () => {
        withoutRecords();
        unlinkSync(full);
      },
      'deltas are swapped': swap,
      'a delta is cut': () => cut(one, 1),
      'a delta of the recipe is cut': () => {
        withoutRecords();
        cut(one, 20);
      },
      'a delta is empty': () => writeFileSync(one, ''),
      'the full archive is cut': () => cut(full, 5000),
      'a byte in the middle is another': () => {
        const bytes = readFileSync(full);
        const middle = bytes.length >> 1;
        bytes[middle] = (bytes[middle] ?? 0) ^ 1;
        writeFileSync(full, bytes);
      },
    };
    for (const [name, damage] of Object.entries(damages)) {
      damage();
      const { status, stderr } = await site.script('restore', ['-n']);
      expect([name, status, errorsIn(stderr).length]).toEqual([name, 1, 1]);
      expect(liveState(site)).toEqual(live);
      rmSync(blobFolder(site), { recursive: true });
      cpSync(healthy, blobFolder(site), { recursive: true });
    }
    await site.scriptWell('restore', '-n');
  });
});

describe('archive with bad intentions', () => {
  it('is refused before anything is touched', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['backup_blobs = false']));
    await site.scriptWell('backup');
    const path = join(blobFolder(site), `blobstorage.${newestStamp(site)}.tar`);
    mkdirSync(blobFolder(site));
    site.configure(recipeCfg(ARCHIVE));
    await site.install();
    await commitBlob(site.dataFs);
    const live = liveState(site);
    const tree = join(scratch, 'bad/tree');
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(tree, 'x'), 'x');
    symlinkSync('/etc/passwd', join(tree, 'absolute'));
    symlinkSync('../../..', join(tree, 'up'));
    const tar = (...words: readonly string[]) => execFileSync('tar', ['-P', '-cf', path, ...words]);
    const bad: Readonly<Record<string, () => void>> = {
      'a name with ..': () => tar('-C', tree, '--transform=s,^,../../,', 'x'),
      'an absolute name': () => tar(join(tree, 'x')),
      'a link to an absolute name': () => tar('-C', tree, 'absolute'),
      'a link that leads out': () => tar('-C', tree, 'up'),
      'a hard link that leads out': () => {
        writeFileSync(join(tree, 'y'), 'y');
        execFileSync('ln', ['-f', join(tree, 'y'), join(tree, 'z')]);
        tar('-C', tree, '--transform=s,^y,../../y,', 'z', 'y');
      },
      'no archive at all': () => writeFileSync(path, 'x'.repeat(20_000)),
      nothing: () => writeFileSync(path, ''),
    };
    for (const [name, make] of Object.entries(bad)) {
      make();
      const { status, stderr } = await site.script('restore', ['-n']);
      expect([name, status, errorsIn(stderr).length]).toEqual([name, 1, 1]);
      expect(liveState(site)).toEqual(live);
    }
  });
});

describe('W9, W10: retention of the Data.fs backups', () => {
  it('goes by the stamps in names, whatever the file times say, and takes nothing else', async () => {
    const site = await newBuildoutSite(
      scratch,
      recipeCfg(['backup_blobs = false', 'full = true', 'keep = 3', 'gzip = false']),
    );
    const repository = site.path('var/backups');
    for (const _ of [1, 2, 3]) await site.scriptWell('backup');
    const stamps = dataFilesIn(repository).map((name) => name.slice(0, 19));
    writeFileSync(join(repository, 'notes.txt'), 'mine');
    mkdirSync(join(repository, 'old-things'));
    // As after a copy without times: the newest has the oldest time.
    for (const [index, stamp] of stamps.entries()) {
      for (const name of readdirSync(repository).filter((one) => one.startsWith(stamp))) {
        const time = new Date(Date.UTC(2020, 1, 28 - index));
        utimesSync(join(repository, name), time, time);
      }
    }
    const old = new Date('2001-01-01');
    utimesSync(join(repository, 'notes.txt'), old, old);
    await site.scriptWell('backup');
    const kept = dataFilesIn(repository).map((name) => name.slice(0, 19));
    expect(kept.slice(0, 2)).toEqual(stamps.slice(1));
    expect(kept.length).toBe(3);
    expect(namesIn(repository)).toEqual(expect.arrayContaining(['notes.txt', 'old-things']));
    for (const stamp of kept) expect(existsSync(join(repository, `${stamp}.index`))).toBe(true);
  });
});

/** Each begins a line; what to do stands in the next. */
function errorsIn(stderr: string): readonly string[] {
  return stderr.split('\n').filter((line) => line.startsWith('ERROR:'));
}
