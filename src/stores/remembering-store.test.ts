import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../test/support/memory-store.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { describeStoreContract } from '../../test/support/store-contract.ts';
import { collect } from '../system/streams/pipeline.ts';
import { folderStore } from './folder-store.ts';
import { forwardingTo } from './forwarding-store.ts';
import { RememberingStore } from './remembering-store.ts';
import type { Store } from './store.ts';

const scratch = scratchFolder();
let folders = 0;
const newFolder = () => {
  const path = join(scratch, String(++folders));
  mkdirSync(path);
  return path;
};
const remembering = (store: Store) =>
  new RememberingStore(store, {
    isRemembered: (name) => name.endsWith('.json'),
    onChange: () => {},
  });

describeStoreContract('remembering', async () => remembering(folderStore(newFolder())));
describeStoreContract(
  'memory',
  async () => memoryStore(),
  async (store, name, files) => store.putTree(name, files),
);
describeStoreContract('forwarding', async () => forwardingTo(folderStore(newFolder())));

describe('remembering store', () => {
  it('is listed once, and reads a small file once, until it is read again', async () => {
    const folder = newFolder();
    const calls: string[] = [];
    const store = remembering(counted(folderStore(folder), calls));
    writeFileSync(join(folder, 'a.json'), 'one');
    const look = async () => [
      (await store.list()).map(({ name }) => name).sort(),
      (await collect(store.read('a.json'))).toString(),
    ];
    expect(await look()).toEqual([['a.json'], 'one']);
    writeFileSync(join(folder, 'a.json'), 'two');
    writeFileSync(join(folder, 'b'), '');
    expect(await look()).toEqual([['a.json'], 'one']);
    expect(calls).toEqual(['list', 'read a.json']);
    store.reread();
    expect(await look()).toEqual([['a.json', 'b'], 'two']);
    writeFileSync(join(folder, 'a.json'), 'three');
    {
      await using _lock = await store.lock();
    }
    expect(await look()).toEqual([['a.json', 'b'], 'three']);
  });

  it('sees what is changed through it without another look at the folder', async () => {
    const calls: string[] = [];
    const store = remembering(counted(folderStore(newFolder()), calls));
    expect(await store.list()).toEqual([]);
    await using file = await store.stage('a.json', [Buffer.from('x')]);
    await file.publish();
    expect(await store.list()).toEqual([{ name: 'a.json', sizeBytes: 1 }]);
    await store.remove('a.json');
    expect(await store.list()).toEqual([]);
    expect(calls).toEqual(['list']);
  });

  it('tells, listed once more, what others have changed, and reads that alone again', async () => {
    const folder = newFolder();
    const calls: string[] = [];
    const store = remembering(counted(folderStore(folder), calls));
    for (const name of ['same.json', 'other.json', 'gone']) writeFileSync(join(folder, name), '1');
    await store.list();
    for (const name of ['same.json', 'other.json']) await collect(store.read(name));
    await using file = await store.stage('own.json', [Buffer.from('x')]);
    await file.publish();
    writeFileSync(join(folder, 'other.json'), '22');
    writeFileSync(join(folder, 'new'), '');
    rmSync(join(folder, 'gone'));
    const { came, went } = await store.listAgain();
    expect([[...came].sort(), went]).toEqual([['new', 'other.json'], ['gone']]);
    for (const name of ['same.json', 'other.json']) await collect(store.read(name));
    expect(calls.filter((call) => call !== 'list')).toEqual([
      'read same.json',
      'read other.json',
      'read other.json',
    ]);
    store.forget('same.json');
    await collect(store.read('same.json'));
    expect(calls.at(-1)).toBe('read same.json');
  });

  it('asks again for a list that failed, as of a folder that is not there yet', async () => {
    const folder = join(newFolder(), 'later');
    const store = remembering(folderStore(folder));
    await expect(store.list()).rejects.toMatchObject({ code: 'not-found' });
    mkdirSync(folder);
    expect(await store.list()).toEqual([]);
  });

  it('reads what is not small, and each range, from the folder', async () => {
    const folder = newFolder();
    const calls: string[] = [];
    const store = remembering(counted(folderStore(folder), calls));
    for (const name of ['a', 'a.json']) writeFileSync(join(folder, name), 'abc');
    for (const range of [undefined, { start: 1, end: 2 }]) {
      for (const name of ['a', 'a', 'a.json', 'a.json']) await collect(store.read(name, range));
    }
    expect(calls.filter((call) => call === 'read a')).toHaveLength(4);
    expect(calls.filter((call) => call === 'read a.json')).toHaveLength(3);
  });
});

/** Writes down what it is asked for. */
function counted(store: Store, calls: string[]): Store {
  return {
    ...store,
    list: () => {
      calls.push('list');
      return store.list();
    },
    read: (name, range) => {
      calls.push(`read ${name}`);
      return store.read(name, range);
    },
  };
}
