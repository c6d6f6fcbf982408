import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { type CopySettings, copyTree } from './copy-tree.ts';

const scratch = scratchFolder();
const isRoot = process.getuid?.() === 0;
/** Seconds with a fraction that no double holds. */
const TIME = 1_700_000_000.123457;
const LATER = TIME + 0.001;

/** A folder with a tree `live` of two files and a directory, and paths beside it. */
function newTree() {
  const folder = mkdtempSync(join(scratch, 'tree-'));
  const path = (...names: readonly string[]) => join(folder, ...names);
  mkdirSync(path('live/0x00/0x01'), { recursive: true, mode: 0o700 });
  for (const name of ['0x00/0x01/a.blob', '0x00/b.blob']) {
    writeFileSync(path('live', name), `content of ${name}`, { mode: 0o400 });
    utimesSync(path('live', name), TIME, TIME);
  }
  for (const name of ['0x00/0x01', '0x00', '']) utimesSync(path('live', name), TIME, TIME);
  const copy = (target: string, more: Partial<CopySettings> = {}) =>
    copyTree({
      source: path('live'),
      target: path(target),
      linkTo: undefined,
      sameness: 'time',
      of: 'live',
      sums: { kind: 'none' },
      signal: new AbortController().signal,
      ...more,
    });
  return { path, copy };
}

/** What a copy must keep of each entry of a tree, but for its time. */
function describeTree(root: string): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(
    namesIn(root).map((name) => {
      const path = join(root, name);
      const status = lstatSync(path);
      const { mode, uid, gid } = status;
      return [name, [mode, uid, gid, status.isFile() && readFileSync(path, 'latin1')]];
    }),
  );
}

function namesIn(root: string): readonly string[] {
  return ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })].sort();
}

/** Times of copies are those of their sources to less than a microsecond: Node takes them as doubles. */
function expectCopy(copy: string, source: string): void {
  expect(describeTree(copy)).toEqual(describeTree(source));
  const late = namesIn(source).filter((name) => {
    const [a, b] = [copy, source].map((root) => lstatSync(join(root, name), { bigint: true }));
    const difference = (a?.mtimeNs ?? 0n) - (b?.mtimeNs ?? 0n);
    return difference <= -1000n || difference >= 1000n;
  });
  expect(late).toEqual([]);
}

function areShared(path: string, other: string): boolean {
  return lstatSync(path).ino === lstatSync(other).ino;
}

describe('copy of a tree', () => {
  it('keeps contents, modes, and times to the microsecond', async () => {
    const { path, copy } = newTree();
    for (const mode of [0o400, 0o640, 0o666, 0o1755, 0o600]) {
      writeFileSync(path('live', `f-${mode}`), 'content');
      chmodSync(path('live', `f-${mode}`), mode);
    }
    for (const mode of [0o700, 0o755, 0o2770, 0o1777]) {
      mkdirSync(path('live', `d-${mode}`));
      chmodSync(path('live', `d-${mode}`), mode);
      utimesSync(path('live', `d-${mode}`), LATER, LATER);
    }
    const { files } = (await copy('copy')).content;
    expectCopy(path('copy'), path('live'));
    expect(files).toBe(7);
  });

  it('lets no time drift from copy to copy', async () => {
    const { path, copy } = newTree();
    for (let count = 0; count < 200; count += 1) {
      const file = path('live/0x00', `${count}`);
      writeFileSync(file, '');
      utimesSync(file, TIME + count * 1.000_037, TIME + count * 1.000_037);
    }
    await copy('1');
    for (let count = 1; count < 5; count += 1) {
      await copy(`${count + 1}`, { source: path(`${count}`) });
    }
    expectCopy(path('5'), path('live'));
  });

  it.skipIf(!isRoot)('keeps owners, also in a folder that gives its group', async () => {
    const { path, copy } = newTree();
    mkdirSync(path('place'));
    chownSync(path('place'), 0, 1234);
    chmodSync(path('place'), 0o2755);
    writeFileSync(path('live/owned'), 'x');
    chownSync(path('live/owned'), 1001, 1002);
    chmodSync(path('live/owned'), 0o711);
    chownSync(path('live/0x00'), 1003, 1004);
    await copy('place/copy');
    expectCopy(path('place/copy'), path('live'));
  });

  it('takes names with line ends, quotes and more', async () => {
    const { path, copy } = newTree();
    const names = ['line\nend', `"double" 'single'`, ' -rf ', '\\', '$(x)', 'ümläut', '*'];
    for (const name of names) writeFileSync(path('live/0x00', name), name);
    await copy('copy');
    expect(readdirSync(path('copy/0x00')).sort()).toEqual(['0x01', 'b.blob', ...names].sort());
    await copy('next', { linkTo: path('copy') });
    for (const name of names) {
      expect(areShared(path('copy/0x00', name), path('next/0x00', name))).toBe(true);
    }
  });

  it('leaves out what is no blob, of a live site only', async () => {
    const { path, copy } = newTree();
    for (const name of ['tmp', '.removed']) {
      mkdirSync(path('live', name));
      writeFileSync(path('live', name, 'x'), '');
    }
    for (const name of ['.lock', '0x00/x.lock', '0x00/y.spb', '0x00/tmp']) {
      writeFileSync(path('live', name), '');
    }
    const { files } = (await copy('copy')).content;
    expect(Object.keys(describeTree(path('copy')))).toEqual(
      ['', '0x00', '0x00/0x01', '0x00/0x01/a.blob', '0x00/b.blob', '0x00/tmp'].sort(),
    );
    expect(files).toBe(3);
    await copy('whole', { of: 'backup' });
    expect(Object.keys(describeTree(path('whole')))).toEqual(
      Object.keys(describeTree(path('live'))),
    );
  });

  it('follows the links of a live site, and keeps those of a backup', async () => {
    const { path, copy } = newTree();
    mkdirSync(path('elsewhere'));
    writeFileSync(path('elsewhere/c.blob'), 'c');
    symlinkSync(path('elsewhere'), path('live/directory'));
    symlinkSync(path('elsewhere/c.blob'), path('live/file'));
    lutimesSync(path('live/file'), TIME, TIME);
    await copy('copy');
    expect(lstatSync(path('copy/file')).isFile()).toBe(true);
    expect(readFileSync(path('copy/directory/c.blob'), 'utf8')).toBe('c');
    await copy('kept', { of: 'backup' });
    expect(readlinkSync(path('kept/file'))).toBe(path('elsewhere/c.blob'));
    expectCopy(path('kept/file/..'), path('live'));
  });

  it('leaves out pipes, and bits that run a file as somebody else', async () => {
    const { path, copy } = newTree();
    execFileSync('mkfifo', [path('live/0x00/pipe')]);
    writeFileSync(path('live/runs'), 'x');
    chmodSync(path('live/runs'), 0o6755);
    expect(await copy('copy')).toMatchObject({ content: { files: 3 }, special: ['0x00/pipe'] });
    expect(existsSync(path('copy/0x00/pipe'))).toBe(false);
    expect(lstatSync(path('copy/runs')).mode & 0o7777).toBe(0o755);
  });

  it('tells what of a backup no restore brings back', async () => {
    const { path, copy } = newTree();
    writeFileSync(path('live/runs'), 'x');
    chmodSync(path('live/runs'), 0o4755);
    symlinkSync('runs', path('live/0x00/link'));
    writeFileSync(path('live/0x00/0x00abcdefgh.tmp'), 'not committed');
    expect(await copy('copy', { of: 'backup' })).toMatchObject({
      content: { files: 3 },
      links: ['0x00/link'],
      withSetBits: ['runs'],
      leftOut: 1,
    });
  });

  it.each([
    ['a name that is not UTF-8', (path: string) => writeFileSync(spoilt(path), ''), 'damaged'],
    ['a link to a folder above it', (path: string) => symlinkSync('..', path), 'damaged'],
    ['a link that leads nowhere', (path: string) => symlinkSync('nowhere', path), 'not-found'],
  ] as const)('refuses %s', async (_name, make, code) => {
    const { path, copy } = newTree();
    make(path('live/0x00/0x01/hostile'));
    expect(await outcomeOf(() => copy('copy'))).toMatchObject({
      kind: 'failure',
      code,
      message: expect.stringContaining(`Cannot copy "${path('live/0x00/0x01')}`),
    });
  });

  it('fails where the source is missing, and where the target is there', async () => {
    const { path, copy } = newTree();
    const missing = outcomeOf(() => copy('copy', { source: path('missing') }));
    expect(await missing).toMatchObject({ kind: 'failure', code: 'not-found' });
    expect(existsSync(path('copy'))).toBe(false);
    mkdirSync(path('taken'));
    expect(await outcomeOf(() => copy('taken'))).toMatchObject({ code: 'system' });
  });

  it('stops when it is told to', async () => {
    const { path, copy } = newTree();
    for (let count = 0; count < 600; count += 1) writeFileSync(path('live/0x00', `${count}`), '');
    const stop = new AbortController();
    stop.abort(new Error('stopped'));
    await expect(copy('copy', { signal: stop.signal })).rejects.toThrow('stopped');
  });

  it('counts alike for a wide tree, of which it opens the upper directories first', async () => {
    const { path, copy } = newTree();
    for (let count = 0; count < 300; count += 1) {
      mkdirSync(path('live', `0x${count}/below`), { recursive: true });
      writeFileSync(path('live', `0x${count}/below/x.blob`), `${count}`);
      if (count % 3 === 0) utimesSync(path('live', `0x${count}`), TIME, TIME);
    }
    expect((await copy('copy')).content.files).toBe(302);
    expectCopy(path('copy'), path('live'));
  });
});

function spoilt(path: string): Buffer {
  return Buffer.concat([Buffer.from(path), Buffer.from([0xff])]);
}

describe('copy that shares files with another tree', () => {
  it('shares what is the same', async () => {
    const { path, copy } = newTree();
    await copy('one');
    const { content } = await copy('two', { linkTo: path('one') });
    await copy('three', { linkTo: path('two') });
    for (const name of ['0x00/0x01/a.blob', '0x00/b.blob']) {
      expect(lstatSync(path('three', name)).nlink).toBe(3);
      expect(areShared(path('three', name), path('live', name))).toBe(false);
    }
    expect(content.files).toBe(2);
    expectCopy(path('three'), path('live'));
  });

  const changes: readonly (readonly [what: string, change: (path: string) => void])[] = [
    [
      'size',
      (path) => {
        writeFileSync(path, 'longer than it was');
        utimesSync(path, TIME, TIME);
      },
    ],
    ['time', (path) => utimesSync(path, LATER, LATER)],
    ['mode', (path) => chmodSync(path, 0o440)],
    [
      'kind',
      (path) => {
        unlinkSync(path);
        symlinkSync(`${path}.moved`, path);
      },
    ],
    ['presence', (path) => unlinkSync(path)],
  ];
  const ofOwners: typeof changes = [
    ['owner', (path) => chownSync(path, 1001, 0)],
    ['group', (path) => chownSync(path, 0, 1001)],
  ];
  it.each(isRoot ? [...changes, ...ofOwners] : changes)(
    'copies what differs in %s',
    async (_what, change) => {
      const { path, copy } = newTree();
      await copy('one');
      chmodSync(path('one/0x00/b.blob'), 0o600);
      chmodSync(path('live/0x00/b.blob'), 0o600);
      writeFileSync(path('one/0x00/b.blob.moved'), readFileSync(path('one/0x00/b.blob')));
      change(path('one/0x00/b.blob'));
      await copy('two', { linkTo: path('one') });
      expect(lstatSync(path('two/0x00/b.blob')).nlink).toBe(1);
      expectCopy(path('two'), path('live'));
    },
  );

  it('compares every byte where times are not believed', async () => {
    const { path, copy } = newTree();
    await copy('one');
    const [changed, touched] = [path('one/0x00/0x01/a.blob'), path('one/0x00/b.blob')];
    chmodSync(changed, 0o600);
    writeFileSync(changed, 'Content of 0x00/0x01/a.blob');
    chmodSync(changed, 0o400);
    utimesSync(changed, TIME, TIME);
    utimesSync(touched, LATER, LATER);
    await copy('two', { linkTo: path('one'), sameness: 'content' });
    expect(readFileSync(path('two/0x00/0x01/a.blob'), 'utf8')).toBe('content of 0x00/0x01/a.blob');
    expect(areShared(path('two/0x00/b.blob'), touched)).toBe(true);
  });

  it('follows no link in the other tree', async () => {
    const { path, copy } = newTree();
    await copy('one');
    execFileSync('mv', [path('one/0x00'), path('moved')]);
    symlinkSync(path('moved'), path('one/0x00'));
    await copy('two', { linkTo: path('one') });
    expect(lstatSync(path('two/0x00/b.blob')).nlink).toBe(1);
  });

  it.skipIf(!isRoot)('copies where the other tree is on another disk', async () => {
    const { path, copy } = newTree();
    mkdirSync(path('disk'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path('disk')]);
    try {
      await copy('disk/one');
      await copy('two', { linkTo: path('disk/one') });
      expectCopy(path('two'), path('live'));
    } finally {
      execFileSync('umount', [path('disk')]);
    }
  });

  it('copies a file that has all the links that it can have', async (context) => {
    const { path, copy } = newTree();
    await copy('one');
    const file = path('one/0x00/b.blob');
    mkdirSync(path('links'));
    if (linkUntilRefused(file, path('links')) === 'unlimited') {
      context.skip('this file system allows more links than a test can make');
    }
    await copy('two', { linkTo: path('one') });
    rmSync(path('links'), { recursive: true });
    expect(areShared(path('two/0x00/b.blob'), file)).toBe(false);
    expect(areShared(path('two/0x00/0x01/a.blob'), path('one/0x00/0x01/a.blob'))).toBe(true);
    expectCopy(path('two'), path('live'));
  });
});

/** More than ext4 allows. */
const MANY_LINKS = 66_000;

function linkUntilRefused(file: string, folder: string): 'refused' | 'unlimited' {
  for (let count = 0; count < MANY_LINKS; count += 1) {
    try {
      linkSync(file, join(folder, `${basename(file)}-${count}`));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EMLINK') return 'refused';
      throw error;
    }
  }
  return 'unlimited';
}

describe('file that vanishes while it is copied', () => {
  /** Opening the directory of many files takes one step of work; then the next file is removed. */
  async function copyWhileRemoving(of: CopySettings['of']) {
    const { path, copy } = newTree();
    for (let count = 0; count < 1500; count += 1) writeFileSync(path('live', `${count}`), '');
    const names = readdirSync(path('live')).filter((name) => name !== '0x00');
    const last = names.at(-1) ?? '';
    const copying = outcomeOf(() => copy('copy', { of }));
    unlinkSync(path('live', last));
    return { outcome: await copying, isCopied: existsSync(path('copy', last)) };
  }

  it('was removed by a live site', async () => {
    const { outcome, isCopied } = await copyWhileRemoving('live');
    expect(outcome).toMatchObject({ kind: 'result', result: { content: { files: 1501 } } });
    expect(isCopied).toBe(false);
  });

  it('is missing in a backup', async () => {
    const { outcome } = await copyWhileRemoving('backup');
    expect(outcome).toMatchObject({ kind: 'failure', code: 'not-found' });
  });
});
