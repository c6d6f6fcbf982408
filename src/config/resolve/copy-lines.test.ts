import { describe, expect, it } from 'vitest';
import { readCopyLines } from './copy-lines.ts';

describe('line of copies', () => {
  it('is a place, and options behind it', () => {
    const text = '\n/mnt/nas\n  s3://backups/plone name="my bucket" keep=30 path_style=true \n';
    expect(readCopyLines(text)).toEqual([
      { kind: 'copy', copy: { url: '/mnt/nas', options: {} } },
      {
        kind: 'copy',
        copy: {
          url: 's3://backups/plone',
          options: { name: 'my bucket', keep: '30', path_style: 'true' },
        },
      },
    ]);
  });

  it.each([
    ['/mnt/nas keeep=3', 'keeep=3'],
    ['/mnt/nas again', '"again" is no option'],
    ['/mnt/nas keep=many', 'keep = many'],
    ['/mnt/nas keep=-1', 'keep = -1'],
    ['/mnt/nas keep_within=soon', 'keep_within = soon'],
    ['/mnt/nas keep=0 keep_daily=7', 'keep = 0 keeps all'],
    ['/mnt/nas key_file=key.age', 'write recipients, too'],
    ['/mnt/nas single_writer=yes', 'single_writer = yes'],
    ['/mnt/nas name=', 'name is empty'],
    ['/mnt/nas bytes_per_second=1M', 'bytes_per_second = 1M'],
    ['s3://b/x lock_days=30d', 'lock_days = 30d'],
    ['s3://b/x lock_days=3651', 'to 3650'],
    ['/mnt/nas lock_days=30', 'lock_days is for a bucket'],
    ['"/mnt/nas', 'a quote is not closed'],
    ['sftp://user:secret@host/path', 'no password belongs into an address'],
  ])('%s is refused, and says what is wrong', (line, state) => {
    const [read] = readCopyLines(line);
    expect(read).toMatchObject({ kind: 'wrong', why: expect.stringContaining(state) });
    expect(JSON.stringify(read)).not.toContain('secret');
  });
});
