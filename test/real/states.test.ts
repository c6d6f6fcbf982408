import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { OpenBackups } from '../../src/blobs/open-backups.ts';
import { formatOid, oidFrom } from '../../src/filestorage/oid.ts';
import { formatTid, parseTid, type Tid, ZERO_TID } from '../../src/filestorage/tid.ts';
import { openPoint } from '../../src/operations/run/open-point.ts';
import { openLog } from '../../src/repository/content/open-log.ts';
import { LATEST_BACKUP } from '../../src/repository/restore-target.ts';
import { openState } from '../../src/states/open-state.ts';
import type { State } from '../../src/states/state.ts';
import { writeUnnamedFile } from '../../src/system/derived/unnamed-file.ts';
import { type OpenedSource, openFileSource } from '../../src/system/files/byte-source.ts';
import { runPython } from '../support/python.ts';
import { describeReal, programOf, runProgramOf } from '../support/real-parts.ts';
import { scratchFolder } from '../support/scratch.ts';

const scratch = scratchFolder();
const SEED = Number(process.env['STATES_SEED'] ?? 19);
const HISTORIES = Number(process.env['HISTORIES'] ?? 8);
const counts = { moments: 0, loads: 0, asked: 0, gone: 0, records: 0 };

/** What the program has said: see `random_states.py`. */
interface Model {
  readonly moments: Map<
    string,
    Readonly<Record<string, readonly [tid: string, sum: string] | null>>
  >;
  readonly asked: readonly [
    oid: string,
    before: string,
    answer: string | readonly (string | null)[],
  ][];
  readonly histories: Readonly<Record<string, readonly string[]>>;
  readonly log: readonly [tid: string, records: readonly (readonly (string | null)[])[]][];
  /** Nothing before it is a state. */
  packed: string;
}

describeReal('zodb', 'state of a log that ZODB wrote', () => {
  afterAll(() => {
    console.info('States:', counts);
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
  });

  const all = Array.from({ length: HISTORIES }, (_, number) => SEED + number);
  it.each(all)('is what ZODB gave when it was current: seed %i', async (seed) => {
    const wrapper = seed % 2 === 0 ? 'zlib' : 'plain';
    const dataFs = join(scratch, `${seed}.fs`);
    const model = read(runProgramOf('zodb', 'random_states.py', [`${seed}`, wrapper, dataFs]));
    for (const [moment, objects] of model.moments) {
      await using state = await openState(await openFileSource(dataFs), {
        upTo: asTid(moment),
        findBlob: async () => undefined,
      });
      expect(formatTid(state.tid)).toBe(moment);
      await expectObjects(state, { objects, model });
      counts.moments += 1;
    }
    for (const log of [await openFileSource(dataFs), ...(await inBackups(dataFs))]) {
      await using state = await openState(log, { findBlob: async () => undefined });
      await expectAnswers(state, model);
      await expectLog(state, model);
    }
  });
});

function read(output: string): Model {
  const moments: Model['moments'] = new Map();
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const model = { moments, packed: '', ...lines.pop() } as Model;
  for (const { tid, objects, packed } of lines) {
    if (packed === undefined) moments.set(tid, objects);
    else model.packed = packed;
    for (const earlier of [...moments.keys()]) if (earlier < model.packed) moments.delete(earlier);
  }
  return model;
}

/** The same log in backups of repozo: as it is, and as one stream of gzip. */
async function inBackups(dataFs: string): Promise<readonly OpenedSource[]> {
  return await Promise.all(
    [[], ['-z']].map(async (words, number) => {
      const folder = `${dataFs}-${number}`;
      mkdirSync(folder);
      const repozo = [programOf('zodb', 'repozo'), '-BQ', ...words, '-r', folder, '-f', dataFs];
      runPython(programOf('zodb', 'python'), repozo);
      const how = { target: LATEST_BACKUP, aim: 'open', backups: new OpenBackups() } as const;
      const { store, point } = await openPoint(folder, how);
      const unpack: Parameters<typeof openLog>[1]['unpack'] = (content, file) =>
        writeUnnamedFile(content, { folder: scratch, ...file });
      return openLog(store, { point, unpack });
    }),
  );
}

async function expectObjects(
  state: State,
  {
    objects,
    model,
  }: {
    readonly objects: Readonly<Record<string, readonly [tid: string, sum: string] | null>>;
    readonly model: Model;
  },
): Promise<void> {
  const there = new Set<string>();
  for (const [oid, expected] of Object.entries(objects)) {
    const found = await state.load(asOid(oid));
    counts.loads += 1;
    if (found !== undefined) there.add(oid);
    if (found === undefined && expected !== null && !hasRecord(model, { oid, upTo: state.tid })) {
      counts.gone += 1; // A pack took it.
      continue;
    }
    const told = found === undefined ? null : [formatTid(found.tid), sumOf(found.data)];
    expect([oid, told]).toEqual([oid, expected]);
  }
  expect(new Set([...state.oids()].map(formatOid))).toEqual(there);
}

function hasRecord(
  { log }: Model,
  { oid, upTo }: { readonly oid: string; readonly upTo: Tid },
): boolean {
  return log.some(([tid, records]) => asTid(tid) <= upTo && records.some(([one]) => one === oid));
}

async function expectAnswers(state: State, { asked, histories, packed }: Model): Promise<void> {
  for (const [oid, before, answer] of asked) {
    if (before <= packed) continue; // There is no such state.
    const found = await state.loadBefore(asOid(oid), asTid(before));
    const told =
      found.kind === 'data'
        ? [sumOf(found.data), formatTid(found.tid), found.endTid ? formatTid(found.endTid) : null]
        : found.kind;
    expect([oid, before, told]).toEqual([oid, before, answer]);
    counts.asked += 1;
  }
  for (const [oid, tids] of Object.entries(histories)) {
    const found = await state.history(asOid(oid), 1000);
    const told = found.map(({ transaction }) => formatTid(transaction.tid));
    // ZODB loses the way to what a pack has left in front of its moment.
    expect(told.filter((tid) => tid > packed)).toEqual(tids.filter((tid) => tid > packed));
  }
}

async function expectLog(state: State, { log }: Model): Promise<void> {
  const found: [string, (readonly (string | null)[])[]][] = [];
  for await (const transaction of state.transactions()) {
    const records: (readonly (string | null)[])[] = [];
    for await (const { oid, data, dataTid } of state.recordsOf(transaction)) {
      records.push([
        formatOid(oid),
        data ? sumOf(data) : null,
        dataTid ? formatTid(dataTid) : null,
      ]);
      counts.records += 1;
    }
    found.push([formatTid(transaction.tid), records]);
  }
  expect(found).toEqual(log);
}

const asTid = (text: string): Tid => parseTid(text) ?? ZERO_TID;
const asOid = (text: string) => oidFrom(BigInt(`0x${text}`));
const sumOf = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
