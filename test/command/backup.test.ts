import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { zodbvault } from '../support/command.ts';
import { growDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { packDatabase } from '../support/pack.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, sameBytes, siteIn, snapshot } from '../support/site.ts';
import { onTerminal } from '../support/terminal.ts';

const scratch = scratchFolder();

describe('zodbvault backup', () => {
  it('needs no option in the folder of a site: full, increment, nothing', async () => {
    const site = await newSite(scratch);
    expect((await site.runWell('backup')).stderr).toMatch(/^Created .*var\/backups\n/);
    expect((await site.runWell('backup')).stderr).toContain('Nothing to back up');
    await growDatabase(site.dataFs, { transactions: 2 });
    const { stdout, stderr } = await site.runWell('backup');
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^Backed up: increment \S+, \S+ kB \(the Data\.fs grew\), no new blobs of 4, in \S+ s\. 2 restore points now, \S+ kB\.\n$/,
    );
    expect(site.dataFiles().map((name) => name.slice(20))).toEqual(['fsz', 'deltafsz']);
  });

  it('leaves the site as it was', async () => {
    const site = await newSite(scratch);
    const before = snapshot(join(site.dataFs, '..'));
    await site.runWell('backup');
    await site.runWell('backup', '--full');
    expect(snapshot(join(site.dataFs, '..'))).toEqual(before);
  });

  it('writes a gzip file that gzip itself accepts', async () => {
    const site = await newSite(scratch);
    await growDatabase(site.dataFs, { transactions: 10, bytesEach: 400_000 });
    await site.runWell('backup', '--level', '9', '--compressor', 'node');
    const path = join(site.repository, site.dataFiles()[0] ?? '');
    execFileSync('gzip', ['-t', '-S', '.fsz', path]);
    expect(gunzipSync(readFileSync(path)).equals(readFileSync(site.dataFs))).toBe(true);
  });

  it('stores plain bytes with --no-gzip', async () => {
    const site = await newSite(scratch);
    await site.runWell('backup', '--no-gzip');
    const [name = ''] = site.dataFiles();
    expect(name).toMatch(/\.fs$/);
    expect(sameBytes(join(site.repository, name), site.dataFs)).toBe(true);
  });

  it('never removes, for one database, the backups of another in its folder', async () => {
    const site = await newSite(scratch);
    const other = await newSite(scratch, 3);
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--keep', '1');
    const own = site.dataFiles();
    const there = ['--location', site.repository, '--keep', '1', '--no-blobs'];
    const { status, stderr } = await other.run(['backup', ...there]);
    expect([status, stderr]).toEqual([
      3,
      expect.stringContaining('keeps the backups of another database'),
    ]);
    expect(site.dataFiles()).toEqual(expect.arrayContaining([...own]));
    await other.run(['backup', '--full', ...there]);
    expect(site.dataFiles()).toHaveLength(2); // One of each.
    expect(site.dataFiles()).toEqual(expect.arrayContaining([...own]));
    const date = own[0]?.slice(0, 19) ?? '';
    await site.runWell('restore', date, '--to', 'own.fs');
    expect(sameBytes(join(site.folder, 'own.fs'), site.dataFs)).toBe(true);
    // repozo doesn't write down whose a backup is: there, the transactions tell.
    rmSync(join(site.repository, `${date}.json`));
    await other.run(['backup', '--full', ...there]);
    expect(site.dataFiles()).toHaveLength(2);
    expect(site.dataFiles()).toEqual(expect.arrayContaining([...own]));
    await packDatabase(other.dataFs);
    await other.run(['backup', ...there]);
    expect(site.dataFiles()).toHaveLength(2);
  });

  it('removes nothing while two copies of a database take turns, and sees a move for what it is', async () => {
    const site = await newSite(scratch, 3);
    const words = ['backup', '--full', '--keep', '1', '--no-blobs'];
    await site.runWell(...words);
    const copy = siteIn(join(scratch, 'copy'));
    cpSync(site.dataFs, copy.dataFs, { recursive: true });
    await growDatabase(copy.dataFs, { transactions: 1 });
    // Whether the site has moved or was copied, nobody can tell as yet.
    const there = ['--location', site.repository];
    await copy.runWell('backup', '--keep', '1', '--no-blobs', ...there);
    await site.runWarned(...words);
    const one = await site.runWarned(...words);
    expect(one.stderr).toContain(`is another copy of the database than "${copy.dataFs}"`);
    await growDatabase(site.dataFs, { transactions: 1 });
    await site.runWell('backup', '--keep', '1', '--no-blobs');
    const other = await copy.runWarned(...words, ...there);
    expect(other.stderr).toContain(`is another copy of the database than "${site.dataFs}"`);
    expect(site.dataFiles()).toHaveLength(6);
    // When one has gone for good, all is as before.
    for (const name of site.dataFiles().slice(2, 4)) {
      await site.runWell('delete', name.slice(0, 19), '-n');
    }
    await copy.runWell(...words, ...there);
    expect(site.dataFiles()).toHaveLength(1);
    // What was set back, and backed up, before it moves has only moved.
    const [first = ''] = site.dataFiles();
    await growDatabase(copy.dataFs, { transactions: 1 });
    await copy.runWell('backup', '--no-blobs', ...there);
    await copy.runWell('restore', first.slice(0, 19), '-n', '--no-blobs', ...there);
    await growDatabase(copy.dataFs, { transactions: 1 });
    await copy.runWell('backup', '--no-blobs', ...there);
    const moved = siteIn(join(scratch, 'moved'));
    mkdirSync(dirname(moved.dataFs), { recursive: true });
    renameSync(copy.dataFs, moved.dataFs);
    await moved.runWell(...words, ...there);
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('removes nothing of a site that is still there for a copy of it that goes on', async () => {
    const site = await newSite(scratch, 4);
    const words = ['backup', '--full', '--keep', '1', '--no-blobs'];
    await site.runWell(...words);
    const own = site.dataFiles();
    const copy = siteIn(join(scratch, 'copy-that-goes-on'));
    cpSync(site.dataFs, copy.dataFs, { recursive: true });
    await growDatabase(copy.dataFs, { transactions: 1 });
    const { stderr } = await copy.runWarned(...words, '--location', site.repository);
    expect(stderr).toContain(`than "${site.dataFs}", which still exists`);
    expect(site.dataFiles()).toEqual([...own, expect.any(String)]);
    await growDatabase(site.dataFs, { transactions: 1 });
    const refused = await site.run(['restore', '-n', '--no-blobs']);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('two copies')]);
    rmSync(site.dataFs);
    await copy.runWell(...words, '--location', site.repository);
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('takes a copy that was packed for one', async () => {
    const site = await newSite(scratch, 8);
    const words = ['backup', '--keep', '1', '--no-blobs'];
    await site.runWell(...words);
    const copy = siteIn(join(scratch, 'copy-of-packed'));
    cpSync(site.dataFs, copy.dataFs, { recursive: true });
    await growDatabase(copy.dataFs, { transactions: 1 });
    await copy.runWell(...words, '--location', site.repository);
    await packDatabase(site.dataFs);
    const { stderr } = await site.runWarned(...words);
    expect(stderr).toContain(`is another copy of the database than "${copy.dataFs}"`);
    expect(site.dataFiles()).toHaveLength(3);
    // A path that leads to the same file is none.
    rmSync(copy.dataFs);
    symlinkSync(site.dataFs, copy.dataFs);
    await site.runWell(...words, '--full');
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('builds nothing on a backup that verify has found damaged, and does not count it', async () => {
    const site = await newSite(scratch, 5);
    const backUp = (...words: string[]) => site.runWell('backup', '--no-blobs', ...words);
    await backUp();
    await backUp('--full');
    const [good = '', damaged = ''] = site.dataFiles();
    const path = join(site.repository, damaged);
    const bytes = readFileSync(path);
    bytes.fill(0, 100, 140);
    writeFileSync(path, bytes);
    expect((await site.run(['verify', '--no-blobs'])).status).toBe(1);
    await growDatabase(site.dataFs, { transactions: 1 });
    const { stderr } = await backUp('--keep', '2', '-v');
    expect(stderr).toContain(`"verify" found that "${damaged}" is damaged`);
    expect(site.dataFiles()).toEqual([good, damaged, expect.stringMatching(/\.fsz$/)]);
    await backUp('--full', '--keep', '2'); // Now there are two that are good, and newer.
    expect(site.dataFiles()).toHaveLength(2);
  });

  it('says a wrong word as one object with --json, and the words of --wait to people', async () => {
    const site = await newSite(scratch, 1);
    for (const [words, text] of [
      [['backup', '--json', '--nonsense'], "unknown option '--nonsense'"],
      [['backup', '--json', '--level', '10'], 'It is not a whole number of 1 to 9.'],
      [['nonsense', '--json'], "unknown command 'nonsense'"],
      [['--json'], 'unknown option'],
      [['-c', 'x', 'list', '--json'], 'options come behind the command'],
      [['help', 'bakup', '--json'], 'Did you mean backup?'],
    ] as const) {
      const ended = await site.run(words);
      expect([words, ended.status, ended.stderr]).toEqual([words, 2, '']);
      expect(ended.stdout).toContain(text);
      expect(documentOf(ended).errors).toEqual([
        {
          code: 'usage',
          message: expect.any(String),
          hint: expect.stringMatching(/"zodbvault (backup )?--help" shows /),
        },
      ]);
    }
    const help = (await site.runWell('backup', '--help')).stdout;
    expect(help).toMatch(/--wait \[seconds\] /);
    expect(help).not.toContain('preset');
  });

  it('keeps as many full backups as --keep says, with their increments', async () => {
    const site = await newSite(scratch);
    for (let count = 0; count < 4; count++) {
      await site.runWell('backup', '--full');
      await growDatabase(site.dataFs, { transactions: 1 });
      await site.runWell('backup');
    }
    const before = site.dataFiles();
    const { stderr } = await site.runWell('backup', '--keep', '2', '--verbose');
    expect(site.dataFiles()).toEqual(before.slice(-4));
    expect(stderr).toMatch(/^Removed \d+ old files from \S+ \(newer full backups to keep: 2\): /m);
    expect(stderr).toContain(before[0]);
    expect(stderr).toMatch(/ Removed: 4 restore points, \S+ to \S+\. 4 restore points now, /);
    expect(
      readdirSync(site.repository).some(
        (name) => name < (before[4] ?? '').slice(0, 19) && name > '2',
      ),
    ).toBe(false);
    await site.runWell('verify');
    const words = ['backup', '--full', '--keep', '1', '--json'];
    const dry = documentOf(await site.runWell(...words, '--dry-run'));
    const done = documentOf(await site.runWell(...words));
    const would: readonly { readonly fileNames: readonly string[] }[] = dry.plans[0].removals;
    expect(would.flatMap(({ fileNames }) => fileNames)).toEqual(done.backups[0].removed);
    expect(site.dataFiles()).toHaveLength(1);
  });

  it('finishes the removal that a killed run has begun; until then it is as if it were done', async () => {
    for (const gone of [0, 1, 3, 11]) {
      const site = await newSite(scratch, 3);
      await site.runWell('backup');
      await growDatabase(site.dataFs, { transactions: 1 });
      await site.runWell('backup');
      const old = readdirSync(site.repository).filter((name) => !name.startsWith('.'));
      await site.runWell('backup', '--full');
      const [full = ''] = site.dataFiles();
      const dat = `${full.slice(0, 19)}.dat`;
      const names = [dat, ...old.filter((name) => name !== dat).reverse()];
      expect(names.length).toBe(11);
      writeFileSync(join(site.repository, `${full.slice(0, 19)}.removing`), names.join('\n'));
      for (const name of names.slice(0, gone)) rmSync(join(site.repository, name));
      const verified = await site.runWell('verify', '--no-blobs');
      expect(verified.stderr).toContain('1 backup intact, none damaged');
      expect((await site.runWell('list')).stdout.trim().split('\n').length).toBe(2);
      await site.runWell('backup');
      expect(readdirSync(site.repository).filter((name) => old.includes(name))).toEqual([]);
      expect(readdirSync(site.repository).some((name) => name.endsWith('.removing'))).toBe(false);
      expect(site.dataFiles().length).toBe(1);
    }
  });

  it('says with --dry-run what it would do, and touches nothing', async () => {
    const site = await newSite(scratch);
    const { stdout, stderr } = await site.runWell('backup', '--dry-run');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Full backup of .*: the first backup\nBack up the blobs in .*\n$/);
    expect(readdirSync(join(site.folder, 'var'))).not.toContain('backups');
    await site.runWell('backup');
    await growDatabase(site.dataFs, { transactions: 1 });
    const before = snapshot(site.repository);
    const dry = documentOf(await site.runWell('backup', '--dry-run', '--json'));
    expect(dry).toMatchObject({ backups: [], plans: [{ type: 'increment' }] });
    expect(snapshot(site.repository)).toEqual(before);
  });

  it('prints one JSON object with --json, nothing with -q, more with -v', async () => {
    const site = await newSite(scratch);
    const json = await site.runWell('backup', '--json');
    expect(documentOf(json)).toMatchObject({
      backups: [{ type: 'full', fileName: site.dataFiles()[0], transactions: 30 }],
    });
    expect(json.stderr).toBe('');
    const quiet = await site.runWell('backup', '--full', '-q');
    expect([quiet.stdout, quiet.stderr]).toEqual(['', '']);
    expect((await site.runWell('backup', '--full', '-v')).stderr).toContain('was requested');
  });

  it('backs up a database of no transaction, 0 bytes or 4 bytes, and warns of it', async () => {
    for (const content of ['', 'FS30']) {
      const site = await newSite(scratch);
      writeFileSync(site.dataFs, content);
      const { stderr } = await site.runWarned('backup');
      expect(stderr).toContain(`"${site.dataFs}" contains no transaction`);
      await site.runWell('backup');
      expect(site.dataFiles().length).toBe(1);
      await site.runWell('restore', '--to', 'out.fs');
      expect(readFileSync(join(site.folder, 'out.fs'), 'latin1')).toBe(content);
      await site.runWell('verify');
    }
  });

  it('compresses with the program that is asked for, and fails if it is not there', async () => {
    const site = await newSite(scratch);
    const nothing = join(scratch, 'empty-path');
    mkdirSync(nothing, { recursive: true });
    for (const name of ['flock', 'node']) linkProgram(name, nothing);
    const finished = await site.run(['backup', '--compressor', 'pigz'], {
      env: { PATH: nothing },
    });
    expect(finished.status).toBe(1);
    expect(finished.stderr).toContain('"pigz"');
    expect(readdirSync(site.repository).filter((name) => !name.startsWith('.'))).toEqual([]);
  });

  it.each(['exit 3', 'head -c 1000; kill -9 $$', 'head -c 200000 >/dev/null; exit 0'])(
    'makes no backup when the program that compresses does: %s',
    async (script) => {
      const site = await newSite(scratch);
      await growDatabase(site.dataFs, { transactions: 10, bytesEach: 400_000 });
      const bin = join(site.folder, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'pigz'), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, 'pigz'), 0o755);
      const finished = await site.run(['backup', '--compressor', 'pigz'], {
        env: { PATH: `${bin}:${process.env['PATH']}` },
      });
      expect(finished.status).toBe(1);
      expect(finished.stderr).toMatch(/^Error: .*pigz/m);
      expect(readdirSync(site.repository).sort()).toEqual([
        '.zodbvault.lock',
        '.zodbvault.runs.jsonl',
      ]);
    },
  );

  it.each(['igzip', 'pigz'])('makes a backup through %s that can be restored', async (name) => {
    if (!isInstalled(name)) return;
    const site = await newSite(scratch);
    await growDatabase(site.dataFs, { transactions: 10, bytesEach: 400_000 });
    await site.runWell('backup', '--compressor', name);
    const path = join(site.repository, site.dataFiles()[0] ?? '');
    execFileSync('gzip', ['-t', '-S', '.fsz', path]);
    await site.runWell('verify');
    await site.runWell('restore', '--to', 'out.fs');
    expect(sameBytes(join(site.folder, 'out.fs'), site.dataFs)).toBe(true);
  });
});

describe('zodbvault backup, when something is wrong,', () => {
  it('names the Data.fs that is missing, and makes no folder', async () => {
    const site = await newSite(scratch);
    rmSync(site.dataFs);
    const { status, stderr } = await site.run(['backup']);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `Error: Cannot read "${site.dataFs}": it does not exist.\nHint: There is no backup of it yet. If the file is elsewhere, go to the folder of the site, or name it with --datafs.\n`,
    );
    const restored = await site.run(['restore', '-n']);
    expect(restored.stderr).toContain(`there is no folder "${site.repository}"`);
    expect(readdirSync(join(site.folder, 'var'))).not.toContain('backups');
  });

  it('says how to name a Data.fs where there is no site', async () => {
    const folder = join(scratch, 'nothing');
    mkdirSync(folder);
    const { status, stderr } = await zodbvault(['backup'], { cwd: folder });
    expect(status).toBe(1);
    expect(stderr).toContain('--datafs');
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['text', Buffer.from('hello, this is no database'), 'begins with "hell"'],
    ['a cut magic', Buffer.from('FS'), 'begins with "FS"'],
  ])('refuses a file that is %s', async (_, content, state) => {
    const site = await newSite(scratch);
    writeFileSync(site.dataFs, content);
    const { status, stderr } = await site.run(['backup']);
    expect(status).toBe(1);
    expect(stderr).toContain(state);
    expect(site.dataFiles()).toEqual([]);
  });

  it('refuses a Data.fs that is damaged in the middle, with the offset', async () => {
    const site = await newSite(scratch);
    const bytes = readFileSync(site.dataFs);
    const length = Number(bytes.readBigUInt64BE(4 + 8));
    bytes.writeUInt8(0xff, 4 + length + 3); // In the copy of the length behind it.
    writeFileSync(site.dataFs, bytes);
    rmSync(`${site.dataFs}.index`);
    const { status, stderr } = await site.run(['backup']);
    expect(status).toBe(1);
    expect(stderr).toContain(`Cannot read transaction at 4 in "${site.dataFs}"`);
    expect(site.dataFiles()).toEqual([]);
  });

  it('says so when the folder of the backups is a file', async () => {
    const site = await newSite(scratch);
    writeFileSync(site.repository, '');
    const { status, stderr } = await site.run(['backup']);
    expect(status).toBe(1);
    expect(stderr.trim().split('\n').length).toBe(2);
    expect(stderr).toContain(site.repository);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'stops cleanly when the disk is full, and keeps what was there (needs root, to mount one)',
    async () => {
      const site = await newSite(scratch);
      mkdirSync(site.repository);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', site.repository]);
      try {
        await site.runWell('backup', '--no-gzip');
        await growDatabase(site.dataFs, { transactions: 10, bytesEach: 400_000 });
        const before = snapshot(site.repository);
        // What gzip leaves can't be known before; what the bytes take can.
        const says = { '--gzip': /no space/, '--no-gzip': /: [\d.]+ MB needed, [\d.]+ MB free/ };
        for (const [gzip, message] of Object.entries(says)) {
          const { status, stderr } = await site.run(['backup', gzip]);
          expect(status).toBe(1);
          expect(stderr).toMatch(message);
          expect(snapshot(site.repository)).toEqual(before);
        }
        await site.runWell('verify');
      } finally {
        execFileSync('umount', [site.repository]);
      }
    },
  );

  it.each([
    [['backup', '--keep', 'x'], '--keep'],
    [['backup', '--level', '10'], '--level'],
    [['backup', '--nonsense'], '--nonsense'],
    [['bakcup'], 'backup'],
  ])('refuses the command line %j with status 2', async (words, state) => {
    const site = await newSite(scratch, 3);
    const { status, stderr } = await site.run(words);
    expect(status).toBe(2);
    expect(stderr).toContain(state);
  });
});

describe('zodbvault backup, interrupted,', () => {
  it.each([
    ['Ctrl-C', 130],
    ['SIGTERM', 130],
  ] as const)('stops at %s with a sentence, and leaves no trace', async (how, expected) => {
    const site = await newSite(scratch);
    await growDatabase(site.dataFs, { transactions: 30, bytesEach: 2_000_000 });
    const session = onTerminal(['backup', '--compressor', 'node'], site.folder);
    await session.waitFor('Backing up ');
    await session.waitFor('%');
    expect(session.text()).toMatch(/of \d+(\.\d)? MB .*\/s/);
    if (how === 'Ctrl-C') session.type('\x03');
    else session.kill(how);
    expect((await session.ended).status).toBe(expected);
    expect(session.text()).toContain('Stopped by');
    expect(readdirSync(site.repository).sort()).toEqual([
      '.zodbvault.lock',
      '.zodbvault.runs.jsonl',
    ]);
    const { stdout } = await site.runWell('history');
    expect(stdout).toMatch(/ backup +[\d.]+ s +(\S+ MB +)?interrupted +Stopped by \S+\n$/);
    await site.runWell('backup');
  });
});

function linkProgram(name: string, folder: string): void {
  const path = execFileSync('which', [name], { encoding: 'utf8' }).trim();
  symlinkSync(path, join(folder, name));
}

function isInstalled(name: string): boolean {
  return spawnSync('which', [name]).status === 0;
}
