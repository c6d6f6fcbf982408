import type { Random } from '../../src/demo/random.ts';
import { LogRecords } from '../../src/filestorage/records/log-records.ts';
import { addRecordIndex, encodeRecordIndex } from '../../src/filestorage/records/record-index.ts';
import { scanTransactions } from '../../src/filestorage/scan-transactions.ts';
import { nextTid } from '../../src/filestorage/tid.ts';
import { openState } from '../../src/states/open-state.ts';
import type { State } from '../../src/states/state.ts';
import { Failure } from '../../src/system/failure.ts';
import { memorySource, type OpenedSource } from '../../src/system/files/byte-source.ts';
import { compressToMembers } from '../../src/system/streams/gzip/compress.ts';
import { decompress } from '../../src/system/streams/gzip/decompress.ts';
import { MemberCache } from '../../src/system/streams/gzip/member-cache.ts';
import { memberSource } from '../../src/system/streams/gzip/member-source.ts';
import { collect } from '../../src/system/streams/pipeline.ts';
import { streamOf } from '../support/chunks.ts';
import { LogBuilder } from '../support/log-builder.ts';
import { smallDatabase } from '../support/small-database.ts';
import type { Target } from './target.ts';

/** What reads a storage at random: its log, the members that the log is compressed in, the index of its records. */
export async function STATE_TARGETS(): Promise<readonly Target[]> {
  const logs = makeLogs();
  const log = logs[0] ?? Buffer.alloc(0);
  const bytes = { form: 'bytes', answers: ['damaged'] } as const;
  return [
    {
      ...bytes,
      name: 'state',
      seeds: logs,
      dictionary: ['FS30', ' ', 'c', 'u', 'p', '\x00\x00\x00\x00\x00\x00\x00\x04'],
      weight: 8,
      run: async (input) => readAll(await openState(opened(input), { findBlob: NO_BLOB })),
    },
    {
      ...bytes,
      name: 'record-index',
      seeds: [await indexOf(log)],
      dictionary: ['ZVRECS1\n', '\xff\xff\xff\xff', '\xfe\xff\xff\xff', '\x00\x00\x00\x00'],
      weight: 5,
      answers: [],
      run: (input) => takeIndex(input, log.length),
    },
    {
      ...bytes,
      name: 'members-at-random',
      seeds: await Promise.all(
        [1, 3000].map(async (length) => {
          const members = compressToMembers(6)(streamOf(Buffer.alloc(length, 'zodb ')));
          return await collect(members);
        }),
      ),
      dictionary: ['\x1f\x8b\x08\x04', 'ZV\x04\x00', '\x08\x00'],
      weight: 3,
      run: (input, random) => readMembers(input, random),
    },
  ];
}

const NO_BLOB = async () => undefined;

function makeLogs(): readonly Buffer[] {
  const builder = new LogBuilder();
  builder.add([{ oid: 0, refersTo: [1] }]);
  const [first = 0] = builder.add([
    { oid: 1, refersTo: [] },
    { oid: 2, blob: true },
  ]);
  builder.add([{ oid: 1, refersTo: [2] }]);
  const [back = 0] = builder.add([{ oid: 1, backTo: first }]);
  const [undone = 0] = builder.add([{ oid: 2, backTo: 0 }]);
  builder.add([
    { oid: 1, backTo: back },
    { oid: 2, backTo: undone },
  ]);
  return [builder.bytes(), smallDatabase([{ oids: [0, 2n ** 63n] }, { oids: [0] }]).bytes];
}

function opened(bytes: Uint8Array): OpenedSource {
  return { ...memorySource(bytes, 'log'), [Symbol.asyncDispose]: async () => {} };
}

async function indexOf(log: Buffer): Promise<Buffer> {
  const records = new LogRecords();
  await scanTransactions(memorySource(log), {
    from: 4,
    visitor: { transaction: (one) => records.apply(one) },
  });
  records.sort();
  return Buffer.concat([...encodeRecordIndex(records, { start: 0, end: log.length })]);
}

/** A file that isn't taken has added nothing. */
function takeIndex(bytes: Buffer, end: number): void {
  const records = new LogRecords();
  const isTaken = addRecordIndex(records, { bytes, range: { start: 0, end } });
  if (!isTaken && records.rows.count + records.transactions.count > 0) {
    throw new Error('it has added something');
  }
  records.sort();
}

/** Everything that a state can be asked for; its answers agree with each other. */
async function readAll(state: State): Promise<void> {
  for (const oid of state.oids()) {
    await unlessDamaged(async () => {
      const loaded = await state.load(oid);
      if (loaded === undefined) return;
      const serial = await state.loadSerial(oid, loaded.tid);
      const before = await state.loadBefore(oid, nextTid(loaded.tid));
      const data = before.kind === 'data' ? before.data : undefined;
      const isSame = [serial, data].every(
        (one) => one !== undefined && Buffer.compare(one, loaded.data) === 0,
      );
      if (!isSame) throw new Error(`object ${oid} has two states`);
    });
    await unlessDamaged(() => state.history(oid, 10));
  }
  for await (const transaction of state.transactions()) {
    for await (const _ of state.recordsOf(transaction));
  }
}

async function unlessDamaged(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'damaged') throw error;
  }
}

/** Whatever is read at random is what a reader of the whole file gets. */
async function readMembers(input: Buffer, random: Random): Promise<void> {
  const source = await memberSource(opened(input), new MemberCache(1 << 20));
  if (source === undefined) return;
  const start = random.below(source.sizeBytes + 1);
  const end = start + random.below(source.sizeBytes - start + 1);
  const read = await source.read({ start, end });
  const whole = await collect(decompress(streamOf(input), 'x.fsz'));
  if (Buffer.compare(read, whole.subarray(start, end)) !== 0) {
    throw new Error(`bytes ${start} to ${end} are others than in a pass`);
  }
}
