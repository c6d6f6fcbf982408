/** What lies among the blobs and is none of them: it is in no backup, and comes back with none. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveAsRecipe, archiveMembers } from '../support/archives.ts';
import { blobFiles, blobState } from '../support/blobs.ts';
import {
  type BuildoutSite,
  commitBlob,
  dataFilesIn,
  newBuildoutSite,
  recipeCfg,
} from '../support/buildout-site.ts';
import { runProgram } from '../support/command.ts';
import { BASIC_PROGRAMS, pathWith } from '../support/programs.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const BLOBS = 'blob_storage = var/blobstorage';
const FOLDER = 'var/blobstoragebackups';

/** As ZODB's `blob_mkstemp` and ZEO's `storeBlob` name them, for Python 3 and 2. */
const UNCOMMITTED = [
  '0x00k3b_9zqa.tmp',
  '0x00k3b_9zqa.tmp-',
  '0x03f5a1b2c3d4e5f6abcd12_9.tmp',
  '0x03f5a1b2c3d4e5f6Ab_d12.tmp-',
  'None_ab12cde.tmp-',
];
/** Names that are like those, and that nobody makes: they may be anything. */
const OTHERS = [
  '0x03f5a1b2c3d4e5f6.tmp',
  '0x03f5a1b2c3d4e5f6abcd12_9.tmp.blob',
  '0x03F5A1B2C3D4E5F6abcd12_9.tmp',
  'abcd12_9.tmp',
  '0x00abcd12_9.tmp--',
];

const WAYS = [
  ['rsync', [BLOBS]],
  ['copies', [BLOBS, 'use_rsync = false']],
  ['archives', [BLOBS, 'archive_blob = true']],
  ['a chain of archives', [BLOBS, 'archive_blob = true', 'incremental_blobs = true']],
] as const;

function folderOfABlob(site: BuildoutSite): string {
  return dirname(join(site.blobs, blobFiles(site.blobs)[0] ?? ''));
}

/** Writes files beside a blob, and returns how to take them away. */
function writeBeside(site: BuildoutSite, names: readonly string[]): () => void {
  const folder = folderOfABlob(site);
  for (const name of names) writeFileSync(join(folder, name), `not yet ${name}`);
  return () => {
    for (const name of names) rmSync(join(folder, name), { force: true });
  };
}

describe.each(WAYS)('uncommitted blobs of ZEO clients, with %s', (_, lines) => {
  it('are in no backup and come back with none, and what has similar names is and does', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    writeBeside(site, OTHERS);
    const live = blobState(site.blobs);
    const takeAway = writeBeside(site, UNCOMMITTED);
    await site.scriptWell('backup');
    await commitBlob(site.dataFs);
    writeBeside(site, UNCOMMITTED);
    await site.scriptWell('backup');
    expect((await site.run(['verify'])).status).toBe(0);
    const stored = readdirSync(site.path(FOLDER), { recursive: true, encoding: 'utf8' });
    const inArchives = stored
      .filter((name) => name.endsWith('.tar'))
      .flatMap((name) => archiveMembers(site.path(FOLDER, name)));
    expect([...stored, ...inArchives].filter((name) => /\.tmp-?$/.test(name)).sort()).toEqual(
      expect.not.arrayContaining(UNCOMMITTED),
    );
    takeAway();
    const [first = ''] = dataFilesIn(site.path('var/backups'));
    rmSync(site.blobs, { recursive: true });
    await site.scriptWell('restore', '-n', first.slice(0, 19));
    expect(blobState(site.blobs)).toEqual(live);
  });
});

describe('a copy that holds uncommitted blobs, as older versions and the recipe made them', () => {
  /** A copy with one of them, which its record and its sums speak of, as an older version would have written. */
  async function siteWithOlderCopy(lines: readonly string[]) {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, ...lines]));
    await site.scriptWell('backup');
    const live = blobState(site.blobs);
    const entry = site.path(FOLDER, 'latest');
    const [blob = ''] = blobFiles(site.blobs);
    const path = join(dirname(blob), UNCOMMITTED[0] ?? '');
    writeFileSync(join(entry, 'blobstorage', path), 'half');
    const record = JSON.parse(readFileSync(join(entry, '.zodbvault.json'), 'utf8'));
    record.content.files += 1;
    record.content.bytes += 'half'.length;
    delete record.links;
    delete record.sums;
    rmSync(join(entry, '.zodbvault.sums'));
    writeFileSync(join(entry, '.zodbvault.json'), JSON.stringify(record));
    return { site, live, path };
  }

  it.each([
    ['rsync', []],
    ['copies', ['use_rsync = false']],
  ])('stays good, and is restored without them, with %s', async (_, lines) => {
    const { site, live } = await siteWithOlderCopy(lines);
    expect((await site.run(['verify', '--deep'])).stdout).not.toContain('BAD');
    expect((await site.run(['verify'])).status).toBe(0);
    rmSync(site.blobs, { recursive: true });
    await site.scriptWell('restore', '-n');
    expect(blobState(site.blobs)).toEqual(live);
    // Nobody misses them.
    const { status, stderr } = await site.script('backup');
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('lost')]);
  });

  it('is bad all the same when a blob is gone from it', async () => {
    const { site } = await siteWithOlderCopy([]);
    rmSync(site.path(FOLDER, 'latest/blobstorage', blobFiles(site.blobs)[0] ?? ''));
    expect((await site.run(['verify'])).status).toBe(1);
    const { status, stderr } = await site.script('restore', ['-n']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('files are there')]);
  });

  it('is restored from an archive of the recipe without them, and without a pipe', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(['backup_blobs = false']));
    await site.scriptWell('backup');
    const stamp = (dataFilesIn(site.path('var/backups'))[0] ?? '').slice(0, 19);
    const live = blobState(site.blobs);
    writeBeside(site, UNCOMMITTED);
    execFileSync('mkfifo', [join(folderOfABlob(site), 'pipe')]);
    mkdirSync(site.path(FOLDER));
    archiveAsRecipe(site.blobs, { to: site.path(FOLDER, `blobstorage.${stamp}.tar`) });
    site.configure(recipeCfg([BLOBS, 'archive_blob = true']));
    await site.install();
    rmSync(site.blobs, { recursive: true });
    const { stderr } = await site.scriptWell('restore', '-n');
    expect(stderr).toContain(
      'pipe" is a pipe or a device, not a file; zodbvault does not restore it',
    );
    expect(blobState(site.blobs)).toEqual(live);
  });
});

describe('rsync while uncommitted blobs come and go', () => {
  /** Makes and removes such files as fast as it can until it is stopped. */
  function comeAndGo(folder: string): () => Promise<void> {
    const script = `while :; do for n in 1 2 3 4 5 6 7 8 9; do : > 0x00abcdefg$n.tmp; mv 0x00abcdefg$n.tmp 0x00abcdefg$n.tmp-; done; rm -f 0x00abcdefg*; done`;
    const child = spawn('sh', ['-c', script], { cwd: folder, stdio: 'ignore' });
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    return () => {
      child.kill('SIGKILL');
      return ended;
    };
  }

  it('makes a backup at its first attempt, each time', async () => {
    const site = await newBuildoutSite(scratch, undefined);
    const folder = folderOfABlob(site);
    const PATH = pathWith(site.path('programs'), {
      programs: BASIC_PROGRAMS,
      scripts: { rsync: `echo run >> ${site.path('runs')}; exec REAL "$@"` },
    });
    site.configure(recipeCfg([BLOBS]));
    await site.install();
    const stop = comeAndGo(folder);
    try {
      for (let night = 1; night <= 3; night += 1) {
        await commitBlob(site.dataFs);
        const { status, stderr } = await site.script('backup', ['-q'], { env: { PATH } });
        expect([status, stderr]).toEqual([0, expect.anything()]);
      }
    } finally {
      await stop();
    }
    expect(readFileSync(site.path('runs'), 'utf8')).toBe('run\n'.repeat(3));
  });

  it('has done its work when nothing else has vanished, although options had it look at them', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    const vanished = (name: string) =>
      pathWith(site.path(`programs-${name.length}`), {
        programs: BASIC_PROGRAMS,
        scripts: {
          rsync: `REAL "$@"; echo 'file has vanished: "/x/0x00/${name}"' >&2; echo 'rsync warning: some files vanished' >&2; exit 24`,
        },
      });
    const [uncommitted = ''] = UNCOMMITTED;
    const good = await site.script('backup', [], { env: { PATH: vanished(uncommitted) } });
    expect(good.status).toBe(0);
    await commitBlob(site.dataFs);
    const bad = await site.script('backup', [], {
      env: { PATH: vanished('0x03f5a1b2c3d4e5f6.blob') },
    });
    expect([bad.status, bad.stderr]).toEqual([1, expect.stringContaining('Files vanished')]);
  });
});

describe.each(WAYS)('pipes and sockets among the blobs, with %s', (_, lines) => {
  it('are left out with a warning that names them, and the restore is whole', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    const live = blobState(site.blobs);
    const folder = folderOfABlob(site);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const { stderr } = await site.scriptWell('backup');
      expect(stderr).toMatch(/(pipe|socket)" and 1 more are pipes, sockets or devices, not files/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect((await site.run(['verify'])).status).toBe(0);
    rmSync(site.blobs, { recursive: true });
    await site.scriptWell('restore', '-n');
    expect(blobState(site.blobs)).toEqual(live);
  });
});

describe.each([
  ['rsync', [BLOBS]],
  ['copies', [BLOBS, 'use_rsync = false']],
] as const)('what somebody adds to a copy, with %s', (_, lines) => {
  it.each([
    ['a link', (path: string) => symlinkSync('/etc/passwd', path), 'links that were added'],
    ['a setuid bit', (_: string, blob: string) => chmodSync(blob, 0o4755), 'setuid'],
  ] as const)('%s is reported by verify, and not restored', async (_, add, said) => {
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    await site.scriptWell('backup');
    const live = blobState(site.blobs);
    const [blob = ''] = blobFiles(site.blobs);
    const copy = site.path(FOLDER, 'latest/blobstorage');
    add(join(copy, dirname(blob), 'added'), join(copy, blob));
    for (const words of [['verify'], ['verify', '--deep']]) {
      const { status, stdout, stderr } = await site.run(words);
      expect([status, stdout + stderr]).toEqual([1, expect.stringContaining(said)]);
    }
    rmSync(site.blobs, { recursive: true });
    const { stderr } = await site.scriptWell('restore', '-n');
    expect(stderr).toMatch(/does not restore it|restores it without that right/);
    expect(blobState(site.blobs)).toEqual(live);
    expect(lstatSync(join(site.blobs, blob)).mode & 0o7000).toBe(0);
  });

  it('a link that the live site had is none of these', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg(lines));
    mkdirSync(site.path('elsewhere'));
    symlinkSync(site.path('elsewhere'), join(site.blobs, '0x01'));
    await site.script('backup');
    expect((await site.run(['verify'])).status).toBe(0);
  });
});

describe('a link in the blob directory that leads to blobs on another disk', () => {
  it('is copied by rsync as it is: a deep look does not follow it out of the backup', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS]));
    const [blob = ''] = blobFiles(site.blobs);
    const folder = dirname(blob);
    renameSync(join(site.blobs, folder), site.path('elsewhere'));
    symlinkSync(site.path('elsewhere'), join(site.blobs, folder));
    expect((await site.script('backup')).stderr).toContain(
      'is a link: the backup contains the link',
    );
    for (const words of [['verify', '--deep'], ['test-restore']]) {
      const { status, stdout, stderr } = await site.run(words);
      const said = expect.stringContaining('links to files outside, and no backup contains these');
      expect([words, status, stdout + stderr]).toEqual([words, 1, said]);
    }
    expect((await site.run(['check', '--verify-age', 'off', '--free', 'off'])).status).toBe(2);
  });
});

describe('a file that can not be read', () => {
  /** Root reads everything, unless it gives up the right to. */
  const PLAIN =
    process.getuid?.() === 0
      ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all']
      : ['env'];

  it('is named, also when a folder is copied', async () => {
    const site = await newBuildoutSite(scratch, recipeCfg([BLOBS, 'use_rsync = false']));
    const path = join(site.blobs, blobFiles(site.blobs)[0] ?? '');
    chmodSync(path, 0);
    const [program = '', ...options] = PLAIN;
    const { status, stderr } = await runProgram(program, [...options, site.path('bin/backup')]);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining(`Cannot copy "${path}": permission denied`),
    ]);
  });
});
