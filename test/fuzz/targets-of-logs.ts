import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Random } from '../../src/demo/random.ts';
import { compareIndex } from '../../src/filestorage/audit/index-findings.ts';
import { LogAudit } from '../../src/filestorage/audit/log-audit.ts';
import { LogExplanation } from '../../src/filestorage/audit/log-explanation.ts';
import { findCommittedEnd, isTransactionBoundary } from '../../src/filestorage/committed-end.ts';
import { indexFits } from '../../src/filestorage/index/index-check.ts';
import { decodeIndex } from '../../src/filestorage/index/index-decoder.ts';
import { encodeIndex } from '../../src/filestorage/index/index-encoder.ts';
import { OidIndex } from '../../src/filestorage/index/oid-index.ts';
import { ROOT_OID } from '../../src/filestorage/oid.ts';
import {
  decodeRecordClass,
  decodeRecordPickle,
} from '../../src/filestorage/pickle/record-pickle.ts';
import { ReferenceFinder } from '../../src/filestorage/pickle/reference-finder.ts';
import { decodeRecordValues } from '../../src/filestorage/pickle/values/record-values.ts';
import { scanTransactions } from '../../src/filestorage/scan-transactions.ts';
import { ZERO_TID } from '../../src/filestorage/tid.ts';
import { summaryOf } from '../../src/objects/description.ts';
import { cutReferences } from '../../src/objects/export/cut-references.ts';
import { referencesOf } from '../../src/objects/references.ts';
import type { StoredObject } from '../../src/objects/stored-object.ts';
import { valueAsJson } from '../../src/objects/value-as-json.ts';
import { Failure } from '../../src/system/failure.ts';
import { memorySource } from '../../src/system/files/byte-source.ts';
import { atOnce } from '../../src/system/streams/cooperative.ts';
import { compressToMembers } from '../../src/system/streams/gzip/compress.ts';
import { decompress } from '../../src/system/streams/gzip/decompress.ts';
import { collect } from '../../src/system/streams/pipeline.ts';
import { chunksOf, streamOf } from '../support/chunks.ts';
import { LogBuilder } from '../support/log-builder.ts';
import { smallDatabase } from '../support/small-database.ts';
import type { Target } from './target.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');

/** Decoders of a Data.fs, of its index, of pickles, and of gzip. */
export async function LOG_TARGETS(): Promise<readonly Target[]> {
  const logs = [...handMadeLogs(), ...goldenLogs()];
  const indexes = await makeIndexes(logs);
  const records = writtenRecords();
  const finder = new ReferenceFinder();
  const log = { form: 'bytes', dictionary: ['FS30', 'FS21', ' ', 'c', 'u', 'p'] } as const;
  const healthy = memorySource(logs[0] ?? Buffer.alloc(0), 'log');
  return [
    {
      ...log,
      name: 'scanner',
      seeds: logs,
      weight: 12,
      answers: ['damaged'],
      run: (input) =>
        scanTransactions(memorySource(input), {
          from: 4,
          visitor: { pickle: () => {}, transaction: ({ records }) => void records.count },
        }),
    },
    {
      ...log,
      name: 'committed-end',
      seeds: logs,
      weight: 10,
      answers: ['damaged'],
      run: async (input, random) => {
        const source = memorySource(input);
        await isTransactionBoundary(source, random.below(input.length + 2));
        await findCommittedEnd(source, 4);
      },
    },
    {
      ...log,
      name: 'log-audit',
      seeds: logs.slice(0, 5),
      weight: 8,
      answers: [],
      run: (input, random) => auditLog(input, random),
    },
    {
      name: 'index',
      form: 'bytes',
      seeds: indexes,
      dictionary: ['\x80\x03', 'L17L\n.', '\x86.', 'N.', 'B\x00\x00\x08\x00', '\x8a\x07', 'U\x06'],
      weight: 10,
      answers: ['damaged'],
      run: async (input, random) => {
        const decoded = await decodeIndex(chunksOf(input, someSize(random)));
        if (decoded !== undefined) await indexFits(healthy, decoded);
      },
    },
    {
      name: 'pickle',
      form: 'bytes',
      seeds: records,
      dictionary: OPCODES,
      weight: 15,
      answers: ['damaged'],
      run: (input, random) =>
        random.below(4) === 0 ? decodeRecordClass(input) : decodeRecordPickle(input),
    },
    {
      name: 'record-values',
      form: 'bytes',
      seeds: records,
      dictionary: OPCODES,
      weight: 15,
      answers: ['damaged', 'refused'],
      run: readValues,
    },
    {
      name: 'reference-finder',
      form: 'bytes',
      seeds: records,
      dictionary: OPCODES,
      weight: 15,
      answers: ['damaged'],
      run: (input) => followTwice(finder, input),
    },
    {
      name: 'gzip-members',
      form: 'bytes',
      seeds: await Promise.all(
        [0, 60, 3000].map((length) =>
          collect(compressToMembers(6)(streamOf(Buffer.alloc(length, 'zodb ')))),
        ),
      ).then(([empty, short, long]) => [
        Buffer.concat([short ?? empty ?? Buffer.alloc(0), long ?? Buffer.alloc(0)]),
        ...[empty, short, long].flatMap((one) => one ?? []),
      ]),
      dictionary: ['\x1f\x8b\x08\x04', 'ZV\x04\x00', '\x08\x00'],
      weight: 3,
      answers: ['damaged'],
      run: (input, random) => expand(input, random),
    },
    {
      name: 'gzip',
      form: 'bytes',
      seeds: [gzipSync(''), gzipSync('zodb'), gzipSync(Buffer.alloc(5000, 'Data.fs'))],
      dictionary: ['\x1f\x8b\x08', '\x00\x00'],
      weight: 3,
      answers: ['damaged'],
      run: (input, random) => expand(input, random),
    },
  ];
}

const OPCODES = [
  ...['.', '(', ')', '}', ']', 'a', 'e', 's', 'u', 't', 'l', 'd', '0', '1', '2', 'N', 'Q', 'P1\n'],
  ...['R', 'b', 'o', 'i1\n2\n', '\x81', '\x85', '\x86', '\x87', '\x93', '\x94', '\x95', '\x8f'],
  ...[
    'q\x00',
    'r\x00\x00\x00\x7f',
    'h\x00',
    'j\x00\x00\x00\x00',
    'p0\n',
    'g0\n',
    'c_codecs\nencode\n',
  ],
  ...['X\x06\x00\x00\x00latin1', 'C\x08abcdefgh', 'U\x08abcdefgh', "S'\\x00\\x0'\n", 'V\\u0000\n'],
  ...['cZODB.blob\nBlob\n', '\x80\x03', '\x80\x05', 'M\xff\xff', 'J\xff\xff\xff\xff', '\x8a\xff'],
];

function someSize(random: Random): number {
  return random.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 64, 7, 1]);
}

function handMadeLogs(): readonly Buffer[] {
  const builder = new LogBuilder();
  builder.add([{ oid: 0, refersTo: [1, 2] }]);
  const [first = 0] = builder.add([
    { oid: 1, refersTo: [2] },
    { oid: 2, blob: true },
  ]);
  builder.add([{ oid: 1, refersTo: [] }]);
  builder.add([{ oid: 1, backTo: first }]);
  builder.add([{ oid: 2, backTo: 0 }], { user: 'ana' });
  const plain = smallDatabase([{ oids: [0] }, { oids: [1, 2], status: 'p' }, { oids: [1] }]);
  const old = smallDatabase([{ oids: [0, 2n ** 63n] }, { oids: [5], status: 'u' }], 'FS21');
  const unfinished = smallDatabase([{ oids: [0] }, { oids: [1], status: 'c' }]);
  return [builder, plain, old, unfinished].map((one) =>
    one instanceof LogBuilder ? one.bytes() : one.bytes,
  );
}

function goldenLogs(): readonly Buffer[] {
  const golden = readFileSync(join(FIXTURES, 'golden/bushy/states/3-undone/Data.fs'));
  // Whole transactions from its end would begin elsewhere; its beginning is enough of it.
  return [golden.subarray(0, 3000)];
}

async function makeIndexes(logs: readonly Buffer[]): Promise<readonly Buffer[]> {
  const index = new OidIndex();
  await scanTransactions(memorySource(logs[0] ?? Buffer.alloc(0)), {
    from: 4,
    visitor: { transaction: ({ records }) => index.apply(records) },
  });
  for (let suffix = 0; suffix < 40; suffix++) index.set(2 ** 47 + 1, suffix * 3, 4 + suffix);
  const words = { position: logs[0]?.length ?? 4 };
  return [
    Buffer.concat([...encodeIndex(index, { ...words, magic: 'FS30' })]),
    Buffer.concat([...encodeIndex(index, { ...words, magic: 'FS21' })]),
    readFileSync(join(FIXTURES, 'golden/bushy/states/3-undone/Data.fs.index')),
    Buffer.concat([...encodeIndex(new OidIndex(), { position: 4, magic: 'FS30' })]),
  ];
}

function writtenRecords(): readonly Buffer[] {
  const path = join(FIXTURES, 'pickles/records.json');
  const all = JSON.parse(readFileSync(path, 'utf8')) as readonly { readonly data: string }[];
  return all.map(({ data }) => Buffer.from(data, 'hex')).filter(({ length }) => length < 2000);
}

/** Reads a record as those who look at objects do. */
function readValues(input: Buffer): void {
  const record = decodeRecordValues(input);
  if (record.kind !== 'values') return;
  const object: StoredObject = { oid: ROOT_OID, tid: ZERO_TID, python: 3, ...record };
  summaryOf(object);
  for (const { value } of referencesOf(object)) cutReferences(object.pickles, [value.end]);
  valueAsJson(object.state);
}

async function auditLog(input: Buffer, random: Random): Promise<void> {
  const words = { name: 'log', sizeBytes: input.length };
  const known = new OidIndex();
  if (random.below(2) === 0) {
    for (const [row, oid] of [0, 1, 2].entries()) known.set(0, oid, 50 + 60 * row);
  }
  const sample =
    random.below(4) === 0
      ? ({ kind: 'share', share: 0.5, seed: random.below(1000) } as const)
      : ({ kind: 'all' } as const);
  const feedAll = (reader: { readonly feed: (chunk: Uint8Array) => void }) => {
    for (const chunk of chunksOf(input, someSize(random))) reader.feed(chunk);
  };
  const first = new LogAudit({ ...words, known, sample });
  feedAll(first);
  // A second time with the index that came out, as the job does.
  const second = new LogAudit({ ...words, known: atOnce(first.finish()).index, sample });
  feedAll(second);
  const audited = atOnce(second.finish());
  compareIndex({ index: known, position: input.length }, audited);
  const drafts = audited.findings.drafts();
  const explanation = new LogExplanation({ ...words, audited, drafts });
  feedAll(explanation);
  atOnce(explanation.finish());
}

/** The quick finder must say what the machine says, be it a failure. */
function followTwice(finder: ReferenceFinder, input: Buffer): void {
  let expected: readonly bigint[] | undefined;
  try {
    const { references } = decodeRecordPickle(input);
    expected = references.flatMap(({ kind, oid }) => (kind === 'strong' ? [oid] : []));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  let found: readonly bigint[] | undefined;
  try {
    finder.follow(input, 'references');
    found = Array.from(
      { length: finder.count },
      (_, number) => (BigInt(finder.oidHigh(number)) << 16n) | BigInt(finder.oidLow(number)),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
  if (String(found) !== String(expected)) {
    throw new Error(`the finder says ${found}, the machine ${expected}`);
  }
}

/** However much comes out, no more than a chunk of it is kept. */
async function expand(input: Buffer, random: Random): Promise<void> {
  // A call of zlib for each byte of a long one takes a second.
  const size = input.length > 2000 ? Number.POSITIVE_INFINITY : someSize(random);
  for await (const _ of decompress(streamOf(input, size), 'x.fsz'));
}
