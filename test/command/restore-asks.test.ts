/** A restore asks only about what it can do: every refusal comes before the question. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { IMPATIENT } from '../../src/system/locks/lock-request.ts';
import { acquireRunLock } from '../../src/system/locks/run-lock.ts';
import { COMMAND, runProgram } from '../support/command.ts';
import { growDatabase, openDatabase } from '../support/database.ts';
import { documentOf } from '../support/document.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const isRoot = process.getuid?.() === 0;
const QUESTION = 'Are you sure?';

/** A site with a backup that has grown since by so many transactions. */
async function grownSite(transactions: number): Promise<TestSite> {
  const site = await newSite(scratch, 3);
  await site.runWell('backup');
  await growDatabase(site.dataFs, { transactions });
  return site;
}

interface Refusal {
  readonly of: string;
  readonly words?: readonly string[];
  readonly prepare?: (site: TestSite) => unknown;
  readonly status: number;
  readonly says: string;
}

const REFUSALS: readonly Refusal[] = [
  { of: 'a date before all backups', words: ['2001-01-01'], status: 1, says: 'no backup' },
  { of: 'a date to come', words: ['2999-01-01'], status: 2, says: '2999-01-01' },
  {
    of: 'a folder without backups',
    prepare: ({ repository }) => {
      rmSync(repository, { recursive: true });
      mkdirSync(repository);
    },
    status: 1,
    says: 'no full backup',
  },
  {
    of: 'a backup whose file is missing',
    prepare: ({ repository, dataFiles }) => rmSync(join(repository, dataFiles()[0] ?? '')),
    status: 1,
    says: 'is missing',
  },
  {
    of: 'blobs whose backup is missing',
    prepare: ({ folder }) => {
      const backups = join(folder, 'var/blobstoragebackups');
      for (const name of readdirSync(backups)) rmSync(join(backups, name), { recursive: true });
    },
    status: 1,
    says: 'blob',
  },
  { of: 'a backup as the target', words: ['--to', 'var/backups'], status: 2, says: 'backups of' },
  {
    of: 'a target that is no file',
    prepare: ({ dataFs }) => {
      rmSync(dataFs);
      mkdirSync(dataFs);
    },
    status: 2,
    says: 'it is not a regular file',
  },
  {
    of: 'an undo where nothing was restored',
    words: ['--undo'],
    status: 1,
    says: 'Cannot undo',
  },
  {
    of: 'a discard where nothing was kept',
    words: ['--discard-old'],
    status: 1,
    says: 'Cannot',
  },
];

describe('zodbvault restore asks nothing', () => {
  it.each(REFUSALS)('where it refuses $of', async ({ words = [], prepare, status, says }) => {
    const site = await grownSite(1);
    await prepare?.(site);
    const finished = await site.run(['restore', ...words], { input: 'yes\n' });
    expect([finished.status, finished.stdout, finished.stderr]).toEqual([
      status,
      '',
      expect.stringContaining(says),
    ]);
  });

  it('where a server runs, be it for a restore or for its undo; with --force it does', async () => {
    const site = await grownSite(1);
    await site.runWell('restore', '-n');
    const server = await openDatabase(site.dataFs);
    const before = readFileSync(site.dataFs);
    for (const words of [['restore'], ['restore', '--undo']]) {
      const { status, stdout, stderr } = await site.run(words, { input: 'yes\n' });
      expect([status, stdout]).toEqual([4, '']);
      expect(stderr).toContain(`the process ${process.pid} holds its lock`);
      expect(stderr).toMatch(/--force" .* everything that the running server writes .* is lost\./);
    }
    expect(readFileSync(site.dataFs).equals(before)).toBe(true);
    const forced = await site.run(['restore', '--force'], { input: 'no\n' });
    expect([forced.status, forced.stdout]).toEqual([0, expect.stringContaining(QUESTION)]);
    await server.close();
  });

  it.each([
    ['another restore', 'var/filestorage/.Data.fs.zodbvault-restore.lock'],
    ['a backup', 'var/backups/.zodbvault.lock'],
  ])('where %s is at work', async (_, lock) => {
    const site = await grownSite(1);
    const path = join(site.folder, lock);
    await using _held = await acquireRunLock(path, { target: 'the test', request: IMPATIENT });
    const { status, stdout, stderr } = await site.run(['restore'], { input: 'yes\n' });
    expect([status, stdout]).toEqual([4, '']);
    expect(stderr).toContain('another run holds it');
  });

  it.skipIf(!isRoot)('where there is no room (needs root, to mount a disk)', async () => {
    const site = await grownSite(1);
    const live = join(site.dataFs, '..');
    renameSync(live, `${live}.before`);
    mkdirSync(live);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', live]);
    try {
      writeFileSync(site.dataFs, '');
      const { status, stdout, stderr } = await site.run(['restore'], { input: 'yes\n' });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/no space for it: \d[\d.]* kB needed, \d[\d.]* k?B free/);
    } finally {
      execFileSync('umount', [live]);
    }
  });

  it.skipIf(!isRoot)('where it may not write (needs root, to give its rights up)', async () => {
    const site = await grownSite(1);
    chmodSync(join(site.dataFs, '..'), 0o555);
    const without = ['--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all'];
    const words = [...without, process.execPath, COMMAND, 'restore'];
    const finished = await runProgram('setpriv', words, { cwd: site.folder, input: 'yes\n' });
    expect([finished.status, finished.stdout]).toEqual([1, '']);
    expect(finished.stderr).toContain('var/filestorage": permission denied');
  });
});

describe('the question of a restore', () => {
  it('says what was committed since the backup, and how many blobs there are', async () => {
    const site = await grownSite(2);
    const live = join(site.dataFs, '..');
    rmSync(`${site.dataFs}.lock`, { force: true });
    const names = readdirSync(live);
    const { stderr } = await site.run(['restore'], { input: 'no\n' });
    expect(stderr).toMatch(
      / 2 transactions were committed since, the last at \d{4}-\d\d-\d\d [\d:]+ \+00:00: the site will lose them\n/,
    );
    expect(stderr).toMatch(/ {4}\d+ blobs?, \d\S* [kM]?B\n/);
    expect(readdirSync(live)).toEqual(names); // No lock that another user's server could not open.
    const planned = await site.runWell('restore', '--dry-run');
    expect(planned.stdout).toMatch(/Data\.fs: 2 transactions were committed since, the last at /);
    const { newer } = documentOf(await site.runWell('restore', '--dry-run', '--json'))
      .filestorages[0];
    expect(newer).toEqual({ transactions: 2, isMore: false, lastTime: expect.any(String) });
    await site.runWell('restore', '-n');
    const again = await site.run(['restore'], { input: 'no\n' });
    expect(again.stderr).toContain('nothing was committed since\n');
    await growDatabase(site.dataFs, { transactions: 1 });
    const one = await site.run(['restore'], { input: 'no\n' });
    expect(one.stderr).toMatch(
      / 1 transaction was committed since, at .*: the site will lose it\n/,
    );
  });

  it('counts behind an unfinished transaction, and says where it cannot tell', async () => {
    const site = await grownSite(2);
    const whole = readFileSync(site.dataFs);
    writeFileSync(site.dataFs, whole.subarray(0, whole.length - 5));
    const cut = await site.run(['restore'], { input: 'no\n' });
    expect(cut.stderr).toContain('1 transaction was committed since');
    writeFileSync(site.dataFs, 'no database');
    const other = await site.run(['restore'], { input: 'no\n' });
    expect(other.stderr).toContain('cannot tell what was committed since');
  });
});
