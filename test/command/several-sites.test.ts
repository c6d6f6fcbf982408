/** Several sites, or parts: one that fails doesn't keep a command from the others. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMAND, type Finished, zodbvault } from '../support/command.ts';
import { makeSite } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const NAMES = ['alpha', 'beta', 'gamma'] as const;
type Name = (typeof NAMES)[number];

let made = 0;

/** A folder with three sites of one `zodbvault.toml`; `more` are lines of their tables. */
async function threeSites(more: Partial<Record<Name, readonly string[]>> = {}) {
  const folder = join(scratch, `several-${++made}`);
  const path = (...names: readonly string[]) => join(folder, ...names);
  const table = (name: Name) => [
    `[sites.${name}]`,
    `datafs = "${name}/Data.fs"`,
    `location = "backups/${name}"`,
    'backup_blobs = false',
    ...(more[name] ?? []),
  ];
  for (const name of NAMES) await makeSite(path(name, 'Data.fs'), 3);
  writeFileSync(path('zodbvault.toml'), NAMES.flatMap(table).join('\n'));
  const run = (...words: readonly string[]): Promise<Finished> => zodbvault(words, { cwd: folder });
  const backups = (name: Name) => {
    const there = path('backups', name);
    if (!existsSync(there)) return 0;
    return readdirSync(there).filter((file) => /fsz$/.test(file)).length;
  };
  return { folder, path, run, backups };
}

/** Holds the lock of a repository, as another run does, until `work` has ended. */
async function whileLocked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const holder = spawn('flock', [lock, 'sh', '-c', 'echo held; exec sleep 600'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    return await work();
  } finally {
    process.kill(-(holder.pid ?? 0), 'SIGKILL');
  }
}

describe('backup of several sites', () => {
  it('makes those of the others, whichever fails, and names it', async () => {
    for (const lost of NAMES) {
      const site = await threeSites();
      rmSync(site.path(lost, 'Data.fs'));
      const { status, stderr } = await site.run('backup');
      expect(status).toBe(1);
      expect(stderr).toContain(`Error: ${lost}: Cannot read "${site.path(lost, 'Data.fs')}"`);
      const done = NAMES.filter((name) => name !== lost);
      expect(stderr.trimEnd().split('\n').at(-1)).toBe(`Failed: ${lost}; done: ${done.join(', ')}`);
      expect(NAMES.filter((name) => site.backups(name) === 1)).toEqual(done);
    }
  });

  it('tells programs which failed', async () => {
    const site = await threeSites({ beta: ['pre_command = "exit 7"'] });
    expect(documentOf(await site.run('backup', '--json'))).toMatchObject({
      status: 1,
      backups: [
        { site: 'alpha', type: 'full' },
        { site: 'gamma', type: 'full' },
      ],
      errors: [{ site: 'beta', code: 'program' }],
    });
  });

  it('ends with the worst: failed, wrong usage, locked, warnings', async () => {
    const inside = ['blob_storage = "gamma/blobs"', 'location = "gamma/blobs/backups"'];
    const site = await threeSites();
    await site.run('backup', '-q');
    await whileLocked(site.path('backups/alpha/.zodbvault.lock'), async () => {
      const locked = await site.run('backup', '--full');
      expect([locked.status, locked.stderr]).toEqual([
        4,
        expect.stringContaining('Error: alpha: '),
      ]);
      expect([site.backups('alpha'), site.backups('beta'), site.backups('gamma')]).toEqual([
        1, 2, 2,
      ]);
      const toml = readFileSync(site.path('zodbvault.toml'), 'utf8');
      mkdirSync(site.path('gamma/blobs'));
      const misplaced = toml.replace(
        'location = "backups/gamma"\nbackup_blobs = false',
        inside.join('\n'),
      );
      writeFileSync(site.path('zodbvault.toml'), misplaced);
      const misused = await site.run('backup', '--full');
      expect([misused.status, site.backups('beta')]).toEqual([2, 3]);
      rmSync(site.path('beta/Data.fs'));
      expect((await site.run('backup', '--full')).status).toBe(1);
    });
  });

  it('stops all of them when it is interrupted', async () => {
    const site = await threeSites({ alpha: ['pre_command = "touch begun; sleep 60"'] });
    const child = spawn(process.execPath, [COMMAND, 'backup'], {
      cwd: site.folder,
      stdio: 'ignore',
    });
    while (!existsSync(site.path('begun'))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGTERM');
    const [status] = await once(child, 'close');
    expect([status, NAMES.map(site.backups)]).toEqual([130, [0, 0, 0]]);
  });
});

describe('a site that can not be used', () => {
  it('as its Data.fs is gone is told what to do: correct its table, or restore it by its name', async () => {
    const site = await threeSites();
    rmSync(site.path('beta/Data.fs'));
    const first = await site.run('backup', '--part', 'beta');
    expect([first.status, first.stderr]).toEqual([
      1,
      expect.stringContaining(
        'Hint: There is no backup of it yet. If the file is elsewhere, correct datafs',
      ),
    ]);
    cpSync(site.path('alpha/Data.fs'), site.path('beta/Data.fs'));
    expect((await site.run('backup', '--part', 'beta')).status).toBe(0);
    rmSync(site.path('beta/Data.fs'));
    const { stderr } = await site.run('backup', '--part', 'beta');
    expect(stderr).toContain(
      `Hint: If the file is lost, "zodbvault restore --part beta" brings it back. If it is elsewhere, correct datafs in [sites.beta] of "${site.path('zodbvault.toml')}".`,
    );
  });

  it('is no reason to leave out the others: of a zodbvault.toml', async () => {
    const site = await threeSites({
      beta: ['keep = -1', 'bogus = true'],
      gamma: ['zope_conf = "lost/zope.conf"'],
    });
    writeFileSync(
      site.path('zodbvault.toml'),
      readFileSync(site.path('zodbvault.toml'), 'utf8').replace('datafs = "gamma/Data.fs"\n', ''),
    );
    const { status, stderr } = await site.run('backup');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/Error: beta: [\s\S]*bogus/)]);
    expect(stderr).toMatch(/Error: gamma: .*lost\/zope\.conf/);
    expect(NAMES.map(site.backups)).toEqual([1, 0, 0]);
    expect((await site.run('verify', '-q')).status).toBe(1);
    const checked = await site.run('check', '--free', 'off', '--verify-age', 'off');
    expect([checked.status, checked.stdout]).toEqual([
      3,
      expect.stringMatching(/^ZODBVAULT UNKNOWN/),
    ]);
    // Whoever names it, or all that there are, gets the same error alone.
    const named = await site.run('backup', '--part', 'beta');
    expect([named.status, named.stderr]).toEqual([2, expect.not.stringContaining('gamma')]);
    expect((await site.run('backup', '--part', 'alpha')).status).toBe(0);
    expect((await site.run('schedule')).status).toBe(2);
  });

  it('is no reason to leave out the others: of a buildout', async () => {
    const site = await threeSites();
    rmSync(site.path('zodbvault.toml'));
    const part = (name: Name, keep: string) =>
      `[${name}]\nrecipe = collective.recipe.backup\ndatafs = ${name}/Data.fs\nlocation = ${site.path('backups', name)}\nsnapshotlocation = ${site.path('snapshots', name)}\nbackup_blobs = false\nkeep = ${keep}\n`;
    const parts = [part('alpha', 'few'), part('beta', '2'), part('gamma', '2')];
    writeFileSync(
      site.path('buildout.cfg'),
      `[buildout]\nparts = ${NAMES.join(' ')}\n${parts.join('')}`,
    );
    const { status, stderr } = await site.run('backup');
    expect([status, stderr]).toEqual([2, expect.stringContaining('Error: alpha: Cannot use')]);
    expect(NAMES.map(site.backups)).toEqual([0, 1, 1]);
    const installed = await site.run('install');
    expect([installed.status, existsSync(site.path('bin'))]).toEqual([2, false]);
  });
});

describe('what looks at several sites', () => {
  it('verifies, lists, and tests a restore of the others', async () => {
    const site = await threeSites();
    await site.run('backup', '-q');
    // A state that only one of them is in, and that no look at it can go on from.
    rmSync(site.path('backups/beta'), { recursive: true });
    writeFileSync(site.path('backups/beta'), 'a file');
    for (const words of [
      ['verify'],
      ['verify', '--deep'],
      ['list'],
      ['test-restore'],
      ['history'],
    ]) {
      const { status, stderr, stdout } = await site.run(...words);
      const all = stdout + stderr;
      expect([words, status, all]).toEqual([words, 1, expect.stringContaining('Error: beta: ')]);
      expect(all).toContain('Failed: beta; done: alpha, gamma');
    }
    const { status, stderr } = await site.run('report');
    expect([status, stderr]).toEqual([1, expect.stringContaining('Error: beta: ')]);
    const page = readFileSync(site.path('zodbvault-report.html'), 'utf8');
    for (const name of NAMES) expect(page).toContain(name);
  });

  it('calls what is critical worse than what nobody can tell, and that worse than a warning', async () => {
    const site = await threeSites();
    await site.run('backup', '-q');
    const check = (...words: readonly string[]) => site.run('check', '--free', 'off', ...words);
    rmSync(site.path('backups/beta'), { recursive: true });
    writeFileSync(site.path('backups/beta'), 'a file');
    const unknown = await check('--backup-age', '0s:9d', '--metrics', 'm.prom');
    expect(unknown.status).toBe(3);
    expect(unknown.stdout).toMatch(/^ZODBVAULT UNKNOWN - beta: .*, alpha: backed up/);
    expect(readFileSync(site.path('m.prom'), 'utf8')).toContain('check_status{part="beta"} 3');
    rmSync(site.path('backups/gamma'), { recursive: true });
    const critical = await check('--backup-age', '0s:9d');
    expect(critical.status).toBe(2);
    expect(critical.stdout).toMatch(/^ZODBVAULT CRITICAL - gamma: .*, beta: .*, alpha: backed up/);
    const { findings } = documentOf(await check('--json'));
    expect(findings).toContainEqual(expect.objectContaining({ site: 'beta', state: 'unknown' }));
  });

  it('deletes what is damaged of the others', async () => {
    const site = await threeSites();
    await site.run('backup', '-q');
    for (const name of NAMES) {
      const [file = ''] = readdirSync(site.path('backups', name)).filter((one) => /fsz$/.test(one));
      chmodSync(site.path('backups', name, file), 0o600);
      writeFileSync(site.path('backups', name, file), 'damaged');
    }
    await whileLocked(site.path('backups/alpha/.zodbvault.lock'), async () => {
      const { status, stderr } = await site.run('delete', '--damaged', '--even-the-last', '-n');
      expect([status, stderr]).toEqual([4, expect.stringContaining('Error: alpha/Data: ')]);
      expect(NAMES.map(site.backups)).toEqual([1, 0, 0]);
    });
  });
});
