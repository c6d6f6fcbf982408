import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { absent, isAbsent, isNoLink, leadsNowhere } from './absent.ts';

const HERE = import.meta.dirname;
const GONE = join(HERE, 'gone');
const THROUGH_FILE = join(HERE, 'absent.ts', 'gone');

describe('absent', () => {
  it('is undefined for a name that nothing has', async () => {
    expect(await lstat(GONE).catch(absent)).toBeUndefined();
    expect(await readdir(GONE).catch(absent)).toBeUndefined();
  });

  it.each([
    ['a path through a file', () => lstat(THROUGH_FILE), 'ENOTDIR'],
    ['a folder in place of a file', () => readFile(HERE), 'EISDIR'],
  ])('passes on what says something else: %s', async (_, work, code) => {
    await expect(work().catch(absent)).rejects.toMatchObject({ code });
  });

  it('passes on what is no error of the system', () => {
    const error = Object.assign(new Error('no'), { code: 'ENOENT' });
    expect(isAbsent(error)).toBe(false);
    expect(() => absent(error)).toThrow(error);
  });
});

describe('leadsNowhere', () => {
  it('is undefined for a path through a file, too', async () => {
    expect(await lstat(GONE).catch(leadsNowhere)).toBeUndefined();
    expect(await lstat(THROUGH_FILE).catch(leadsNowhere)).toBeUndefined();
  });

  it('passes on what says something else', async () => {
    await expect(readFile(HERE).catch(leadsNowhere)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('isNoLink', () => {
  it.each([join(HERE, 'absent.ts'), HERE, GONE, THROUGH_FILE])(
    'is undefined for what is no link: %s',
    async (path) => {
      expect(await readlink(path).catch(isNoLink)).toBeUndefined();
    },
  );

  it('passes on what says something else', async () => {
    const tooLong = readlink(join(HERE, 'x'.repeat(300)));
    await expect(tooLong.catch(isNoLink)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  });
});
