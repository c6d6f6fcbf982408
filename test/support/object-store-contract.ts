import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ObjectStore, StoredObject } from '../../src/stores/objects/object-store.ts';
import { SMALL_OBJECT_BYTES } from '../../src/stores/objects/object-store.ts';
import { Failure } from '../../src/system/failure.ts';
import { collect } from '../../src/system/streams/pipeline.ts';
import { streamOf } from './chunks.ts';
import { outcomeOf } from './outcome.ts';
import { sha256Of } from './sha256.ts';

/** More than a page of any store. */
const MANY = 1005;

/** What every place of objects must do; each kind is held to it. @param makeStore - makes an empty one */
export function describeObjectStoreContract(
  kind: string,
  makeStore: () => Promise<ObjectStore>,
): void {
  const withStore = async (work: (store: ObjectStore) => Promise<void>) => {
    await using store = await makeStore();
    await work(store);
  };
  const tryIn = (title: string, work: (store: ObjectStore) => Promise<void>) =>
    it(title, () => withStore(work));

  describe(`place of objects: ${kind}`, () => {
    tryIn('is empty at first', async (store) => {
      expect(await listed(store, '')).toEqual([]);
      expect(await store.look('a/b')).toBeUndefined();
    });

    tryIn('gives back what was put, and ranges of it', async (store) => {
      const content = randomBytes(100_000);
      const outcome = await store.put('a/b/c', content);
      expect(outcome.kind).toBe('put');
      expectBytes(await get(store, 'a/b/c'), content);
      for (const [start, end] of [
        [0, 1],
        [5, 8],
        [99_999, 100_000],
        [0, 100_000],
        [7, 7],
      ] as const) {
        const part = await collect(store.read('a/b/c', { start, end }));
        expectBytes(part, content.subarray(start, end));
      }
      const found = await store.look('a/b/c');
      expect(found).toMatchObject({ key: 'a/b/c', sizeBytes: 100_000 });
      expect(await listed(store, '')).toEqual([found]);
      if (outcome.kind === 'put') expect(found?.version).toBe(outcome.version);
    });

    tryIn('has objects without a byte', async (store) => {
      await store.put('put', new Uint8Array());
      await store.upload('uploaded', streamOf(new Uint8Array()), { sizeBytes: 0 });
      for (const key of ['put', 'uploaded']) {
        expect(await get(store, key)).toEqual(Buffer.alloc(0));
        expect(await store.look(key)).toMatchObject({ sizeBytes: 0 });
      }
    });

    tryIn('replaces an object, and then its version is another one', async (store) => {
      await store.put('a', Buffer.from('first'));
      const first = await store.look('a');
      await store.put('a', Buffer.from('other'));
      const second = await store.look('a');
      expect(await get(store, 'a')).toEqual(Buffer.from('other'));
      if (first?.version !== undefined) expect(second?.version).not.toBe(first.version);
    });

    tryIn(
      'says not-found for what is not there, and damaged for a range that is not',
      async (store) => {
        await store.put('a/b', Buffer.from('abc'));
        for (const key of ['a', 'a/c', 'a/b/c', 'b']) {
          expect(await outcomeOf(() => get(store, key))).toMatchObject({ kind: 'failure' });
          expect(await store.look(key)).toBeUndefined();
        }
        for (const key of ['a/c', 'b']) {
          expect(await outcomeOf(() => get(store, key))).toMatchObject({ code: 'not-found' });
          expect(await outcomeOf(() => store.open(key))).toMatchObject({ code: 'not-found' });
        }
        for (const range of [
          { start: 2, end: 4 },
          { start: 3, end: 4 },
          { start: 90, end: 91 },
        ]) {
          const read = () => collect(store.read('a/b', range));
          expect(await outcomeOf(read)).toMatchObject({ code: 'damaged' });
        }
      },
    );

    tryIn('opens an object for several ranges', async (store) => {
      const content = randomBytes(3_000_000);
      await store.upload('a', streamOf(content, 65_537));
      await using source = await store.open('a');
      expect(source.sizeBytes).toBe(content.length);
      const read = [
        [0, 10],
        [2_999_990, 3_000_000],
        [1_000_000, 2_500_000],
      ] as const;
      await Promise.all(
        read.map(async ([start, end]) => {
          expectBytes(await source.read({ start, end }), content.subarray(start, end));
        }),
      );
      const target = Buffer.alloc(100);
      await source.readInto(target, 500);
      expectBytes(target, content.subarray(500, 600));
      const streamed = await collect(source.stream({ start: 1, end: content.length }));
      expectBytes(streamed, content.subarray(1));
      expect(await collect(source.stream({ start: 5, end: 5 }))).toEqual(Buffer.alloc(0));
      const outside = () => source.read({ start: 2_999_999, end: 3_000_001 });
      expect(await outcomeOf(outside)).toMatchObject({ code: 'damaged' });
    });

    tryIn('never mixes an object that is open with the one that replaces it', async (store) => {
      const content = Buffer.alloc(3_000_000, 'a');
      await store.upload('a', streamOf(content));
      await using source = await store.open('a');
      await source.read({ start: 0, end: 10 });
      await store.upload('a', streamOf(Buffer.alloc(3_000_000, 'b')));
      const later = await outcomeOf(() => source.read({ start: 0, end: content.length }));
      if (later.kind === 'result') expectBytes(later.result, content);
    });

    tryIn('lists keys that begin so, in their order', async (store) => {
      const keys = ['a-b', 'a.b', 'a/b', 'a/b-c', 'a/b.c/d', 'a/c', 'aa', 'b/a', 'c'];
      await inTens([...keys].reverse(), (key) => store.put(key, Buffer.from(key)));
      expect(keysOf(await listed(store, ''))).toEqual(keys);
      const beginning = (prefix: string) => keys.filter((key) => key.startsWith(prefix));
      for (const prefix of ['a', 'a/', 'a/b', 'a/b.', 'b', 'b/', 'c', 'c/', 'd', 'd/e/']) {
        expect(keysOf(await listed(store, prefix))).toEqual(beginning(prefix));
      }
    });

    tryIn('lists, and removes, more than goes into a page', async (store) => {
      const keys = Array.from({ length: MANY }, (_, number) => `many/${1000 + number * 7}`);
      const others = ['man/x', 'mano/x'];
      await inTens([...keys, ...others], (key) => store.put(key, Buffer.from('x')));
      const pages: (readonly StoredObject[])[] = [];
      for await (const page of store.pages('many/')) pages.push(page);
      expect(pages.length).toBeGreaterThan(1);
      expect(keysOf(pages.flat())).toEqual([...keys].sort());
      await store.remove([...keys, 'many/not-there', 'not/there']);
      expect(keysOf(await listed(store, ''))).toEqual(others);
      await store.remove([]);
    });

    tryIn('takes all visible characters of ASCII in keys', async (store) => {
      const characters = Array.from({ length: 94 }, (_, number) =>
        String.fromCharCode(33 + number),
      );
      const own = characters.filter((one) => !['/', '\\'].includes(one));
      const keys = [...own.map((one) => `x/a${one}b${one}${one}`), 'x/%2F', 'x/a%20b', 'x/&amp;'];
      await inTens(keys, (key) => store.put(key, Buffer.from(key)));
      expect(keysOf(await listed(store, 'x/'))).toEqual([...keys].sort());
      for (const key of keys) expect((await get(store, key)).toString()).toBe(key);
      await store.remove(keys);
      expect(await listed(store, '')).toEqual([]);
    });

    tryIn('refuses keys that lead elsewhere', async (store) => {
      const bad = [
        '',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../b',
        'a/./b',
        'a b',
        'ä',
        'a\\b',
      ];
      for (const key of [...bad, 'a\nb', '.a.0123456789ab.zodbvault-tmp']) {
        for (const work of [
          () => store.put(key, Buffer.from('x')),
          () => store.upload(key, streamOf(Buffer.from('x'))),
          () => store.look(key),
          () => store.open(key),
          () => get(store, key),
          () => store.remove([key]),
        ]) {
          expect(await outcomeOf(async () => void (await work()))).toMatchObject({ code: 'usage' });
        }
      }
      expect(await listed(store, '')).toEqual([]);
    });

    tryIn('puts no more at once than it says', async (store) => {
      await store.put('most', Buffer.alloc(SMALL_OBJECT_BYTES));
      expect(await store.look('most')).toMatchObject({ sizeBytes: SMALL_OBJECT_BYTES });
      const tooMuch = () => store.put('more', Buffer.alloc(SMALL_OBJECT_BYTES + 1));
      expect(await outcomeOf(tooMuch)).toMatchObject({ code: 'usage' });
    });

    tryIn('uploads any number of bytes, and tells of each', async (store) => {
      for (const sizeBytes of [
        1,
        5_000_000,
        SMALL_OBJECT_BYTES,
        SMALL_OBJECT_BYTES + 1,
        20_000_001,
      ]) {
        const content = randomBytes(sizeBytes);
        for (const isKnown of [true, false]) {
          const told: number[] = [];
          await store.upload('a', streamOf(content, 100_003), {
            ...(isKnown ? { sizeBytes, sha256: sha256Of(content) } : {}),
            onBytes: (count) => told.push(count),
          });
          expect(told.reduce((sum, count) => sum + count, 0)).toBe(sizeBytes);
          expectBytes(await get(store, 'a'), content);
        }
      }
    });

    tryIn('takes chunks that become others when two more were asked for', async (store) => {
      const content = randomBytes(20_000_000);
      const chunks = async function* () {
        const pair = [Buffer.alloc(1_000_000), Buffer.alloc(1_000_000)];
        for (let start = 0, number = 0; start < content.length; start += 1_000_000, number++) {
          const chunk = pair[number % 2] ?? Buffer.alloc(0);
          content.copy(chunk, 0, start);
          yield chunk;
        }
      };
      await store.upload('a', chunks());
      expectBytes(await get(store, 'a'), content);
    });

    tryIn('keeps what was there, and shows nothing new, when an upload fails', async (store) => {
      const content = randomBytes(20_000_000);
      const broken = async function* () {
        yield* streamOf(content.subarray(0, 15_000_000), 1_000_000);
        throw new Failure('damaged', 'Cannot read', { hint: 'Nothing.' });
      };
      const stopping = new AbortController();
      const stopped = async function* () {
        yield* streamOf(content.subarray(0, 15_000_000), 1_000_000);
        stopping.abort(new Failure('interrupted', 'Stopped', { hint: 'Nothing.' }));
        yield content.subarray(15_000_000);
      };
      await store.put('old', Buffer.from('old'));
      for (const key of ['old', 'new']) {
        for (const [code, work] of [
          ['damaged', () => store.upload(key, broken())],
          ['damaged', () => store.upload(key, streamOf(content), { sizeBytes: 20_000_001 })],
          ['damaged', () => store.upload(key, streamOf(content), { sizeBytes: 19_999_999 })],
          [
            'damaged',
            () => store.upload(key, streamOf(content), { sha256: sha256Of(Buffer.from('other')) }),
          ],
          ['damaged', () => store.upload(key, streamOf(Buffer.from('x')), { sizeBytes: 2 })],
          ['interrupted', () => store.upload(key, stopped(), { signal: stopping.signal })],
          ['interrupted', () => store.upload(key, streamOf(content), { signal: stopping.signal })],
        ] as const) {
          expect(await outcomeOf(work)).toMatchObject({ code });
        }
      }
      expect(keysOf(await listed(store, ''))).toEqual(['old']);
      expect((await get(store, 'old')).toString()).toBe('old');
    });

    tryIn('shows an object when its last byte is there, never before', async (store) => {
      const content = randomBytes(20_000_000);
      const seen: unknown[] = [];
      const watched = async function* () {
        for await (const chunk of streamOf(content, 4_000_000)) {
          yield chunk;
          seen.push(await store.look('a'), ...(await listed(store, '')));
        }
      };
      await store.upload('a', watched());
      expect(new Set(seen)).toEqual(new Set([undefined]));
      expect(await store.look('a')).toMatchObject({ sizeBytes: content.length });
    });

    tryIn('removes what was left unfinished before a time, and no object', async (store) => {
      await store.put('a/b', Buffer.from('x'));
      await store.removeUnfinished('a/', (await store.now()) + 1_000_000);
      expect(keysOf(await listed(store, ''))).toEqual(['a/b']);
    });

    tryIn('has a clock that runs, and gives objects their times', async (store) => {
      const before = await store.now();
      await store.put('a', Buffer.from('x'));
      const after = await store.now();
      const modifiedMs = (await store.look('a'))?.modifiedMs ?? 0;
      // Some clocks tell whole seconds, and the disk of a server may have a coarser one than the server.
      expect(after).toBeGreaterThanOrEqual(before - 1000);
      expect(modifiedMs).toBeGreaterThanOrEqual(before - 2000);
      expect(modifiedMs).toBeLessThanOrEqual(after + 2000);
    });

    describe('conditions', () => {
      tryIn('are refused where it does not keep to them', async (store) => {
        await store.put('a', Buffer.from('x'));
        const kinds = [
          { kind: 'absent' },
          { kind: 'unchanged', version: (await store.look('a'))?.version ?? '' },
        ] as const;
        const kept = { both: ['absent', 'unchanged'], absent: ['absent'], none: [] } as const;
        const names: readonly string[] = kept[store.conditions];
        for (const condition of kinds.filter((one) => !names.includes(one.kind))) {
          const put = () => store.put('b', Buffer.from('x'), condition);
          expect(await outcomeOf(put)).toMatchObject({ code: 'usage' });
        }
        expect(keysOf(await listed(store, ''))).toEqual(['a']);
      });

      tryIn('absent: one of many puts is done, and all others are refused', async (store) => {
        if (store.conditions === 'none') return;
        for (const key of ['a', 'b/c/d']) {
          const outcomes = await Promise.all(
            Array.from({ length: 8 }, async (_, number) => {
              const content = Buffer.from(`I am ${number}`);
              const { kind } = await store.put(key, content, { kind: 'absent' });
              return kind === 'put' ? [content] : [];
            }),
          );
          expect(outcomes.flat()).toEqual([await get(store, key)]);
          const late = await store.put(key, Buffer.from('late'), { kind: 'absent' });
          expect(late).toEqual({ kind: 'refused' });
          expect(outcomes.flat()).toEqual([await get(store, key)]);
        }
        await store.remove(['a']);
        expect(await store.put('a', Buffer.from('x'), { kind: 'absent' })).toMatchObject({
          kind: 'put',
        });
      });

      tryIn('unchanged: one of many puts is done, and all others are refused', async (store) => {
        if (store.conditions !== 'both') return;
        const first = await store.put('a', Buffer.from('first'));
        if (first.kind === 'refused') throw new Error('nothing was asked for');
        const { version = '' } = first;
        const outcomes = await Promise.all(
          Array.from({ length: 8 }, async (_, number) => {
            const content = Buffer.from(`I am ${number}`);
            const outcome = await store.put('a', content, { kind: 'unchanged', version });
            return outcome.kind === 'put' ? [{ content, version: outcome.version ?? '' }] : [];
          }),
        );
        const [won, ...more] = outcomes.flat();
        expect(more).toEqual([]);
        expect(won?.content).toEqual(await get(store, 'a'));
        const again = { kind: 'unchanged', version: won?.version ?? '' } as const;
        expect((await store.put('a', Buffer.from('next'), again)).kind).toBe('put');
        expect((await store.put('a', Buffer.from('late'), again)).kind).toBe('refused');
        expect((await get(store, 'a')).toString()).toBe('next');
        await store.remove(['a']);
        expect((await store.put('a', Buffer.from('gone'), again)).kind).toBe('refused');
        expect(await store.look('a')).toBeUndefined();
      });
    });
  });
}

/** To compare bytes one by one, and to show them, takes long. */
function expectBytes(found: Uint8Array, expected: Uint8Array): void {
  expect([found.length, sha256Of(found)]).toEqual([expected.length, sha256Of(expected)]);
}

async function get(store: ObjectStore, key: string): Promise<Buffer> {
  return collect(store.read(key));
}

async function listed(store: ObjectStore, prefix: string): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const page of store.pages(prefix)) objects.push(...page);
  return objects;
}

function keysOf(objects: readonly StoredObject[]): readonly string[] {
  return objects.map(({ key }) => key);
}

async function inTens<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let begin = 0; begin < items.length; begin += 10) {
    await Promise.all(items.slice(begin, begin + 10).map(work));
  }
}
