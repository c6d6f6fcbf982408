import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../test/support/chunks.ts';
import { outcomeOf } from '../../test/support/outcome.ts';
import { killGroup } from '../../test/support/process.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { isStillAt, memorySource, openFileSource } from './byte-source.ts';
import { exitStatusOf, Failure } from './failure.ts';
import { tryFileLock } from './file-lock.ts';
import { NewFile, removeUnfinished } from './new-file.ts';
import { collect } from './stages.ts';

const scratch = scratchFolder();
let folders = 0;
function newFolder(): string {
  const folder = join(scratch, String(++folders));
  mkdirSync(folder);
  return folder;
}

describe('new file', () => {
  it('shows nothing under its name until it is published, then all, for its owner only', async () => {
    const path = join(newFolder(), 'file');
    await using file = await NewFile.create(path);
    await file.write(streamOf(Buffer.alloc(100_000, 7), 999));
    expect(existsSync(path)).toBe(false);
    await file.complete();
    expect(existsSync(path)).toBe(false);
    await file.publish();
    expect([statSync(path).size, statSync(path).mode & 0o777, file.sizeBytes]).toEqual([
      ...[100_000, 0o600, 100_000],
    ]);
  });

  it('leaves nothing when it is given up, and the old file as it was', async () => {
    const folder = newFolder();
    const path = join(folder, 'file');
    writeFileSync(path, 'old');
    {
      await using file = await NewFile.create(path);
      await file.write([Buffer.from('new')]);
    }
    expect([readdirSync(folder), readFileSync(path, 'utf8')]).toEqual([['file'], 'old']);
  });

  it('passes on the error of what it is made of, and leaves nothing', async () => {
    const folder = newFolder();
    async function* failing() {
      yield Buffer.from('x');
      throw new RangeError('source');
    }
    const make = async () => {
      await using file = await NewFile.create(join(folder, 'file'));
      await file.write(failing());
    };
    await expect(make()).rejects.toThrow(RangeError);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('has leftovers of its own removed, and nothing else', async () => {
    const folder = newFolder();
    const others = [
      '.file.zodbvault-tmp',
      '.file.0123456789ab.tmp',
      'x.0123456789ab.zodbvault-tmp',
    ];
    for (const name of others) writeFileSync(join(folder, name), '');
    const file = await NewFile.create(join(folder, 'file'));
    await file.complete();
    const removed = await removeUnfinished(folder);
    expect([removed.length, readdirSync(folder).sort()]).toEqual([1, others.sort()]);
  });
});

describe('lock', () => {
  it('is held once, tells its holder, and is free again when it is given back', async () => {
    const path = join(newFolder(), 'lock');
    const first = await tryFileLock(path);
    if (first.kind !== 'acquired') throw new Error('not acquired');
    await first.lock.describe('who\n');
    expect(await tryFileLock(path)).toEqual({ kind: 'held', content: 'who\n', pid: undefined });
    await first.lock[Symbol.asyncDispose]();
    const again = await tryFileLock(path);
    expect(again.kind).toBe('acquired');
    if (again.kind === 'acquired') await again.lock[Symbol.asyncDispose]();
  });

  it('is free again when its holder was killed', async () => {
    const path = join(newFolder(), 'lock');
    const holder = spawn('flock', [path, '-c', 'echo held; exec sleep 60'], { detached: true });
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(await tryFileLock(path)).toMatchObject({ kind: 'held', pid: holder.pid });
    await killGroup(holder);
    const attempt = await tryFileLock(path);
    expect(attempt.kind).toBe('acquired');
    if (attempt.kind === 'acquired') await attempt.lock[Symbol.asyncDispose]();
  });
});

describe('byte source', () => {
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, place) => (place * 7) % 251));

  it('gives the bytes of any range, from a file and from memory', async () => {
    const path = join(newFolder(), 'file');
    writeFileSync(path, bytes);
    await using file = await openFileSource(path);
    for (const source of [file, memorySource(bytes)]) {
      for (const [start, end] of [
        [0, 0],
        [0, 1],
        [5, 5],
        [999_999, 2_500_000],
        [0, 3_000_000],
      ]) {
        const range = { start: start ?? 0, end: end ?? 0 };
        const expected = bytes.subarray(range.start, range.end);
        expect(Buffer.compare(await source.read(range), expected)).toBe(0);
        expect((await collect(source.stream(range))).equals(expected)).toBe(true);
      }
    }
  });

  it('is a failure when the file has become shorter', async () => {
    const path = join(newFolder(), 'file');
    writeFileSync(path, bytes);
    await using file = await openFileSource(path);
    truncateSync(path, 1000);
    const outcome = await outcomeOf(() => collect(file.stream({ start: 0, end: file.sizeBytes })));
    expect(outcome).toMatchObject({ code: 'damaged', message: expect.stringContaining('1000') });
  });

  it('notices a rename over its path', async () => {
    const folder = newFolder();
    const [path, other] = [join(folder, 'file'), join(folder, 'other')];
    for (const name of [path, other]) writeFileSync(name, 'x');
    await using file = await openFileSource(path);
    expect(await isStillAt(path, file.identity)).toBe(true);
    renameSync(other, path);
    expect(await isStillAt(path, file.identity)).toBe(false);
  });

  it.each([
    ['a file that is not there', 'nothing', 'not-found'],
    ['a folder', '.', 'usage'],
    ['a path through a file', 'file/below', 'system'],
  ])('is a failure for %s', async (_, name, code) => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(await outcomeOf(() => openFileSource(join(folder, name)))).toMatchObject({ code });
  });
});

describe('failure', () => {
  it('decides the exit status by its code alone', () => {
    const codes = [
      'usage',
      'not-found',
      'locked',
      'damaged',
      'system',
      'program',
      'refused',
    ] as const;
    expect(codes.map(exitStatusOf)).toEqual([2, 1, 4, 1, 1, 1, 1]);
    expect(exitStatusOf('interrupted')).toBe(130);
    expect(new Failure('usage', 'm', { hint: 'h' })).toMatchObject({ name: 'Failure', hint: 'h' });
  });
});
