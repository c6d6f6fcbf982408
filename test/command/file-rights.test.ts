import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { commitBlob } from '../support/buildout-site.ts';
import { COMMAND, type Finished, runProgram } from '../support/command.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite, type TestSite } from '../support/site.ts';

const scratch = scratchFolder();
const isRoot = process.getuid?.() === 0;

const modeOf = (path: string) => statSync(path).mode & 0o7777;

/** Modes in octal of all that is in a folder, without what is for the group alone. */
function modesIn(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const all = names
    .filter((name) => !/\.zodbvault\.(lock|runs\.jsonl)$/.test(name))
    .map((name) => join(folder, name));
  const modes = [folder, ...all].map((path) => {
    const kind = statSync(path).isDirectory() ? 'folder' : 'file';
    return `${kind} ${modeOf(path).toString(8)}`;
  });
  return [...new Set(modes)].sort();
}

/** Runs the command with an umask. */
function withUmask(
  site: TestSite,
  { umask, words }: { readonly umask: string; readonly words: readonly string[] },
): Promise<Finished> {
  const script = `umask ${umask}; exec "$@"`;
  return runProgram('sh', ['-c', script, 'sh', process.execPath, COMMAND, ...words], {
    cwd: site.folder,
  });
}

async function backUp(site: TestSite, umask: string) {
  const { status, stderr } = await withUmask(site, { umask, words: ['backup'] });
  expect([status, stderr]).toEqual([0, expect.anything()]);
}

describe('backups have the rights of their original, less the umask', () => {
  it.each([
    [0o644, '022', ['file 644', 'folder 755']],
    [0o664, '022', ['file 644', 'folder 755']],
    [0o664, '002', ['file 664', 'folder 775']],
    [0o644, '002', ['file 644', 'folder 755']],
    [0o640, '022', ['file 640', 'folder 750']],
    [0o644, '027', ['file 640', 'folder 750']],
    [0o644, '077', ['file 600', 'folder 700']],
    [0o600, '022', ['file 600', 'folder 700']],
    [0o444, '022', ['file 644', 'folder 755']],
  ] as const)('a Data.fs of %o, at umask %s: %j', async (mode, umask, modes) => {
    const site = await newSite(scratch, 2);
    chmodSync(site.dataFs, mode);
    await backUp(site, umask);
    expect(modesIn(site.repository)).toEqual(modes);
  });

  it('and of the folders that lead to it, but not to them', async () => {
    const site = await newSite(scratch, 2);
    chmodSync(site.dataFs, 0o644);
    chmodSync(dirname(site.dataFs), 0o700);
    await backUp(site, '022');
    expect(modesIn(site.repository)).toEqual(['file 600', 'folder 700']);
  });

  it('those of blobs have those of the blob directory', async () => {
    const site = await newSite(scratch, 2);
    const blobs = join(site.folder, 'var/blobstorage');
    await commitBlob(site.dataFs);
    chmodSync(site.dataFs, 0o644);
    for (const [mode, modes] of [
      [0o700, ['file 600', 'folder 700']],
      [0o755, ['file 644', 'folder 755']],
    ] as const) {
      const folder = join(site.folder, 'var/blobstoragebackups');
      rmSync(folder, { recursive: true, force: true });
      chmodSync(blobs, mode);
      await backUp(site, '022');
      const [entry = ''] = readdirSync(folder).filter((name) => name.startsWith('blobstorage.'));
      const own = ['.', entry, `${entry}/.zodbvault.json`, `${entry}/.zodbvault.sums`];
      const found = own.map((name) => modeOf(join(folder, name)).toString(8));
      const [file = '', made = ''] = modes.map((one) => one.replace(/\D+/, ''));
      expect(found).toEqual([made, made, file, file]);
      expect(modeOf(join(folder, entry, 'blobstorage'))).toBe(mode);
    }
  });
});

describe('backups that are there say which rights the next ones have', () => {
  it('a repository of an earlier version stays for its owner', async () => {
    const site = await newSite(scratch, 2);
    await site.runWell('backup');
    execFileSync('chmod', ['-R', 'go-rwx', site.repository]);
    chmodSync(site.dataFs, 0o644);
    await commitBlob(site.dataFs);
    await backUp(site, '022');
    expect(modesIn(site.repository)).toEqual(['file 600', 'folder 700']);
  });

  it('one that is open to a group goes on so, whatever the umask is', async () => {
    const site = await newSite(scratch, 2);
    await site.runWell('backup');
    execFileSync('chmod', ['-R', 'u=rwX,g=rX,o=', site.repository]);
    await commitBlob(site.dataFs);
    await backUp(site, '077');
    expect(modesIn(site.repository)).toEqual(['file 640', 'folder 750']);
  });
});

describe('a restore gives the Data.fs', () => {
  it('the rights of the one that it replaces, also while it is made', async () => {
    const site = await newSite(scratch, 2);
    await site.runWell('backup');
    chmodSync(site.dataFs, 0o640);
    await site.runWell('restore', '-n');
    expect([modeOf(site.dataFs), modeOf(`${site.dataFs}.index`)]).toEqual([0o640, 0o640]);
  });

  it('and where there is none those of the umask', async () => {
    const site = await newSite(scratch, 2);
    await site.runWell('backup');
    rmSync(dirname(site.dataFs), { recursive: true });
    const { status } = await withUmask(site, { umask: '027', words: ['restore', '-n'] });
    expect(status).toBe(0);
    expect([modeOf(site.dataFs), modeOf(dirname(site.dataFs))]).toEqual([0o640, 0o750]);
  });
});

describe.skipIf(!isRoot)('two users of one group, in folders that give it (needs root)', () => {
  const [ann, bob, group] = [54_321, 54_322, 54_400];
  let site: TestSite;

  /** Runs a program as one of them. */
  function as(user: number, words: readonly string[]): Promise<Finished> {
    const ids = [`--reuid=${user}`, `--regid=${user}`, `--groups=${user},${group}`];
    const script = 'umask 007; exec "$@"';
    return runProgram('setpriv', [...ids, 'sh', '-c', script, 'sh', ...words], {
      cwd: site.folder,
      env: { HOME: site.folder },
    });
  }

  async function runAs(user: number, ...words: readonly string[]): Promise<void> {
    const { status, stderr } = await as(user, [process.execPath, COMMAND, ...words]);
    expect([words, status, stderr]).toEqual([words, 0, expect.anything()]);
  }

  /** What a server does that starts: it opens all of these, and writes into the folders of blobs. */
  async function expectStartAs(user: number): Promise<void> {
    const { dataFs } = site;
    const script = [
      `for f in ${dataFs} ${dataFs}.lock; do : >> $f || exit 1; done`,
      `head -c 4 ${dataFs}.index > /dev/null || exit 2`,
      'find var/blobstorage -name "*.blob" -exec head -c 1 {} + > /dev/null || exit 3',
      'for d in $(find var/blobstorage -type d); do : > $d/probe.lock && rm $d/probe.lock || exit 4; done',
    ].join('\n');
    const { status, stderr } = await as(user, ['sh', '-c', script]);
    expect([status, stderr]).toEqual([0, '']);
  }

  beforeAll(async () => {
    site = await newSite(scratch, 5);
    await commitBlob(site.dataFs);
    chmodSync(scratch, 0o755);
    execFileSync('chown', ['-R', `${ann}:${group}`, site.folder]);
    execFileSync('chmod', ['-R', 'u=rwX,g=rwX,o=', site.folder]);
    execFileSync('find', [site.folder, '-type', 'd', '-exec', 'chmod', 'g+s', '{}', '+']);
    execFileSync('find', [site.folder, '-name', '*.blob', '-exec', 'chmod', '440', '{}', '+']);
  });

  it.each([[['--blob-storage', 'var/blobstorage']]])(
    'back up, restore, undo and verify by turns, and either can start what came out',
    async (words) => {
      await runAs(ann, 'backup', ...words);
      await runAs(bob, 'backup', '--full', ...words);
      await runAs(bob, 'restore', '-n');
      await expectStartAs(ann);
      await runAs(ann, 'verify', '--deep');
      await runAs(ann, 'restore', '-n');
      await expectStartAs(bob);
      await runAs(bob, 'restore', '--undo', '-n');
      await expectStartAs(ann);
      await runAs(ann, 'backup', '--full');
      await runAs(bob, 'list');
      rmSync(join(site.folder, 'var/filestorage'), { recursive: true });
      rmSync(join(site.folder, 'var/blobstorage'), { recursive: true });
      await runAs(bob, 'restore', '-n');
      await as(bob, ['sh', '-c', `: > ${site.dataFs}.lock`]);
      await expectStartAs(ann);
      expect(statSync(site.dataFs).gid).toBe(group);
    },
  );

  it('what they back up has the group of the folder, and nothing for everybody else', () => {
    const names = readdirSync(site.repository, { recursive: true, encoding: 'utf8' });
    for (const name of names) {
      const { mode, gid } = statSync(join(site.repository, name));
      expect([name, gid, mode & 0o067]).toEqual([name, group, 0o060]);
    }
  });
});

describe.skipIf(!isRoot)('a group that is not the one of the Data.fs (needs root)', () => {
  it('gets no more than everybody else, unless its folder gives it', async () => {
    const site = await newSite(scratch, 2);
    chmodSync(scratch, 0o755);
    chmodSync(site.dataFs, 0o640);
    chownSync(site.dataFs, 0, 54_400);
    await backUp(site, '022');
    expect(modesIn(site.repository)).toEqual(['file 600', 'folder 700']);
    renameSync(site.repository, `${site.repository}-1`);
    mkdirSync(site.repository);
    chownSync(site.repository, 0, 54_401);
    chmodSync(site.repository, 0o2750);
    await backUp(site, '022');
    expect(modesIn(site.repository)).toEqual(['file 640', 'folder 2750']);
    const [name = ''] = readdirSync(site.repository).filter((one) => one.endsWith('.fsz'));
    expect(statSync(join(site.repository, name)).gid).toBe(54_401);
  });
});
