import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { SampleSite } from '../../src/demo/sample-site.ts';
import type { PythonValue } from '../../src/filestorage/pickle/pickle-encoder.ts';
import { formatTid } from '../../src/filestorage/tid.ts';
import { type Change, DatabaseWriter } from '../../src/filestorage/writer/database-writer.ts';
import { reference } from '../../src/filestorage/writer/object-state.ts';
import { fixedClock } from '../support/clock.ts';
import { findPython, runPython } from '../support/python.ts';
import { scratchFolder } from '../support/scratch.ts';

const python = findPython('zodbpickle', 'persistent');
const READER = join(import.meta.dirname, 'read-database.py');
const scratch = scratchFolder();

interface PythonView {
  readonly root: unknown;
  readonly objects: number;
  readonly reached: number;
  readonly log: readonly {
    readonly tid: string;
    readonly user: string;
    readonly description: string;
    readonly extension: object;
    readonly objects: number;
  }[];
}

/** Needs Python with zodbpickle and persistent (Debian: python3-zodbpickle, python3-persistent). */
describe.skipIf(python === undefined)('database that the writer made, opened in Python', () => {
  it('has every kind of value', async () => {
    const path = databasePath('values');
    const writer = await DatabaseWriter.open(optionsFor(path));
    const [root, list, blob] = [writer.newOid(), writer.newOid(), writer.newOid()];
    const many = Array.from({ length: 2500 }, (_, number) => number - 1250);
    const values = {
      none: null,
      yes: true,
      no: false,
      integers: [0, 255, 256, 65535, 65536, -1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1],
      large: [2 ** 40, -(2 ** 40), 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 47, -(2 ** 47), 2 ** 39],
      float: 0.1,
      text: ['', 'ü', '日本', '😀', 'x'.repeat(300), 'x'.repeat(300)],
      empty: [[], new Map<string, PythonValue>()],
      many,
      dict: new Map(many.map((number) => [`key ${number}`, number])),
    };
    const data = new Map<string, PythonValue>(Object.entries(values));
    data.set('bytes', [Buffer.from('short'), Buffer.alloc(1000, 7)]);
    data.set('list', reference('list', list));
    const items = [reference('list', list), reference('blob', blob), reference('mapping', root)];
    const changes: Change[] = [
      { kind: 'state', oid: root, state: { kind: 'mapping', data } },
      { kind: 'state', oid: list, state: { kind: 'list', items: [] } },
      { kind: 'blob', oid: blob, content: Buffer.from('blob') },
    ];
    const extension = new Map<string, PythonValue>([['number', 1]]);
    await writer.commit({ user: 'jörg', description: 'α', extension, changes });
    await writer.commit({
      changes: [{ kind: 'state', oid: list, state: { kind: 'list', items: items.slice(1, 2) } }],
    });
    await writer.close();
    const view = readDatabase(path);
    const { dict, empty: _, ...plain } = values;
    expect(view.root).toEqual({
      ...plain,
      empty: [[], {}],
      dict: Object.fromEntries(dict),
      bytes: [Buffer.from('short').toString('hex'), '07'.repeat(1000)],
      list: {
        oid: '0000000000000001',
        class: 'PersistentList',
        state: [{ oid: '0000000000000002', class: 'Blob', state: null }],
      },
    });
    const [first] = view.log;
    expect(first).toMatchObject({ user: 'jörg', description: 'α', extension: { number: 1 } });
    expect([view.objects, view.reached, view.log.length]).toEqual([3, 3, 2]);
  });

  it('has every object of a sample site, undone transactions with them', async () => {
    const path = databasePath('sample');
    const writer = await DatabaseWriter.open(optionsFor(path));
    const site = await SampleSite.begin(writer, randomFrom(7));
    await site.grow(120);
    await writer.close();
    const again = await DatabaseWriter.open(optionsFor(path)); // And goes on where it was.
    const lastTid = formatTid(again.lastTid);
    await again.close();
    const view = readDatabase(path);
    const { transactions, objects, blobs } = site.counts;
    expect([view.log.length, view.objects]).toEqual([transactions, objects]);
    expect(view.reached).toBe(objects);
    expect(view.log.at(-1)?.tid).toBe(lastTid);
    expect(blobs).toBeGreaterThan(5);
    expect(view.log.some(({ description }) => description === 'undo the edit')).toBe(true);
  });
});

function databasePath(name: string): string {
  mkdirSync(join(scratch, name));
  return join(scratch, name, 'Data.fs');
}

function optionsFor(path: string) {
  const blobs = { path: join(path, '../blobstorage'), layout: 'bushy' } as const;
  return { path, blobs, now: fixedClock, sync: 'every-commit' } as const;
}

function readDatabase(path: string): PythonView {
  return JSON.parse(runPython(python ?? '', [READER, path])) as PythonView;
}
