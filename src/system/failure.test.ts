import { spawnSync } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import {
  adoptSystemError,
  exitStatusOf,
  Failure,
  systemCodeOf,
  withSystemErrors,
} from './failure.ts';

const scratch = scratchFolder();

/** An error as Node makes it for a system call. */
function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: message, open 'x'`), { code, syscall: 'open' });
}

async function errorOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('no error came');
}

describe('exit status', () => {
  it.each([
    ['usage', 2],
    ['not-found', 1],
    ['locked', 4],
    ['damaged', 1],
    ['system', 1],
    ['program', 1],
    ['refused', 1],
    ['interrupted', 130],
  ] as const)('of %s is %d', (code, status) => {
    expect(exitStatusOf(code)).toBe(status);
  });
});

describe('failure', () => {
  it('carries its code, message, hint and cause', () => {
    const cause = new RangeError('why');
    const failure = new Failure('damaged', 'Cannot read', { hint: 'Look.', cause });
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject({
      name: 'Failure',
      code: 'damaged',
      message: 'Cannot read',
      hint: 'Look.',
      cause,
    });
  });

  it('has no cause unless it is given one', () => {
    expect('cause' in new Failure('usage', 'm', { hint: 'h' })).toBe(false);
  });
});

describe('system error', () => {
  it.each([
    ['ENOENT', 'not-found', 'it does not exist'],
    ['EACCES', 'system', 'permission denied'],
    ['EPERM', 'system', 'operation not permitted'],
    ['ENOSPC', 'system', 'no space left on the disk'],
    ['EDQUOT', 'system', 'the disk quota is used up'],
    ['EFBIG', 'system', 'the file would be larger than is allowed'],
    ['EROFS', 'system', 'the file system is read-only'],
    ['EISDIR', 'system', 'it is a folder, not a file'],
    ['ENOTDIR', 'system', 'a part of the path is not a folder'],
    ['EEXIST', 'system', 'it exists already'],
    ['EIO', 'system', 'the disk reported an I/O error'],
    ['EMFILE', 'system', 'too many files are open'],
    ['ENFILE', 'system', 'the system has too many open files'],
    ['ELOOP', 'system', 'it is a link, or links lead in a circle'],
    ['ENODEV', 'system', 'ENODEV'],
  ])('%s is adopted as %s', (code, kind, state) => {
    const cause = systemError(code);
    const adopted = adoptSystemError(cause, 'read "x"');
    expect(adopted).toBeInstanceOf(Failure);
    expect(adopted).toMatchObject({ code: kind, message: `Cannot read "x": ${state}`, cause });
    expect(adopted).toHaveProperty('hint', expect.stringMatching(/\.$/));
  });

  it.each([
    ['ENOENT', () => readFile(join(scratch, 'nothing'))],
    ['EISDIR', () => readFile(scratch)],
    ['EEXIST', () => mkdir(scratch)],
    [
      'ENOTDIR',
      async () => {
        await writeFile(join(scratch, 'file'), '');
        await readFile(join(scratch, 'file', 'below'));
      },
    ],
    [
      'ENOSPC',
      async () => {
        await using handle = await open('/dev/full', 'w');
        await handle.write('x');
      },
    ],
  ])('%s of the real system is known by its code, and adopted', async (code, work) => {
    const cause = await errorOf(work);
    expect(systemCodeOf(cause)).toBe(code);
    const adopted = await errorOf(() => withSystemErrors('do it', async () => work()));
    expect(adopted).toBeInstanceOf(Failure);
    expect(adopted).toMatchObject({ code: code === 'ENOENT' ? 'not-found' : 'system' });
  });

  it('EDQUOT is known by its number: Node has no name for it', () => {
    const code = 'Unknown system error -122';
    const cause = Object.assign(new Error(code), { code, errno: -122, syscall: 'write' });
    expect(systemCodeOf(cause)).toBe('EDQUOT');
  });

  it('of a program that cannot be started has a code, too', () => {
    expect(systemCodeOf(spawnSync(join(scratch, 'nothing')).error)).toBe('ENOENT');
  });
});

describe('what is no system error', () => {
  it('passes unchanged when it is a failure already', () => {
    const failure = new Failure('locked', 'm', { hint: 'h', cause: systemError('ENOENT') });
    expect(adoptSystemError(failure, 'read')).toBe(failure);
  });

  it.each([
    ['a defect', () => new RangeError('x')],
    ['an error of zlib', () => errorOf(() => gunzipSync(Buffer.from('no gzip at all')))],
    ['an error of Node', () => errorOf(() => Buffer.alloc(-1))],
    ['no error at all', () => ({ code: 'ENOENT', syscall: 'open' })],
    ['a text', () => 'ENOENT'],
    ['nothing', () => undefined],
  ])('passes unchanged when it is %s', async (_, make) => {
    const error: unknown = await make();
    expect(systemCodeOf(error)).toBeUndefined();
    expect(adoptSystemError(error, 'read')).toBe(error);
  });

  it('comes through work as it is', async () => {
    const error = new RangeError('x');
    const work = async () => {
      throw error;
    };
    expect(await errorOf(() => withSystemErrors('read', work))).toBe(error);
    expect(await withSystemErrors('read', async () => 7)).toBe(7);
  });
});
