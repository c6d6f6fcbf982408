import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { isMountPoint, parseMountInfo } from './mount-points.ts';

const scratch = realpathSync(scratchFolder());

describe('isMountPoint', () => {
  it('tells a file system of its own from a plain folder, and from nothing', async () => {
    mkdirSync(join(scratch, 'plain'));
    expect(await isMountPoint('/proc')).toBe(true);
    expect(await isMountPoint(join(scratch, 'plain'))).toBe(false);
    expect(await isMountPoint(join(scratch, 'absent'))).toBe(false);
  });

  it('reads paths with blanks and backslashes from the table (proc(5))', () => {
    const line = (path: string) =>
      `36 35 98:0 /x ${path} rw,noatime master:1 - ext3 /dev/root rw\n`;
    const table = ['/var/blobs', '/a\\040b', '/c\\134d', '/e\\011f\\012g'].map(line).join('');
    const paths = ['/var/blobs', '/a b', '/c\\d', '/e\tf\ng'];
    expect(parseMountInfo(table)).toEqual(
      paths.map((path) => ({ device: '98:0', root: '/x', path })),
    );
    expect(parseMountInfo('')).toEqual([]);
  });
});
