import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamOf } from '../../test/support/chunks.ts';
import { type BuiltRecord, LogBuilder, tidNumber } from '../../test/support/log-builder.ts';
import { type Oid, oidFrom } from '../filestorage/oid.ts';
import { LogRecords } from '../filestorage/records/log-records.ts';
import { encodeRecordIndex } from '../filestorage/records/record-index.ts';
import { scanTransactions } from '../filestorage/scan-transactions.ts';
import { nextTid, type Tid } from '../filestorage/tid.ts';
import type { LogPart } from '../repository/content/open-log.ts';
import { memorySource, type OpenedSource } from '../system/files/byte-source.ts';
import { compressToMembers } from '../system/streams/gzip/compress.ts';
import { MemberCache } from '../system/streams/gzip/member-cache.ts';
import { memberSource } from '../system/streams/gzip/member-source.ts';
import { joinedSource } from '../system/streams/joined-source.ts';
import { collect } from '../system/streams/pipeline.ts';
import { fingerprintOf } from './fingerprint.ts';
import { openState } from './open-state.ts';
import type { State, StateTransaction } from './state.ts';

/** The last is one that no other is near. */
const OIDS = [0n, 1n, 2n, 0x1_0000n, 0x1_2345_6789n, 0xffff_ffff_ffff_fff0n].map(oidFrom);

/** What a transaction does to an object: new data, an earlier state (by number of its revisions), or nothing at all. */
type Step = readonly {
  readonly oid: Oid;
  readonly change: 'data' | 'uncreated' | { readonly back: number };
}[];

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.uniqueArray(
    fc.record({
      oid: fc.constantFrom(...OIDS),
      change: fc.oneof(
        { weight: 5, arbitrary: fc.constant('data' as const) },
        { weight: 1, arbitrary: fc.constant('uncreated' as const) },
        { weight: 3, arbitrary: fc.record({ back: fc.nat(9) }) },
      ),
    }),
    { selector: ({ oid }) => oid, minLength: 1, maxLength: 4 },
  ),
  { minLength: 1, maxLength: 25 },
);

interface Revision {
  readonly tid: Tid;
  readonly data: string | undefined;
  readonly position: number;
  /** Of the record that it points back to. */
  readonly dataTid: Tid | undefined;
}

/** A log, and what is known of it because it was made so. */
function build(history: readonly Step[]) {
  const builder = new LogBuilder();
  const ends: number[] = [];
  const revisions = new Map<Oid, Revision[]>(OIDS.map((oid) => [oid, []]));
  for (const [number, step] of history.entries()) {
    const tid = tidNumber(number + 1);
    const news = step.map(({ oid, change }) => {
      const earlier = revisions.get(oid) ?? [];
      const target = typeof change === 'object' ? earlier[change.back] : undefined;
      if (target !== undefined) {
        return { oid, backTo: target.position, data: target.data, dataTid: target.tid };
      }
      if (change === 'uncreated') return { oid, backTo: 0, data: undefined, dataTid: undefined };
      const data = `${oid} by ${number}`;
      return { oid, pickle: Buffer.from(data), data, dataTid: undefined };
    });
    const built = news.map(
      ({ oid, backTo, pickle }): BuiltRecord =>
        pickle === undefined ? { oid, backTo: backTo ?? 0 } : { oid, pickle },
    );
    const positions = builder.add(built, { tid });
    ends.push(builder.bytes().length);
    for (const [row, { oid, data, dataTid }] of news.entries()) {
      revisions.get(oid)?.push({ tid, data, dataTid, position: positions[row] ?? 0 });
    }
  }
  return { bytes: builder.bytes(), revisions, ends };
}

const opened = (bytes: Uint8Array, name = 'log'): OpenedSource => ({
  ...memorySource(bytes, name),
  [Symbol.asyncDispose]: async () => {},
});

/** In pieces that end anywhere. */
function inPieces(bytes: Uint8Array, cuts: readonly number[]): OpenedSource {
  const ends = [...cuts.map((cut) => cut % bytes.length), 0, bytes.length].sort((a, b) => a - b);
  const pieces = ends.slice(1).map((end, row) => opened(bytes.subarray(ends[row] ?? 0, end)));
  return joinedSource(pieces, 'log');
}

/** In parts that end where transactions do, each with its record index, but for every third. */
async function inParts(bytes: Uint8Array, cuts: readonly number[]) {
  const ends = [...new Set([...cuts, bytes.length])].sort((a, b) => a - b);
  const parts: LogPart[] = [];
  for (const [number, end] of ends.entries()) {
    const range = { start: ends[number - 1] ?? 0, end };
    const records = new LogRecords();
    await scanTransactions(memorySource(bytes.subarray(0, end)), {
      from: Math.max(range.start, 4),
      visitor: { transaction: (one) => records.apply(one) },
    });
    records.sort();
    const index = Buffer.concat([...encodeRecordIndex(records, range)]);
    parts.push({ range, recordIndex: async () => (number % 3 === 2 ? undefined : index) });
  }
  return { ...opened(bytes), parts };
}

const textOf = (data: Uint8Array | undefined) => data && Buffer.from(data).toString();

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function expectAll(
  state: State,
  {
    revisions,
    last,
  }: { readonly revisions: ReadonlyMap<Oid, readonly Revision[]>; readonly last: number },
): Promise<void> {
  const tids = Array.from({ length: last }, (_, number) => tidNumber(number + 1));
  const upTo = tids.at(-1) ?? (0n as Tid);
  expect(state.tid).toBe(upTo);
  const current: Oid[] = [];
  let objects = 0;
  for (const [oid, whole] of revisions) {
    const known = whole.filter(({ tid }) => tid <= upTo);
    const newest = known.at(-1);
    if (newest !== undefined) objects += 1;
    if (newest?.data !== undefined) current.push(oid);
    const loaded = await state.load(oid);
    expect([loaded?.tid, textOf(loaded?.data)]).toEqual(
      newest?.data === undefined ? [undefined, undefined] : [newest.tid, newest.data],
    );
    for (const tid of tids) {
      for (const before of [tid, nextTid(tid)]) {
        const number = known.findLastIndex((one) => one.tid < before);
        const found = await state.loadBefore(oid, before);
        const expected = known[number];
        if (expected === undefined) {
          expect(found.kind).toBe(newest === undefined ? 'none' : 'younger');
        } else if (expected.data === undefined) expect(found.kind).toBe('none');
        else {
          const { tid, data } = expected;
          const text = found.kind === 'data' ? textOf(found.data) : undefined;
          expect({ ...found, data: text }).toEqual({
            kind: 'data',
            tid,
            data,
            endTid: known[number + 1]?.tid,
          });
        }
      }
      const serial = await state.loadSerial(oid, tid);
      expect(textOf(serial)).toBe(known.find((one) => one.tid === tid)?.data);
    }
    const history = await state.history(oid, 100);
    expect(history.map(({ transaction, dataBytes }) => [transaction.tid, dataBytes])).toEqual(
      known.toReversed().map(({ tid, data }) => [tid, data?.length ?? 0]),
    );
    expect((await state.history(oid, 1)).length).toBe(Math.min(1, known.length));
  }
  expect([...state.oids()]).toEqual(current);
  expect([...state.oids(OIDS[2])]).toEqual(current.filter((oid) => oid >= 2n));
  expect(state.objectCount).toBe(objects);
  await expectTransactions(state, { tids, revisions });
}

async function expectTransactions(
  state: State,
  {
    tids,
    revisions,
  }: { readonly tids: readonly Tid[]; readonly revisions: ReadonlyMap<Oid, readonly Revision[]> },
): Promise<void> {
  const tidsOf = async (found: AsyncIterable<StateTransaction>) =>
    (await all(found)).map(({ tid }) => tid);
  expect(await tidsOf(state.transactions())).toEqual(tids);
  expect(await tidsOf(state.transactions({ direction: 'newest-first' }))).toEqual(
    tids.toReversed(),
  );
  const third = tidNumber(3);
  expect(await tidsOf(state.transactions({ from: third }))).toEqual(tids.filter((t) => t >= third));
  expect(await tidsOf(state.transactions({ from: third, direction: 'newest-first' }))).toEqual(
    tids.filter((tid) => tid <= third).toReversed(),
  );
  for (const transaction of await all(state.transactions())) {
    const records = await all(state.recordsOf(transaction));
    const expected = [...revisions].flatMap(([oid, known]) =>
      known.filter(({ tid }) => tid === transaction.tid).map((one) => ({ oid, ...one })),
    );
    const inOrder = expected.sort((a, b) => a.position - b.position);
    expect(records.map(({ data, ...rest }) => ({ ...rest, data: textOf(data) }))).toEqual(
      inOrder.map(({ oid, data, dataTid }) => ({ oid, data, dataTid })),
    );
    expect(textOf(transaction.user)).toBe('ana');
    expect(textOf(transaction.description)).toBe('/site/page');
  }
}

const noBlobs = async () => undefined;

describe('a state', () => {
  it('is what the log was made to be, at each of its transactions', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.nat()), async (history, cuts) => {
        const { bytes, revisions } = build(history);
        for (let last = 1; last <= history.length; last++) {
          const log = inPieces(bytes, cuts);
          const state = await openState(log, { upTo: tidNumber(last), findBlob: noBlobs });
          await expectAll(state, { revisions, last });
        }
      }),
      { numRuns: 10 },
    );
  });

  it('is the same with record indexes of parts, up to a moment or cut there', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.nat()), async (history, cuts) => {
        const { bytes, revisions, ends } = build(history);
        const whole = await inParts(bytes, [4, ...cuts.map((cut) => ends[cut % ends.length] ?? 4)]);
        for (let last = 1; last <= history.length; last++) {
          const sizeBytes = ends[last - 1] ?? 0;
          for (const log of [whole, { ...whole, sizeBytes }]) {
            const state = await openState(log, { upTo: tidNumber(last), findBlob: noBlobs });
            expect(state.sizeBytes).toBe(sizeBytes);
            await expectAll(state, { revisions, last });
          }
          const cut = await openState({ ...whole, sizeBytes }, { findBlob: noBlobs });
          expect([cut.sizeBytes, cut.tid]).toEqual([sizeBytes, tidNumber(last)]);
        }
      }),
      { numRuns: 10 },
    );
  });

  it('has the fingerprint of its current objects, wherever their data stands', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const { bytes, revisions } = build(history);
        let sum = 0n;
        let objects = 0;
        for (const [oid, known] of revisions) {
          const newest = known.at(-1);
          if (newest?.data === undefined) continue;
          const name = Buffer.alloc(16);
          name.writeBigUInt64BE(oid);
          name.writeBigUInt64BE(newest.tid, 8);
          const hash = createHash('sha256').update(name).update(newest.data).digest('hex');
          sum = (sum + BigInt(`0x${hash}`)) % 2n ** 256n;
          objects += 1;
        }
        const found = await fingerprintOf(opened(bytes), { onBytes: () => {} });
        expect(found).toEqual({
          sum: sum.toString(16).padStart(64, '0'),
          objects,
          tid: tidNumber(history.length),
          packed: 0n,
        });
      }),
    );
  });

  it('is the same out of a gzip file of members, for records of any size', async () => {
    const builder = new LogBuilder();
    const data = [10, 3 << 20, 5, 1 << 20].map((length, row) => Buffer.alloc(length, row));
    for (const [row, pickle] of data.entries()) builder.add([{ oid: row, pickle }]);
    const stored = await collect(compressToMembers(1)(streamOf(builder.bytes())));
    const log = await memberSource(opened(stored), new MemberCache(2 << 20));
    if (log === undefined) throw new Error('it is a file of members');
    expect(log.sizeBytes).toBe(builder.bytes().length);
    const state = await openState(log, { findBlob: noBlobs });
    for (const [row, pickle] of data.entries()) {
      const loaded = await state.load(oidFrom(row));
      expect(Buffer.compare(loaded?.data ?? Buffer.alloc(0), pickle)).toBe(0);
    }
  });

  it('is not read out of a gzip file that another program wrote', async () => {
    const stored = gzipSync(new LogBuilder().bytes());
    expect(await memberSource(opened(stored), new MemberCache(1))).toBeUndefined();
  });

  it('passes over transactions that an old ZODB has marked as undone', async () => {
    const builder = new LogBuilder();
    builder.add([{ oid: 0, pickle: Buffer.from('first') }]);
    builder.add([{ oid: 0, pickle: Buffer.from('second') }], { status: 'u' });
    const state = await openState(opened(builder.bytes()), { findBlob: noBlobs });
    expect(textOf((await state.load(oidFrom(0)))?.data)).toBe('first');
    expect((await all(state.transactions())).map(({ tid }) => tid)).toEqual([tidNumber(1)]);
    expect(state.tid).toBe(tidNumber(2));
  });

  it('of an empty log has nothing', async () => {
    for (const bytes of [new Uint8Array(0), Buffer.from('FS30')]) {
      const state = await openState(opened(bytes), { findBlob: noBlobs });
      expect([state.tid, state.objectCount, [...state.oids()]]).toEqual([0n, 0, []]);
      expect(await state.load(oidFrom(0))).toBeUndefined();
      expect(await all(state.transactions({ direction: 'newest-first' }))).toEqual([]);
    }
  });

  it('is refused where tids do not rise, and where the log does not end with a transaction', async () => {
    const builder = new LogBuilder();
    builder.add([{ oid: 0, pickle: Buffer.from('x') }], { tid: tidNumber(2) });
    builder.add([{ oid: 0, pickle: Buffer.from('x') }], { tid: tidNumber(1) });
    const whole = builder.bytes();
    for (const bytes of [whole, whole.subarray(0, -1)]) {
      await expect(openState(opened(bytes), { findBlob: noBlobs })).rejects.toMatchObject({
        code: 'damaged',
      });
    }
  });

  it('fails where a record is not what its log says, and gives no wrong data', async () => {
    const builder = new LogBuilder();
    const [position = 0] = builder.add([{ oid: 7, pickle: Buffer.from('right') }]);
    const bytes = builder.bytes();
    const state = await openState(opened(bytes), { findBlob: noBlobs });
    bytes.writeUInt8(8, position + 7);
    await expect(state.load(oidFrom(7))).rejects.toMatchObject({ code: 'damaged' });
  });
});
