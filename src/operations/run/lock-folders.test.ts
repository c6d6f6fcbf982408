import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { OpenBackups } from '../../blobs/open-backups.ts';
import { LOCK_FILE } from '../../stores/folder-lock.ts';
import { IMPATIENT } from '../../system/locks/lock-request.ts';
import { holdFolders, lockFolders } from './lock-folders.ts';

const scratch = scratchFolder();
let made = 0;

/** Two folders, `a` and `b`, and a link to `a`. */
function newFolders() {
  const folder = join(scratch, String(++made));
  const [a, b, link] = ['a', 'b', 'link'].map((name) => join(folder, name));
  if (a === undefined || b === undefined || link === undefined) throw new RangeError();
  for (const path of [a, b]) mkdirSync(path, { recursive: true });
  symlinkSync('a', link);
  return { a, b, link };
}

const patient = { ...IMPATIENT, giveUpAt: Number.POSITIVE_INFINITY };
const lock = (repositories: readonly string[], blobFolders: readonly string[] = []) =>
  lockFolders({ repositories, blobFolders }, { backups: new OpenBackups(), request: IMPATIENT });

describe('locks of a run', () => {
  it('are all of its folders’, each once, whatever it is called', async () => {
    const { a, b, link } = newFolders();
    {
      await using _locks = await lock([a, link], [link, b]);
      for (const path of [a, b]) {
        expect(await outcomeOf(() => lock([path]))).toMatchObject({ code: 'locked' });
        expect(readFileSync(join(path, LOCK_FILE), 'utf8')).toContain(`"pid":${process.pid},`);
      }
    }
    await using _locks = await lock([a, b]);
  });

  it('are given back when one of them can’t be had', async () => {
    const { a, b } = newFolders();
    {
      await using _lock = await lock([b]);
      expect(await outcomeOf(() => lock([a, b]))).toMatchObject({
        code: 'locked',
        message: expect.stringContaining(`"${b}"`),
      });
    }
    await using _locks = await lock([a, b]);
  });

  it('are taken in one order: two runs that wait for each other both come to their end', async () => {
    const { a, b, link } = newFolders();
    const order: string[] = [];
    const run = async (name: string, folders: readonly string[]) => {
      await using _locks = await lockFolders(
        { repositories: folders, blobFolders: [] },
        { backups: new OpenBackups(), request: patient },
      );
      order.push(name);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(name);
    };
    await Promise.all([run('one', [a, b]), run('two', [b, link]), run('three', [b, a])]);
    expect(order.length).toBe(6);
    for (const first of [0, 2, 4]) expect(order[first]).toBe(order[first + 1]);
  });

  it('of a restore keep backups out, and need no folder', async () => {
    const { a, b, link } = newFolders();
    const nothing = join(scratch, 'nothing');
    await (await lock([a, b]))[Symbol.asyncDispose]();
    await using _held = await holdFolders(
      { repositories: [link, nothing], blobFolders: [b, join(nothing, 'below')] },
      { backups: new OpenBackups(), request: IMPATIENT },
    );
    for (const path of [a, b]) {
      expect(await outcomeOf(() => lock([path]))).toMatchObject({ code: 'locked' });
    }
  });
});
