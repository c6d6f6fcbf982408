import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growDatabase, openDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { packDatabase } from '../support/pack.ts';
import { killGroup } from '../support/process.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes, snapshot } from '../support/site.ts';
import { onTerminal } from '../support/terminal.ts';

const scratch = scratchFolder();

/** A site with two backups; the Data.fs of each, and then two transactions more. */
async function siteWithHistory() {
  const site = await newSite(scratch);
  const states: Buffer[] = [];
  for (let count = 0; count < 2; count++) {
    await site.runWell('backup');
    states.push(readFileSync(site.dataFs));
    await growDatabase(site.dataFs, { transactions: 2 });
  }
  return { ...site, states: states as unknown as readonly [Buffer, Buffer] };
}

describe('zodbvault restore', () => {
  it('puts back the newest backup with its index, and keeps the mode', async () => {
    const site = await siteWithHistory();
    chmodSync(site.dataFs, 0o640);
    const { stderr } = await site.runWell('restore', '--no-prompt');
    expect(stderr).toContain('every checksum right');
    expect(readFileSync(site.dataFs).equals(site.states[1])).toBe(true);
    expect(statSync(site.dataFs).mode & 0o777).toBe(0o640);
    const index = site.dataFiles().at(-1)?.slice(0, 19);
    expect(sameBytes(`${site.dataFs}.index`, join(site.repository, `${index}.index`))).toBe(true);
  });

  it('restores to a date, also to a prefix of one', async () => {
    const site = await siteWithHistory();
    const [first = '', second = ''] = site.dataFiles().map((name) => name.slice(0, 19));
    await site.runWell('restore', first, '--to', 'first.fs');
    await site.runWell('restore', second, '--to', 'second.fs');
    const until = new Date(Date.now() + 60_000).toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length);
    await site.runWell(
      'repozo',
      '-R',
      '-r',
      site.repository,
      '-o',
      'later.fs',
      '-D',
      until.replace(/[T:]/g, '-'),
    );
    expect(readFileSync(join(site.folder, 'first.fs')).equals(site.states[0])).toBe(true);
    expect(readFileSync(join(site.folder, 'second.fs')).equals(site.states[1])).toBe(true);
    expect(sameBytes(join(site.folder, 'later.fs'), join(site.folder, 'second.fs'))).toBe(true);
  });

  it('makes a Data.fs that is not there without a question, with its folder', async () => {
    const site = await siteWithHistory();
    for (const name of ['filestorage', 'blobstorage']) {
      rmSync(join(site.folder, 'var', name), { recursive: true });
    }
    await site.runWell('restore');
    expect(readFileSync(site.dataFs).equals(site.states[1])).toBe(true);
    expect(readdirSync(join(site.folder, 'var/blobstorage'))).toContain('.layout');
  });

  it('says beforehand that it replaces another database, and takes a packed one for its own', async () => {
    const site = await siteWithHistory();
    await packDatabase(site.dataFs);
    const packed = await site.runWell('restore', '--dry-run');
    expect(packed.stderr).not.toMatch(/another database|not the database/);
    rmSync(site.dataFs);
    await growDatabase(site.dataFs, { transactions: 1 });
    const words = ['restore', '--no-keep-old', '--no-blobs'];
    const session = onTerminal(words, site.folder);
    await session.waitFor('Are you sure');
    expect(session.text()).toContain('is not the database in the backup');
    session.type('no\r');
    await session.ended;
    const before = snapshot(join(site.dataFs, '..'));
    const refused = await site.run([...words, '-n']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /without a question: it is another database .*\n.*Give the date of the restore point/,
      ),
    ]);
    expect(snapshot(join(site.dataFs, '..'))).toEqual(before);
    const [, newest = ''] = site.dataFiles();
    const { stderr } = await site.runWarned(...words, '-n', newest.slice(0, 19));
    expect(stderr.split('is not the database in the backup')).toHaveLength(2);
    expect(stderr).toContain('zodbvault does not keep it');
    expect(readFileSync(site.dataFs).equals(site.states[1])).toBe(true);
  });

  it('guesses nothing where the backups of two databases lie in one folder', async () => {
    const [site, other] = [await newSite(scratch, 3), await newSite(scratch, 4)];
    await site.runWell('backup', '--no-blobs');
    await other.runWell('backup', '--location', site.repository, '--no-blobs');
    const [own = '', foreign = ''] = site.dataFiles();
    const before = readFileSync(site.dataFs);
    rmSync(site.dataFs);
    const words = ['restore', '--no-blobs'];
    const refused = await site.run([...words, '-n']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /contains backups of two databases; .*\n.*Give the date of the restore point/,
      ),
    ]);
    for (const name of [own, foreign]) expect(refused.stderr).toContain(name);
    const asked = await site.run(words, { input: 'no\n' });
    expect([asked.stderr, asked.stdout]).toEqual([
      expect.stringContaining('contains backups of two databases'),
      expect.stringContaining('Are you sure'),
    ]);
    expect(existsSync(site.dataFs)).toBe(false);
    await site.runWell(...words, '-n', own.slice(0, 19));
    expect(readFileSync(site.dataFs).equals(before)).toBe(true);
    // What is there now tells whose is meant.
    expect((await site.run([...words, '-n'])).stderr).toContain(
      'contains backups of two databases',
    );
    await other.runWell(...words, '-n', '--location', site.repository);
  });

  it('says with --dry-run what it would do, and touches nothing', async () => {
    const site = await siteWithHistory();
    const before = snapshot(join(site.dataFs, '..'));
    const { stdout } = await site.runWell('restore', '--dry-run');
    for (const name of site.dataFiles()) expect(stdout).toContain(name);
    expect(stdout).toContain(`It would replace ${site.dataFs}`);
    expect(documentOf(await site.runWell('restore', '--dry-run', '--json'))).toMatchObject({
      outcome: 'planned',
      filestorages: [{ storage: 'Data', replaces: true, fileNames: site.dataFiles() }],
      blobs: [{ storage: 'Data', replaces: true, target: join(site.folder, 'var/blobstorage') }],
    });
    expect(snapshot(join(site.dataFs, '..'))).toEqual(before);
  });
});

describe('zodbvault restore from the first backup, which is damaged,', () => {
  it('names the next full backup, or says that none goes without it', async () => {
    const site = await newSite(scratch, 4);
    await site.runWell('backup');
    const [first = ''] = site.dataFiles();
    const path = join(site.repository, first);
    const good = readFileSync(path);
    const errorOf = async (...words: readonly string[]) =>
      (await site.run(['restore', ...words, '--to', 'out.fs'])).stderr;
    const damage = [
      () => writeFileSync(path, good.subarray(0, good.length - 9)),
      () => writeFileSync(path, Buffer.from(good).fill(0, 40, 90)),
      () => rmSync(path),
    ];
    for (const harm of damage) {
      harm();
      expect(await errorOf()).toContain('as no backup here goes without it; of a Data.fs that is');
    }
    writeFileSync(path, good);
    await site.runWell('backup', '--full');
    const full = site.dataFiles().at(-1)?.slice(0, 19) ?? '';
    for (const harm of damage) {
      harm();
      expect(await errorOf(first.slice(0, 19))).toContain(`${full}, the next full backup.`);
    }
    await site.runWell('restore', full, '--to', 'out.fs');
    expect(sameBytes(join(site.folder, 'out.fs'), site.dataFs)).toBe(true);
  });
});

describe('zodbvault restore --to a folder', () => {
  it('makes the site there, and then only brings it forward', async () => {
    const site = await siteWithHistory();
    const place = join(site.folder, 'standby/filestorage/Data.fs');
    const first = site.dataFiles()[0]?.slice(0, 19) ?? '';
    await site.runWell('restore', first, '--to', 'standby');
    expect(readFileSync(place).equals(site.states[0])).toBe(true);
    writeFileSync(join(site.folder, 'var/blobstorage/later.blob'), 'later');
    await site.runWell('backup');
    const inode = statSync(place).ino;
    const dry = (...words: readonly string[]) =>
      site.runWell('restore', '--dry-run', '--to', 'standby', ...words);
    expect((await dry()).stdout).toMatch(
      /^It would append [\d.]+ kB to .*standby\/filestorage\/Data\.fs, an earlier state of it of/m,
    );
    expect(documentOf(await dry('--json')).filestorages).toMatchObject([
      {
        ...{ replaces: false, hadBytes: site.states[0]?.length },
        fileNames: site.dataFiles().slice(1),
      },
    ]);
    expect(readFileSync(place).equals(site.states[0])).toBe(true);
    const asked = await site.run(['restore', '--to', 'standby'], { input: 'no\n' });
    expect(asked.stdout).toMatch(/^This will append what is new to .*\n +\S*standby\/filestorage/m);
    expect(asked.stdout).not.toContain('replace the filestorage');
    const { stderr } = await site.runWell('restore', '-n', '--to', 'standby');
    expect(stderr).toContain('appended to');
    expect(stderr).not.toContain('are kept');
    expect(statSync(place).ino).toBe(inode);
    expect(sameBytes(place, site.dataFs)).toBe(true);
    expect((await dry()).stdout).toContain(
      `It would append nothing: ${place} is that state already`,
    );
    const same = await site.run(['restore', '--to', 'standby'], { input: 'no\n' });
    expect(same.stdout).toMatch(
      /^This will leave the filestorage as it is, since it is that state already:\n +\S*standby\/filestorage/m,
    );
    expect(same.stdout).not.toContain('append');
    expect(existsSync(join(site.folder, 'standby/blobstorage/later.blob'))).toBe(true);
    const monday = join(site.folder, 'monday.fs');
    linkSync(place, monday); // As `cp -al` does.
    const ofMonday = readFileSync(monday, 'hex');
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup');
    await site.runWell('restore', '-n', '--to', 'standby');
    expect(sameBytes(place, site.dataFs)).toBe(true);
    expect(readFileSync(monday, 'hex')).toBe(ofMonday);
    await growDatabase(place, { transactions: 1 }); // It isn't a stand-by any more.
    const again = await site.runWell('restore', '-n', '--to', 'standby');
    expect(again.stderr).toContain('restore --undo --to standby');
    expect(sameBytes(place, site.dataFs)).toBe(true);
    await site.runWell('restore', '-n', '--undo', '--to', 'standby');
    expect(sameBytes(place, site.dataFs)).toBe(false);
    await site.runWell('restore', '-n', '--discard-old', '--to', 'standby');
    const names = readdirSync(join(site.folder, 'standby/filestorage'));
    expect(names.filter((name) => name.includes('kept'))).toEqual([]);
    const before = snapshot(site.repository);
    for (const to of ['var/backups', 'var/blobstoragebackups/latest', 'var/backups/new.fs']) {
      const { status, stderr } = await site.run(['restore', '-n', '--to', to]);
      expect({ status, stderr }).toMatchObject({ status: 2 });
      expect(stderr).toContain('contains backups of the site');
    }
    expect(snapshot(site.repository)).toEqual(before);
  });
});

describe('zodbvault restore, asking,', () => {
  it('says what it will replace, and does so after a literal yes', async () => {
    const site = await siteWithHistory();
    const session = onTerminal(['restore'], site.folder);
    await session.waitFor('Are you sure? (yes/No)?');
    expect(session.text()).toContain(site.dataFs);
    session.type('y\r');
    await session.waitFor('Please explicitly answer yes/no in full');
    session.type('yes\r');
    expect((await session.ended).status).toBe(0);
    expect(readFileSync(site.dataFs).equals(site.states[1])).toBe(true);
  });

  it.each(['no\r', '\r', 'NO\r'])('leaves everything as it was after %j', async (answer) => {
    const site = await siteWithHistory();
    const before = snapshot(join(site.dataFs, '..'));
    const session = onTerminal(['restore'], site.folder);
    await session.waitFor('Are you sure?');
    session.type(answer);
    expect((await session.ended).status).toBe(0);
    expect(session.text()).toContain('Not restoring.');
    expect(snapshot(join(site.dataFs, '..'))).toEqual(before);
  });

  it('stops at Ctrl-C with status 130, and leaves everything as it was', async () => {
    const site = await siteWithHistory();
    const before = snapshot(join(site.dataFs, '..'));
    const session = onTerminal(['restore'], site.folder);
    await session.waitFor('Are you sure?');
    session.type('\x03');
    expect((await session.ended).status).toBe(130);
    expect(session.text()).toContain('Stopped by Ctrl-C');
    expect(snapshot(join(site.dataFs, '..'))).toEqual(before);
  });

  it('fails where nobody answers', async () => {
    const site = await siteWithHistory();
    const before = snapshot(join(site.dataFs, '..'));
    const { status, stderr } = await site.run(['restore']);
    expect(status).toBe(1);
    expect(stderr).toContain('--no-prompt');
    expect(snapshot(join(site.dataFs, '..'))).toEqual(before);
    const asked = await site.run(['restore', '--json'], { input: 'No \n' });
    expect(documentOf(asked)).toMatchObject({ outcome: 'declined', filestorages: [], blobs: [] });
    expect(asked.stderr).toMatch(
      /^The backup of .* is of \d{4}[^\n]* old\n {4}local time \d{4}-\d\d-\d\d [\d:]+ [+-]\d\d:\d\d, \d\S* [kM]?B, never verified\n.*\n\nThis will replace .*\(yes\/No\)\? /s,
    );
    const quiet = await site.run(['restore', '-q'], { input: ' YES\n' });
    expect([quiet.status, quiet.stdout]).toEqual([0, expect.stringMatching(/^The backup of /)]);
  });
});

describe('zodbvault restore, while a server runs,', () => {
  it('refuses, with the pid of the server; --force overrides', async () => {
    const site = await siteWithHistory();
    const server = await openDatabase(site.dataFs);
    const before = readFileSync(site.dataFs);
    const { status, stderr } = await site.run(['restore', '-n']);
    expect(status).toBe(4);
    expect(stderr).toContain(`the process ${process.pid} holds its lock`);
    expect(stderr).toContain('--force');
    expect(readFileSync(site.dataFs).equals(before)).toBe(true);
    const forced = await site.runWarned('restore', '-n', '--force');
    expect(forced.stderr).toContain('Warning');
    expect(readFileSync(site.dataFs).equals(site.states[1])).toBe(true);
    await server.close();
  });

  it('sees a lock that the flock program holds, and not one of a server that was killed', async () => {
    const site = await siteWithHistory();
    const script = 'echo held; exec sleep 60';
    const holder = spawn('flock', [`${site.dataFs}.lock`, '-c', script], { detached: true });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    const { status, stderr } = await site.run(['restore', '-n']);
    expect([status, stderr]).toEqual([4, expect.stringContaining(`process ${holder.pid} `)]);
    await killGroup(holder);
    await site.runWell('restore', '-n');
  });
});

describe('zodbvault restore, when something is wrong,', () => {
  it.each([
    ['2026-13-01', '2026-13-01'],
    ['2026-02-30', '2026-02-30'],
    ['tomorrow', 'tomorrow'],
    ['2026-01-01-25', '2026-01-01-25'],
  ])('refuses the date %s', async (date, state) => {
    const site = await newSite(scratch, 3);
    const { status, stderr } = await site.run(['restore', date]);
    expect(status).toBe(2);
    expect(stderr).toContain(state);
    expect(stderr).toMatch(/\nHint: Write 2026-03-01 14:00 \(local\)/);
  });

  it('says which is the oldest backup when the date is before it', async () => {
    const site = await siteWithHistory();
    const { status, stderr } = await site.run(['restore', '2001-01-01', '-n']);
    expect(status).toBe(1);
    expect(stderr).toContain(site.dataFiles()[0]?.slice(0, 19));
  });

  it('says so when there are no backups', async () => {
    const site = await newSite(scratch, 3);
    expect((await site.run(['restore', '-n'])).stderr).toContain(site.repository);
    mkdirSync(site.repository);
    const { status, stderr } = await site.run(['restore', '-n']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('it holds no full backup yet')]);
  });

  it.each([
    ['a path through a file', 'a-file/Data.fs', 1],
    ['a device', '/dev/full', 2],
  ])('refuses to restore to %s', async (_, target, expected) => {
    const site = await siteWithHistory();
    writeFileSync(join(site.folder, 'a-file'), '');
    const { status, stderr } = await site.run(['restore', '-n', '--to', target]);
    expect([status, stderr.trim().split('\n').length]).toEqual([expected, 2]);
    expect(readFileSync(join(site.folder, 'a-file'), 'utf8')).toBe('');
  });

  it.skipIf(process.getuid?.() !== 0)(
    'leaves the old Data.fs when the disk is full (needs root, to mount one)',
    async () => {
      const site = await siteWithHistory();
      const disk = join(site.folder, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', disk]);
      try {
        for (const name of ['Data.fs', 'Data.fs.index']) writeFileSync(join(disk, name), 'FS30');
        const { status, stderr } = await site.run(['restore', '-n', '--to', join(disk, 'Data.fs')]);
        expect([status, stderr]).toEqual([1, expect.stringContaining('no space')]);
        expect([...snapshot(disk).keys()]).toEqual(['Data.fs', 'Data.fs.index']);
        expect(readFileSync(join(disk, 'Data.fs'), 'utf8')).toBe('FS30');
      } finally {
        execFileSync('umount', [disk]);
      }
    },
  );

  it('restores in front of a broken line of the .dat, and refuses behind it', async () => {
    const site = await siteWithHistory();
    const [first = '', second = ''] = site.dataFiles();
    const dat = join(site.repository, `${first.slice(0, 19)}.dat`);
    writeFileSync(dat, readFileSync(dat, 'utf8').slice(0, -10));
    const { status, stderr } = await site.run(['restore', '--to', 'out.fs']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('line 2 of')]);
    expect((await site.run(['restore', second.slice(0, 19), '--to', 'out.fs'])).status).toBe(1);
    expect(existsSync(join(site.folder, 'out.fs'))).toBe(false);
    await site.runWell('restore', first.slice(0, 19), '--to', 'out.fs');
    expect(readFileSync(join(site.folder, 'out.fs')).equals(site.states[0])).toBe(true);
    expect((await site.runWell('backup', '-v')).stderr).toContain('Full backup');
  });

  it('restores what is listed, and says what is not, when a file is unlisted', async () => {
    const site = await siteWithHistory();
    const [first = '', second = ''] = site.dataFiles();
    const dat = join(site.repository, `${first.slice(0, 19)}.dat`);
    writeFileSync(dat, `${readFileSync(dat, 'utf8').split('\n')[0]}\n`);
    const { stderr } = await site.runWarned('restore', '--to', 'out.fs');
    expect(stderr).toContain(second);
    expect(readFileSync(join(site.folder, 'out.fs')).equals(site.states[0])).toBe(true);
  });

  it('restores without a .dat from the records, and without those by a walk', async () => {
    const site = await siteWithHistory();
    for (const name of readdirSync(site.repository)) {
      if (name.endsWith('.dat')) rmSync(join(site.repository, name));
    }
    await site.runWell('restore', '--to', 'records.fs');
    for (const name of readdirSync(site.repository)) {
      if (name.endsWith('.json')) rmSync(join(site.repository, name));
    }
    await site.runWell('restore', '--to', 'walk.fs');
    for (const name of ['records.fs', 'walk.fs']) {
      expect(readFileSync(join(site.folder, name)).equals(site.states[1])).toBe(true);
    }
  });
});
