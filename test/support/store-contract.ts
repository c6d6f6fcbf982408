import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireLocalFolder } from '../../src/stores/local-folder.ts';
import type { Store } from '../../src/stores/store.ts';
import type { TreeReader } from '../../src/stores/tree-reader.ts';
import { CHUNK_BYTES } from '../../src/system/files/byte-source.ts';
import { seemsAtWork } from '../../src/system/locks/run-lock.ts';
import { collect } from '../../src/system/streams/pipeline.ts';
import { streamOf } from './chunks.ts';
import { outcomeOf } from './outcome.ts';

/** Content of the files of a tree, by their paths. */
type TreeFiles = Readonly<Record<string, string>>;

/** What every store must do; each kind of store is held to it. */
export function describeStoreContract<Kind extends Store>(
  kind: string,
  makeStore: () => Promise<Kind>,
  putTree: (store: Kind, name: string, files: TreeFiles) => Promise<void> = putLocalTree,
): void {
  const put = async (store: Store, name: string, content: string) => {
    await using file = await store.stage(name, streamOf(Buffer.from(content), 3));
    await file.publish();
    return file.sizeBytes;
  };
  const get = async (store: Store, name: string) => (await collect(store.read(name))).toString();

  describe(`store: ${kind}`, () => {
    it('is empty at first', async () => {
      expect(await (await makeStore()).list()).toEqual([]);
    });

    it('gives back what was put in, and ranges of it', async () => {
      const store = await makeStore();
      expect(await put(store, 'a', 'some content')).toBe(12);
      expect(await get(store, 'a')).toBe('some content');
      expect((await collect(store.read('a', { start: 5, end: 8 }))).toString()).toBe('con');
      expect(await store.list()).toEqual([{ name: 'a', sizeBytes: 12 }]);
    });

    it('shows a file only when it is published, and never one that is given up', async () => {
      const store = await makeStore();
      {
        await using file = await store.stage('a', [Buffer.from('x')]);
        expect([await store.list(), file.name, file.sizeBytes]).toEqual([[], 'a', 1]);
      }
      expect(await store.list()).toEqual([]);
      expect(await outcomeOf(() => get(store, 'a'))).toMatchObject({ code: 'not-found' });
    });

    it('replaces a file in one step', async () => {
      const store = await makeStore();
      await put(store, 'a', 'old');
      await using file = await store.stage('a', [Buffer.from('new')]);
      expect(await get(store, 'a')).toBe('old');
      await file.publish();
      expect(await get(store, 'a')).toBe('new');
    });

    it('adds lines to a file, and gives it another name when it is full', async () => {
      const store = await makeStore();
      const how = { maximumBytes: 8, earlier: 'earlier' };
      for (const line of ['one', 'two', 'three', 'four']) {
        await store.append('log', { line, ...how });
      }
      expect([await get(store, 'log'), await get(store, 'earlier')]).toEqual(['four\n', 'three\n']);
      expect(await outcomeOf(() => get(store, 'lo'))).toMatchObject({ code: 'not-found' });
      expect((await store.list()).map(({ name }) => name).sort()).toEqual(['earlier', 'log']);
    });

    it('removes a file, and takes one that is not there for removed', async () => {
      const store = await makeStore();
      await put(store, 'a', 'x');
      await store.remove('a');
      await store.remove('a');
      expect(await store.list()).toEqual([]);
    });

    it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])(
      'gives back a file of %d bytes',
      async (sizeBytes) => {
        const store = await makeStore();
        const bytes = randomBytes(sizeBytes);
        await using file = await store.stage('a', streamOf(bytes, 100_000));
        await file.publish();
        expect(file.sizeBytes).toBe(sizeBytes);
        expect(await store.list()).toEqual([{ name: 'a', sizeBytes }]);
        expect((await collect(store.read('a'))).equals(bytes)).toBe(true);
        const range = { start: sizeBytes >> 1, end: sizeBytes };
        const half = await collect(store.read('a', range));
        expect(half.equals(bytes.subarray(range.start))).toBe(true);
      },
    );

    it('confirms a file that came in pieces, of which some are empty', async () => {
      const store = await makeStore();
      const nothing = new Uint8Array(new ArrayBuffer(0));
      await using file = await store.stage('a', [
        Buffer.from('be'),
        nothing,
        Buffer.from('gun'),
        nothing,
      ]);
      await file.confirm({ signal: new AbortController().signal });
      await file.publish();
      expect(await get(store, 'a')).toBe('begun');
    });

    it('keeps a published file when what staged it is disposed of, also twice', async () => {
      const store = await makeStore();
      const file = await store.stage('a', [Buffer.from('x')]);
      await file.publish();
      await file[Symbol.asyncDispose]();
      await file[Symbol.asyncDispose]();
      expect(await get(store, 'a')).toBe('x');
    });

    it('keeps several files apart, whatever their names', async () => {
      const store = await makeStore();
      const names = ['2024-01-02-03-04-05.fsz', '2024-01-02-03-04-05.dat', 'with space', 'ä'];
      for (const name of names) await put(store, name, `content of ${name}`);
      for (const name of names) expect(await get(store, name)).toBe(`content of ${name}`);
      expect((await store.list()).map(({ name }) => name).sort()).toEqual([...names].sort());
      await store.remove('with space');
      expect(await get(store, 'ä')).toBe('content of ä');
      expect((await store.list()).length).toBe(names.length - 1);
    });

    it('passes on the error of the content, and shows nothing of it', async () => {
      const store = await makeStore();
      await put(store, 'a', 'old');
      const error = new RangeError('source');
      async function* failing() {
        yield Buffer.from('new');
        throw error;
      }
      await expect(store.stage('a', failing())).rejects.toBe(error);
      expect(await store.list()).toEqual([{ name: 'a', sizeBytes: 3 }]);
      expect(await get(store, 'a')).toBe('old');
    });

    it('is a failure where a range goes past the end of the file', async () => {
      const store = await makeStore();
      await put(store, 'a', 'content');
      const work = () => collect(store.read('a', { start: 5, end: 8 }));
      expect(await outcomeOf(work)).toMatchObject({ kind: 'failure', code: 'damaged' });
    });

    it('gives the file that was there when reading began, when it is replaced', async () => {
      const store = await makeStore();
      const old = randomBytes(3 * CHUNK_BYTES);
      {
        await using file = await store.stage('a', [old]);
        await file.publish();
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of store.read('a')) {
        if (chunks.length === 0) await put(store, 'a', 'new');
        chunks.push(chunk);
      }
      expect(Buffer.concat(chunks).equals(old)).toBe(true);
    });

    it('can be left in the middle of a file', async () => {
      const store = await makeStore();
      await using file = await store.stage('a', [randomBytes(3 * CHUNK_BYTES)]);
      await file.publish();
      for await (const chunk of store.read('a')) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      await store.remove('a');
      expect(await store.list()).toEqual([]);
    });

    it('can be read and written by the run that holds it', async () => {
      const store = await makeStore();
      await using _lock = await store.lock();
      await put(store, 'a', 'content');
      expect(await get(store, 'a')).toBe('content');
      await store.remove('a');
      expect(await outcomeOf(() => get(store, 'a'))).toMatchObject({ code: 'not-found' });
    });

    it('tells of its files and trees by their names, kinds, sizes and times', async () => {
      const store = await makeStore();
      const before = Date.now() - 10_000;
      await put(store, 'a', 'some content');
      await putTree(store, 't', { file: 'x' });
      const entries = [...(await store.entries())].sort((one, other) =>
        one.name < other.name ? -1 : 1,
      );
      expect(entries).toMatchObject([
        { name: 'a', kind: 'file', sizeBytes: 12 },
        { name: 't', kind: 'tree' },
      ]);
      for (const { modifiedMs } of entries) {
        expect(modifiedMs).toBeGreaterThan(before);
        expect(modifiedMs).toBeLessThan(Date.now() + 10_000);
      }
      expect(await store.list()).toEqual([{ name: 'a', sizeBytes: 12 }]);
      for (const entry of entries) expect(await store.look(entry.name)).toEqual(entry);
      expect(await store.look('b')).toBeUndefined();
      expect([await store.useOf('a'), await store.useOf('t'), await store.useOf('b')]).toEqual([
        'file',
        'tree',
        undefined,
      ]);
    });

    it('gives ranges of a file that was opened, as long as it is', async () => {
      const store = await makeStore();
      await put(store, 'a', 'content');
      await using file = await store.open('a');
      await put(store, 'a', 'other');
      expect([file.sizeBytes, file.name]).toEqual([7, store.nameOf('a')]);
      expect(Buffer.from(await file.read({ start: 3, end: 7 })).toString()).toBe('tent');
      expect(Buffer.from(await file.read({ start: 0, end: 2 })).toString()).toBe('co');
      expect(await outcomeOf(() => file.read({ start: 3, end: 8 }))).toMatchObject({
        code: 'damaged',
      });
      expect(await outcomeOf(() => store.open('b'))).toMatchObject({ code: 'not-found' });
    });

    it('removes several files, and no others', async () => {
      const store = await makeStore();
      for (const name of ['a', 'b', 'c']) await put(store, name, name);
      await store.remove('a', 'nothing', 'c');
      expect((await store.list()).map(({ name }) => name)).toEqual(['b']);
    });

    it('gives other names, one after the other, and keeps content and time', async () => {
      const store = await makeStore();
      await put(store, 'a.0', 'newest');
      await put(store, 'a.1', 'older');
      await putTree(store, 't.0', { file: 'x' });
      const times = new Map((await store.entries()).map((one) => [one.name, one.modifiedMs]));
      await store.rename([
        { from: 'a.1', to: 'a.2' },
        { from: 'a.0', to: 'a.1' },
        { from: 't.0', to: 't.1' },
      ]);
      const names = (await store.entries()).map(({ name }) => name);
      expect([...names].sort()).toEqual(['a.1', 'a.2', 't.1']);
      expect([await get(store, 'a.1'), await get(store, 'a.2')]).toEqual(['newest', 'older']);
      expect((await store.look('a.2'))?.modifiedMs).toBe(times.get('a.1'));
      expect(await contentOf(store.tree('t.1'))).toEqual({ file: 'x' });
      expect((await store.list()).map(({ name }) => name).sort()).toEqual(['a.1', 'a.2']);
    });

    it('replaces a file by one that gets its name, and fails for what is not there', async () => {
      const store = await makeStore();
      for (const name of ['a', 'b']) await put(store, name, name);
      await store.rename([{ from: 'a', to: 'b' }]);
      expect(await get(store, 'b')).toBe('a');
      const renamings = [
        { from: 'b', to: 'c' },
        { from: 'a', to: 'd' },
      ];
      expect(await outcomeOf(() => store.rename(renamings))).toMatchObject({ code: 'not-found' });
      expect(await store.list()).toEqual([{ name: 'c', sizeBytes: 1 }]);
    });

    it('shows a tree when it is published, whole, in place of one that has its name', async () => {
      const store = await makeStore();
      if (store.localFolder === undefined) return refusesLocalWork(store);
      await putTree(store, 't', { file: 'old', 'below/other': 'gone' });
      const folder = requireLocalFolder(store);
      {
        await using tree = await folder.stageTree('t');
        await tree.put('file', Buffer.from('new'));
        expect(await contentOf(store.tree('t'))).toEqual({ file: 'old', 'below/other': 'gone' });
        await tree.complete();
        await tree.publish();
      }
      expect(await contentOf(store.tree('t'))).toEqual({ file: 'new' });
      {
        await using tree = await folder.stageTree('u');
        await tree.put('file', Buffer.from('x'));
      }
      expect((await store.entries()).map(({ name }) => name)).toEqual(['t']);
    });

    it('shows a file that a program went on with when it is published', async () => {
      const store = await makeStore();
      if (store.localFolder === undefined) return refusesLocalWork(store);
      const folder = requireLocalFolder(store);
      await store.entries();
      {
        await using file = await folder.stageFile('a', [Buffer.from('begun')]);
        appendFileSync(file.path, ', ended');
        await file.complete();
        expect(await store.list()).toEqual([]);
        await file.publish();
      }
      expect(await get(store, 'a')).toBe('begun, ended');
      expect(await store.list()).toEqual([{ name: 'a', sizeBytes: 12 }]);
      expect(await store.entries()).toMatchObject([{ name: 'a', kind: 'file', sizeBytes: 12 }]);
    });

    it('reads what is in a tree', async () => {
      const store = await makeStore();
      const files = { one: '1', 'below/two': '22', 'below/deep/three': '333' };
      await putTree(store, 't', files);
      const tree = store.tree('t');
      expect(await tree.isThere()).toBe(true);
      expect(tree.name).toBe(store.nameOf('t'));
      expect(await contentOf(tree)).toEqual(files);
      expect(await contentOf(tree.below('below'))).toEqual({ two: '22', 'deep/three': '333' });
      const listed = [...(await tree.list())].sort((a, b) => (a.path < b.path ? -1 : 1));
      expect(listed).toMatchObject([
        { kind: 'folder', path: 'below' },
        { kind: 'file', path: 'one', sizeBytes: 1 },
      ]);
      expect(await tree.sizesOf(['below/two', 'none', 'below'])).toEqual([2, undefined, undefined]);
      expect([await tree.has('below/deep'), await tree.has('one/two')]).toEqual([true, false]);
      await using file = await tree.open('below/two');
      expect([file.sizeBytes, file.name]).toEqual([2, tree.nameOf('below/two')]);
      expect(await outcomeOf(() => tree.open('none'))).toMatchObject({ code: 'not-found' });
      expect(await outcomeOf(() => tree.open('below'))).toMatchObject({ code: 'usage' });
    });

    it('has no tree where none was put, and none that was removed', async () => {
      const store = await makeStore();
      await putTree(store, 't', { file: 'x' });
      await store.removeTree('t');
      expect(await store.entries()).toEqual([]);
      for (const name of ['t', 'u']) {
        const tree = store.tree(name);
        expect(await tree.isThere()).toBe(false);
        expect(await outcomeOf(() => tree.list())).toMatchObject({ code: 'not-found' });
        expect(await outcomeOf(() => contentOf(tree))).toMatchObject({ code: 'not-found' });
        expect(await outcomeOf(() => store.removeTree(name))).toMatchObject({ code: 'not-found' });
      }
    });

    it('leads from one name to another, where it knows links', async () => {
      const store = await makeStore();
      await put(store, 'a', 'x');
      expect(await store.link('a', 'b')).toBe('other');
      const outcome = await store.link('latest', 'a');
      if (outcome === 'none') return;
      expect([outcome, await store.linkedTo('latest')]).toEqual(['set', 'a']);
      expect([await store.link('latest', 'a'), await store.link('latest', 'b')]).toEqual([
        'unchanged',
        'set',
      ]);
      expect([await store.linkedTo('latest'), await store.useOf('latest')]).toEqual(['b', 'link']);
      expect([
        await store.link('latest', undefined),
        await store.link('latest', undefined),
      ]).toEqual(['removed', 'none']);
      expect(await store.linkedTo('latest')).toBeUndefined();
    });

    it('is where it says that it is', async () => {
      const store = await makeStore();
      await store.requireThere();
      expect(await store.isAt(await store.location())).toBe(true);
      expect(await store.isAt(await (await makeStore()).location())).toBe(false);
    });

    it('tells who holds it, and whether anybody ever did', async () => {
      const store = await makeStore();
      expect([await store.wasLocked(), await store.holder()]).toEqual([false, undefined]);
      {
        await using _lock = await store.lock();
        const holder = await store.holder();
        expect(holder?.record.pid).toBe(process.pid);
        expect(seemsAtWork(holder, new Date())).toBe(true);
        const hour = 3600 * 1000;
        expect(seemsAtWork(holder, new Date(Date.now() + hour))).toBe(false);
      }
      expect([await store.wasLocked(), await store.holder()]).toEqual([true, undefined]);
      expect(seemsAtWork(await store.holder(), new Date())).toBe(false);
    });

    it('is held by one run at a time', async () => {
      const store = await makeStore();
      {
        await using _lock = await store.lock();
        expect(await outcomeOf(() => store.lock())).toMatchObject({
          code: 'locked',
          message: expect.stringContaining(`pid ${process.pid}`),
        });
      }
      await using _again = await store.lock();
    });
  });
}

function refusesLocalWork(store: Store): void {
  expect(() => requireLocalFolder(store)).toThrow(/it is no folder of this machine$/);
}

async function putLocalTree(store: Store, name: string, files: TreeFiles): Promise<void> {
  await using tree = await requireLocalFolder(store).stageTree(name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree.path, path)), { recursive: true });
    writeFileSync(join(tree.path, path), content);
  }
  await tree.complete();
  await tree.publish();
}

/** The files in a tree, by their paths. */
async function contentOf(tree: TreeReader): Promise<TreeFiles> {
  const files: Record<string, string> = {};
  for await (const entries of tree.walk()) {
    for (const { kind, path } of entries) {
      if (kind === 'file') files[path] = (await collect(tree.read(path))).toString();
    }
  }
  return files;
}
