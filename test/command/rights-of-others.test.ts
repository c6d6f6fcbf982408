/** What the program has not made keeps its rights, its owner and its kind. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, lstatSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';

const scratch = scratchFolder();
const isRoot = process.getuid?.() === 0;

const WISHES: readonly (readonly [name: string, words: readonly string[], error: string])[] = [
  ['null.prom', ['check', '--metrics', 'null.prom'], 'it is not a regular file'],
  ['null.html', ['report', '-o', 'null.html'], 'another file has this name'],
  ['null', ['report', '-o', 'null'], 'does not end with .html'],
  ['null.fs', ['repozo', '-R', '-r', 'var/backups', '-o', 'null.fs'], 'not a regular file'],
  ['null.fs', ['restore', '-n', '--datafs', 'null.fs', '--location', 'var/backups'], 'regular'],
  [
    'var/.zodbvault.lock',
    ['backup', '--datafs', 'var/filestorage/Data.fs', '--location', 'var'],
    'it is not a regular file',
  ],
];

function stateOf(path: string): object {
  const { mode, uid, gid, ino, rdev } = lstatSync(path);
  return { mode, uid, gid, ino, rdev };
}

describe.skipIf(!isRoot)('a device, as /dev/null (needs root, to make one)', () => {
  it.each(WISHES)('%s is not touched by %j', async (name, words, error) => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    const path = join(site.folder, name);
    execFileSync('mknod', ['-m', '666', path, 'c', '1', '3']);
    const before = stateOf(path);
    const { status, stdout, stderr } = await site.run(words);
    expect([status === 0, stdout + stderr]).toEqual([false, expect.stringContaining(error)]);
    expect(stateOf(path)).toEqual(before);
  });

  it('is not touched through a link', async () => {
    const site = await newSite(scratch, 3);
    await site.runWell('backup');
    const device = join(site.folder, 'null');
    execFileSync('mknod', ['-m', '666', device, 'c', '1', '3']);
    const before = stateOf(device);
    for (const name of ['link.prom', 'link.html', 'link.fs']) {
      symlinkSync(device, join(site.folder, name));
    }
    await site.run(['check', '--metrics', 'link.prom']);
    await site.run(['report', '-o', 'link.html']);
    await site.run(['repozo', '-R', '-r', 'var/backups', '-o', 'link.fs']);
    expect(stateOf(device)).toEqual(before);
  });
});

describe.skipIf(!isRoot)(
  'a file of root with another name in a folder of a user (needs root)',
  () => {
    it('is given to nobody', async () => {
      const site = await newSite(scratch, 3);
      await site.runWell('backup');
      const secret = join(scratch, 'secret');
      writeFileSync(secret, '', { mode: 0o600 });
      const before = stateOf(secret);
      chownSync(site.repository, 54_321, 54_321);
      chmodSync(site.repository, 0o775);
      for (const name of ['.zodbvault.lock', '.zodbvault.runs.jsonl']) {
        const path = join(site.repository, name);
        execFileSync('rm', ['-f', path]);
        linkSync(secret, path);
        await site.run(['backup', '--full']);
        expect([name, stateOf(secret)]).toEqual([name, before]);
        execFileSync('rm', ['-f', path]);
      }
    });
  },
);
