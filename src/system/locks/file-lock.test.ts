import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { findPython } from '../../../test/support/python.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { type FileLock, tryFileLock } from './file-lock.ts';

const scratch = scratchFolder();
const python = findPython('fcntl');
const hasLockTable = existsSync('/proc/locks');
let paths = 0;
const newPath = () => join(scratch, String(++paths));

const holders: ChildProcess[] = [];
afterEach(() => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
});

/** Another process with the lock: it says so when it has it, and keeps it until it is killed. */
async function holding(program: string, words: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  holders.push(child);
  await once(child.stdout, 'data');
  return child;
}

/** `flock` becomes the shell, and the shell the sleep: one process, with one pid. */
const flockHolding = (path: string) =>
  holding('flock', ['-F', '-x', path, 'sh', '-c', 'echo held; exec sleep 600']);

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, 'close');
  child.kill(signal);
  await ended;
}

async function acquire(path: string): Promise<FileLock> {
  const attempt = await tryFileLock(path);
  if (attempt.kind === 'acquired') return attempt.lock;
  throw new Error(`${path} is held`);
}

/** Status of the real program when it tries to lock: 0 it could, 1 somebody has it. */
const tryFlock = (path: string) => spawnSync('flock', ['-n', '-x', path, 'true']).status;

describe('lock', () => {
  it('is held once: the second attempt says so, with what the holder wrote', async () => {
    const path = newPath();
    await using lock = await acquire(path);
    await lock.describe('who\n');
    expect(await tryFileLock(path)).toMatchObject({ kind: 'held', content: 'who\n' });
    expect(await tryFileLock(path)).toMatchObject({ kind: 'held', content: 'who\n' });
  });

  it('names no pid when the program that took it has ended', async () => {
    const path = newPath();
    await using _lock = await acquire(path);
    expect(await tryFileLock(path)).toEqual({ kind: 'held', content: '', pid: undefined });
  });

  it('is free again when it is given back, and its file stays', async () => {
    const path = newPath();
    for (let times = 0; times < 3; times++) {
      await using _lock = await acquire(path);
    }
    expect(existsSync(path)).toBe(true);
  });

  it('makes a file for its owner and the group of its folder, and keeps the content of one that is there', async () => {
    const [made, found] = [newPath(), newPath()];
    writeFileSync(found, 'as it was');
    await using _made = await acquire(made);
    await using _found = await acquire(found);
    const shared = statSync(dirname(made)).mode & 0o060;
    expect(statSync(made).mode & 0o777).toBe(0o600 | shared);
    expect(readFileSync(found, 'utf8')).toBe('as it was');
  });

  it('describes its holder anew, also with less than before', async () => {
    const path = newPath();
    writeFileSync(path, 'a long text of an earlier holder\n');
    await using lock = await acquire(path);
    await lock.describe('one, and more\n');
    await lock.describe('two\n');
    expect(readFileSync(path, 'utf8')).toBe('two\n');
  });

  it('is seen by the real flock, and so is its end', async () => {
    const path = newPath();
    {
      await using _lock = await acquire(path);
      expect(tryFlock(path)).toBe(1);
    }
    expect(tryFlock(path)).toBe(0);
  });

  it('is given to one of many who want it at the same time', async () => {
    const path = newPath();
    const attempts = await Promise.all(Array.from({ length: 8 }, () => tryFileLock(path)));
    const locks = attempts.flatMap((attempt) => (attempt.kind === 'acquired' ? attempt.lock : []));
    for (const lock of locks) await lock[Symbol.asyncDispose]();
    expect(locks.length).toBe(1);
  });

  it.each([
    ['there is no folder', 'nothing/lock', 'not-found'],
    ['the path leads through a file', 'file/lock', 'system'],
    ['a folder has its name', 'folder', 'system'],
  ])('is a failure where %s', async (_, name, code) => {
    const folder = newPath();
    mkdirSync(join(folder, 'folder'), { recursive: true });
    writeFileSync(join(folder, 'file'), '');
    expect(await outcomeOf(() => tryFileLock(join(folder, name)))).toMatchObject({ code });
  });
});

describe('lock of another process', () => {
  it('is seen when the real flock took it, with what stands in the file', async () => {
    const path = newPath();
    writeFileSync(path, '  4711\n');
    await flockHolding(path);
    expect(await tryFileLock(path)).toMatchObject({ kind: 'held', content: '  4711\n' });
  });

  it.skipIf(!hasLockTable)('is seen with its pid (needs /proc/locks)', async () => {
    const path = newPath();
    const holder = await flockHolding(path);
    expect(await tryFileLock(path)).toMatchObject({ kind: 'held', pid: holder.pid });
  });

  it.skipIf(python === undefined)(
    'is seen when Python took it as zc.lockfile does (needs python3)',
    async () => {
      const path = newPath();
      const script = `
import fcntl, sys, time
file = open(sys.argv[1], 'a+')
fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
print('held', flush=True)
time.sleep(600)
`;
      await holding(python ?? '', ['-c', script, path]);
      expect(await tryFileLock(path)).toMatchObject({ kind: 'held' });
    },
  );

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'is free again when its holder was ended by %s',
    async (signal) => {
      const path = newPath();
      const holder = await flockHolding(path);
      expect(await tryFileLock(path)).toMatchObject({ kind: 'held' });
      await kill(holder, signal);
      await using _lock = await acquire(path);
    },
  );

  it('is free again when the holder that took it by this code was killed', async () => {
    const path = newPath();
    const script = `
import { tryFileLock } from ${JSON.stringify(new URL('./file-lock.ts', import.meta.url).href)};
const attempt = await tryFileLock(process.argv[1] ?? '');
console.log(attempt.kind);
setInterval(() => attempt, 1000);
`;
    const holder = await holding(process.execPath, [
      ...['--import', 'tsx', '--input-type=module', '-e', script, path],
    ]);
    expect(await tryFileLock(path)).toMatchObject({ kind: 'held' });
    await kill(holder, 'SIGKILL');
    await using _lock = await acquire(path);
  });

  it('is no lock on a file beside it', async () => {
    const path = newPath();
    await flockHolding(path);
    await using _lock = await acquire(newPath());
  });
});

describe('missing flock', () => {
  it('is a failure that names the program', async () => {
    const before = process.env['PATH'];
    process.env['PATH'] = scratch;
    try {
      expect(await outcomeOf(() => tryFileLock(newPath()))).toMatchObject({
        code: 'program',
        message: expect.stringContaining('"flock"'),
      });
    } finally {
      process.env['PATH'] = before;
    }
  });
});
