import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { removeRecursively } from './remove-recursively.ts';

const scratch = scratchFolder();

describe('removal of a tree', () => {
  it('takes all that is below it, and follows no link', async () => {
    const root = join(scratch, 'tree');
    const other = join(scratch, 'other');
    mkdirSync(join(root, 'a/b/c'), { recursive: true });
    mkdirSync(other);
    writeFileSync(join(other, 'kept'), 'content');
    for (let count = 0; count < 600; count += 1) writeFileSync(join(root, `a/b/${count}`), '');
    writeFileSync(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from([0xff, 0xfe])]), '');
    writeFileSync(join(root, 'a/line\nend'), '');
    chmodSync(join(root, 'a/line\nend'), 0o400);
    symlinkSync(other, join(root, 'link'));
    symlinkSync('nowhere', join(root, 'a/dangling'));
    await removeRecursively(root);
    expect(existsSync(root)).toBe(false);
    expect(readFileSync(join(other, 'kept'), 'utf8')).toBe('content');
  });

  it('takes a file, a link to a folder, and nothing where there is nothing', async () => {
    const folder = join(scratch, 'folder');
    mkdirSync(join(folder, 'inner'), { recursive: true });
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('inner', join(folder, 'link'));
    for (const name of ['file', 'link', 'absent']) await removeRecursively(join(folder, name));
    expect(readdirSync(folder)).toEqual(['inner']);
  });
});
