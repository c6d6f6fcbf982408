import { mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeObjectStoreContract } from '../../../test/support/object-store-contract.ts';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { folderObjects } from './folder-objects.ts';
import type { ObjectStore } from './object-store.ts';

const scratch = scratchFolder();
let folders = 0;
const newPath = () => join(scratch, String(++folders));

function newFolder(): string {
  const path = newPath();
  mkdirSync(path);
  return path;
}

describeObjectStoreContract('folder', async () => folderObjects(newFolder()));

describe('folder of objects', () => {
  it('is never made: a disk that is not mounted is no empty one', async () => {
    const path = newPath();
    const store = folderObjects(path);
    for (const work of [
      () => store.put('a', Buffer.from('x')),
      () => listed(store),
      () => store.now(),
    ]) {
      expect(await outcomeOf(async () => void (await work()))).toMatchObject({ code: 'not-found' });
    }
    expect(readdirSync(scratch)).not.toContain(String(folders));
  });

  it('gives its rights to what is put there', async () => {
    const path = newPath();
    mkdirSync(path, { mode: 0o750 });
    await folderObjects(path).put('a/b', Buffer.from('x'));
    expect(statSync(join(path, 'a')).mode & 0o777).toBe(0o750);
    expect(statSync(join(path, 'a/b')).mode & 0o777).toBe(0o640);
  });

  it('keeps no folder in which nothing is left', async () => {
    const path = newFolder();
    const store = folderObjects(path);
    await store.put('a/b/c', Buffer.from('x'));
    await store.put('a/d', Buffer.from('x'));
    await store.remove(['a/b/c']);
    expect(readdirSync(join(path, 'a'))).toEqual(['d']);
    await store.remove(['a/d']);
    expect(readdirSync(path)).toEqual([]);
  });

  it('puts objects into a folder while others remove it', async () => {
    const path = newFolder();
    const store = folderObjects(path);
    const names = Array.from({ length: 50 }, (_, number) => `a/b/${number}`);
    await Promise.all(
      names.map(async (name) => {
        await store.put(name, Buffer.from('x'));
        await store.remove([name]);
      }),
    );
    expect(readdirSync(path)).toEqual([]);
  });

  it('removes what a killed run left, if that is old enough, and lists it never', async () => {
    const path = newFolder();
    const store = folderObjects(path);
    const [old, young] = ['.b.0123456789ab.zodbvault-tmp', '.c.0123456789ab.zodbvault-tmp'];
    await store.put('a/b', Buffer.from('x'));
    for (const name of [old, young]) writeFileSync(join(path, 'a', name), 'half');
    utimesSync(join(path, 'a', old), 1000, 1000);
    await store.removeUnfinished('a/', 2_000_000);
    expect(readdirSync(join(path, 'a')).sort()).toEqual([young, 'b']);
    expect(await listed(store)).toEqual(['a/b']);
  });

  it('follows links, but those to nowhere', async () => {
    const [path, other] = [newFolder(), newFolder()];
    await folderObjects(other).put('x', Buffer.from('x'));
    symlinkSync(other, join(path, 'a'));
    symlinkSync('nowhere', join(path, 'b'));
    expect(await listed(folderObjects(path))).toEqual(['a/x']);
  });
});

async function listed(store: ObjectStore): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of store.pages('')) keys.push(...page.map(({ key }) => key));
  return keys;
}
