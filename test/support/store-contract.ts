import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/stores/store.ts';
import { CHUNK_BYTES } from '../../src/system/files/byte-source.ts';
import { collect } from '../../src/system/streams/pipeline.ts';
import { streamOf } from './chunks.ts';
import { outcomeOf } from './outcome.ts';

/** What every store must do; each kind of store is held to it. */
export function describeStoreContract(kind: string, makeStore: () => Promise<Store>): void {
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
