import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldenStates } from '../../../test/golden/states.ts';
import { CHUNK_SIZES, chunksOf } from '../../../test/support/chunks.ts';
import { LogBuilder, tidNumber } from '../../../test/support/log-builder.ts';
import { Failure } from '../../system/failure.ts';
import { memorySource } from '../../system/files/byte-source.ts';
import { atOnce } from '../../system/streams/cooperative.ts';
import { RECORD_HEADER_BYTES } from '../format.ts';
import { OidIndex } from '../index/oid-index.ts';
import { formatOid } from '../oid.ts';
import { scanTransactions } from '../scan-transactions.ts';
import { formatTid } from '../tid.ts';
import type { LogFinding } from './finding.ts';
import { LogAudit } from './log-audit.ts';
import { LogExplanation } from './log-explanation.ts';
import type { AuditSample } from './sample.ts';

const ALL: AuditSample = { kind: 'all' };

/** Both readings of a log, with the index that belongs to it. */
async function audited(
  bytes: Buffer,
  {
    chunkBytes = Number.POSITIVE_INFINITY,
    sample = ALL,
    isChanges = false,
  }: {
    readonly chunkBytes?: number;
    readonly sample?: AuditSample;
    readonly isChanges?: boolean;
  } = {},
) {
  const known = new OidIndex();
  await scanTransactions(memorySource(bytes), {
    from: 4,
    visitor: { transaction: ({ records }) => known.apply(records) },
  }).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
  });
  const sizeBytes = bytes.length;
  const audit = new LogAudit({ name: 'Data.fs', sizeBytes, known, sample, isChanges });
  for (const chunk of chunksOf(bytes, chunkBytes)) audit.feed(chunk);
  const log = atOnce(audit.finish());
  const explanation = new LogExplanation({
    name: 'Data.fs',
    sizeBytes,
    audited: log,
    drafts: log.findings.drafts(),
  });
  for (const chunk of chunksOf(bytes, chunkBytes)) explanation.feed(chunk);
  return { log, findings: atOnce(explanation.finish()) };
}

/** A finding in one line. */
function inWords({ kind, problem, state, object, transaction }: LogFinding): string {
  const words = [kind, `${problem}:`, state];
  if (object !== undefined) words.push(`| ${formatOid(object.oid)} ${object.className}`);
  if (transaction !== undefined) {
    words.push(`| ${formatTid(transaction.tid)} ${transaction.user}`);
  }
  return words.join(' ');
}

const MAPPING = 'persistent.mapping.PersistentMapping';
const BLOB = 'ZODB.blob.Blob';
const A = '000000000000000a';

/** A root that leads to A, and A to a blob; then A is edited. */
function healthy(): {
  readonly builder: LogBuilder;
  readonly first: number;
  readonly edit: number;
} {
  const builder = new LogBuilder();
  builder.add([{ oid: 0, refersTo: [] }]);
  const [, first = 0] = builder.add([
    { oid: 0, refersTo: [0xa] },
    { oid: 0xa, refersTo: [0xb] },
    { oid: 0xb, blob: true },
  ]);
  const [edit = 0] = builder.add([{ oid: 0xa, refersTo: [0xb, 0] }]);
  return { builder, first, edit };
}

describe('audit of a healthy log', () => {
  it.each(goldenStates)(
    'finds nothing in golden $site/$name, in chunks of any size',
    async (state) => {
      const bytes = readFileSync(state.dataFs).subarray(0, state.facts.committedEnd);
      for (const chunkBytes of CHUNK_SIZES) {
        const { log, findings } = await audited(bytes, { chunkBytes });
        expect(findings).toEqual([]);
        expect([log.isWhole, log.dangling]).toEqual([true, 'none']);
        expect(log.followedCount).toBe(
          Object.values(state.facts.index).filter((position) => hasPickle(bytes, position)).length,
        );
      }
    },
  );

  it.each(goldenStates)('finds the blob revisions of golden $site/$name', async (state) => {
    const bytes = readFileSync(state.dataFs).subarray(0, state.facts.committedEnd);
    const { log } = await audited(bytes);
    const expected = state.facts.transactions.flatMap(({ tid, records }) =>
      records.filter(({ cls }) => cls === BLOB).map(({ oid }) => `${oid} ${tid}`),
    );
    const { blobs } = log;
    const found = Array.from({ length: blobs.count }, (_, row) => blobs.revision(row));
    expect(found.map(({ oid, tid }) => `${formatOid(oid)} ${formatTid(tid)}`)).toEqual(expected);
    for (const [row, revision] of found.entries()) expect(blobs.find(revision)).toBe(row);
  });

  it('takes an empty database, undone edits and creations, garbage and packs for healthy', async () => {
    const { builder, first } = healthy();
    const [undo = 0] = builder.add([{ oid: 0xa, backTo: first }]);
    builder.add([{ oid: 0xa, backTo: undo }]);
    builder.add([
      { oid: 0xa, refersTo: [0xb, 0xc] },
      { oid: 0xc, refersTo: [] },
    ]);
    builder.add([
      { oid: 0xa, backTo: first },
      { oid: 0xc, backTo: 0 },
    ]);
    builder.add([{ oid: 0xb, refersTo: [], previous: 0 }], { status: 'p' });
    builder.add([{ oid: 0xd, refersTo: [0xd] }]);
    for (const bytes of [builder.bytes(), Buffer.alloc(0), Buffer.from('FS21')]) {
      const { log, findings } = await audited(bytes);
      expect(findings).toEqual([]);
      expect(log.dangling).toBe('none');
    }
  });
});

function hasPickle(bytes: Buffer, position: number): boolean {
  return bytes.readBigUInt64BE(position + 34) !== 0n;
}

type Damage = (log: ReturnType<typeof healthy>) => Buffer | undefined;

const DAMAGES: readonly (readonly [name: string, damage: Damage, finding: string])[] = [
  [
    'reference to an object that is not there',
    ({ builder }) => void builder.add([{ oid: 0xb, refersTo: [0xee] }]),
    `bad reference: it refers to the object 00000000000000ee (${MAPPING}), which does not exist | 000000000000000b ${MAPPING} | ${formatTid(tidNumber(4))} ana`,
  ],
  [
    'reference to an object of which the creation is undone',
    ({ builder }) => {
      builder.add([{ oid: 0xc, refersTo: [] }]);
      builder.add([{ oid: 0xa, refersTo: [0xc] }], { user: 'björn' });
      builder.add([{ oid: 0xc, backTo: 0 }]);
    },
    `bad reference: it refers to the object 000000000000000c (${MAPPING}), which is no more: its creation was undone | ${A} ${MAPPING} | ${formatTid(tidNumber(5))} björn`,
  ],
  [
    'dangling reference that an undo brings back',
    ({ builder }) => {
      const [bad = 0] = builder.add([{ oid: 0xa, refersTo: [0xee] }]);
      builder.add([{ oid: 0xa, refersTo: [] }]);
      builder.add([{ oid: 0xa, backTo: bad }]);
    },
    `bad reference: it refers to the object 00000000000000ee (${MAPPING}), which does not exist | ${A} ${MAPPING} | ${formatTid(tidNumber(4))} ana`,
  ],
  [
    'dangling reference in garbage',
    ({ builder }) => void builder.add([{ oid: 0xc, refersTo: [0xee] }]),
    `note reference: it refers to the object 00000000000000ee (${MAPPING}), which does not exist; harmless, as nothing leads to it from the root | 000000000000000c ${MAPPING} | ${formatTid(tidNumber(4))} ana`,
  ],
  [
    'back pointer to no record',
    ({ builder, first }) => void builder.add([{ oid: 0xa, backTo: first + 1 }]),
    `bad back-pointer: its record at N has its data at N, where no record begins | ${A} ${MAPPING} | ${formatTid(tidNumber(4))} ana`,
  ],
  [
    'back pointer to a record of another object',
    ({ builder, edit }) => void builder.add([{ oid: 0xb, backTo: edit }]),
    `bad back-pointer: its record at N has its data at N, where a record of another object stands | 000000000000000b ${BLOB} | ${formatTid(tidNumber(4))} ana`,
  ],
  [
    'previous pointer to an older record',
    ({ builder, first }) =>
      void builder.add([{ oid: 0xa, refersTo: [], previous: first }], { user: 'chloé' }),
    `bad previous-pointer: its record at N says that the one before it is at N; it is at N | ${A} ${MAPPING} | ${formatTid(tidNumber(4))} chloé`,
  ],
  [
    'previous pointer of 0 that no pack has written',
    ({ builder }) => void builder.add([{ oid: 0xb, blob: true, previous: 0 }]),
    `bad previous-pointer: its record at N says that the one before it is at N; it is at N | 000000000000000b ${BLOB} | ${formatTid(tidNumber(4))} ana`,
  ],
  [
    'previous pointer of a new object',
    ({ builder, first }) => void builder.add([{ oid: 0xc, refersTo: [], previous: first }]),
    `bad previous-pointer: its record at N says that the one before it is at N; there is none | 000000000000000c ${MAPPING} | ${formatTid(tidNumber(4))} ana`,
  ],
  [
    'tid that is the same again',
    ({ builder }) => void builder.add([{ oid: 0, refersTo: [] }], { tid: tidNumber(3) }),
    `bad tid-order: the transaction at N is not later than ${formatTid(tidNumber(3))}, the one before it | ${formatTid(tidNumber(3))} ana`,
  ],
  [
    'record of another transaction',
    ({ builder, edit }) => {
      const bytes = builder.bytes();
      bytes.writeBigUInt64BE(tidNumber(2), edit + 8);
      return bytes;
    },
    `bad record-tid: its record at N says that it is of transaction ${formatTid(tidNumber(2))} | ${A} ${MAPPING} | ${formatTid(tidNumber(3))} ana`,
  ],
  [
    'broken pickle',
    ({ builder, edit }) => {
      const bytes = builder.bytes();
      bytes.writeUInt8(0xff, edit + RECORD_HEADER_BYTES);
      return bytes;
    },
    `bad pickle: its record at N is broken: Cannot follow the pickle at its byte N: 0xff is no opcode of its protocol | ${A} undefined | ${formatTid(tidNumber(3))} ana`,
  ],
  [
    'record of another place',
    ({ builder, edit }) => {
      const bytes = builder.bytes();
      bytes.writeUInt8(0x7f, edit + 31);
      return bytes;
    },
    'bad structure: Cannot read transaction at N in "Data.fs": its record says that it belongs to a transaction at N; what follows is not checked',
  ],
  [
    'log that is cut',
    ({ builder }) => builder.bytes().subarray(0, -1),
    'bad structure: the transaction at N is not complete; what follows is not checked',
  ],
  [
    'log of something else',
    ({ builder }) => Buffer.concat([Buffer.from('FS31'), builder.bytes().subarray(4)]),
    'bad structure: it begins with "FS31", not with "FS30" or "FS21"; what follows is not checked',
  ],
];

describe('audit of a damaged log', () => {
  it.each(DAMAGES)('finds a %s, names it, and finds nothing else', async (_, damage, expected) => {
    const log = healthy();
    const bytes = damage(log) ?? log.builder.bytes();
    for (const chunkBytes of CHUNK_SIZES) {
      const { findings } = await audited(bytes, { chunkBytes });
      const words = findings.map((finding) => inWords(finding).replace(/(at|byte) \d+\b/g, '$1 N'));
      expect(words).toEqual([expected]);
    }
  });

  it('finds a database that has lost its root', async () => {
    const builder = new LogBuilder();
    builder.add([{ oid: 1, refersTo: [] }], { description: 'initial database creation' });
    const { findings } = await audited(builder.bytes());
    expect(findings.map(inWords)).toEqual([
      'bad root: the database has no root object | 0000000000000000 undefined',
    ]);
  });

  it('notes a database that never had a root, and what it refers to outside of it', async () => {
    const builder = new LogBuilder();
    builder.add([
      { oid: 1, refersTo: [0, 0xbad] },
      { oid: 2, refersTo: [0xbad, 1] },
    ]);
    const { findings, log } = await audited(builder.bytes());
    expect(findings.map(inWords)).toEqual([
      'note root: it has no root object, like the changes of a DemoStorage: the base must have that, and the 2 objects that its own objects refer to',
    ]);
    expect([log.isChanges, log.dangling]).toEqual([true, 'none']);
  });

  it('notes of what is known to be changes alone what they refer to outside, also where a root is among them', async () => {
    const builder = new LogBuilder();
    builder.add([{ oid: 0, refersTo: [1, 2, 0xbad] }]);
    builder.add([{ oid: 1, refersTo: [0xbad] }]);
    // The first change of an object is undone: the base has what it was before.
    builder.add([{ oid: 1, backTo: 0 }]);
    const known = await audited(builder.bytes(), { isChanges: true });
    expect(known.findings.map(inWords)).toEqual([
      'note root: it holds the changes of a DemoStorage: the base must have 3 objects that its own objects refer to',
    ]);
    const { findings } = await audited(builder.bytes());
    expect(findings.filter(({ kind }) => kind === 'bad').length).toBe(3);
    const alone = new LogBuilder();
    alone.add([{ oid: 1, refersTo: [] }]);
    expect((await audited(alone.bytes())).findings.map(inWords)).toEqual([
      'note root: it has no root object, like the changes of a DemoStorage: the base must have that',
    ]);
    alone.add([{ oid: 0, refersTo: [1] }]);
    const complete = await audited(alone.bytes(), { isChanges: true });
    expect(complete.findings.map(inWords)).toEqual([
      'note root: it holds the changes of a DemoStorage: the rest is in its base',
    ]);
  });

  it('keeps a few hundred findings of one kind, and counts the others', async () => {
    const builder = new LogBuilder();
    const oids = Array.from({ length: 500 }, (_, number) => number + 1);
    builder.add([{ oid: 0, refersTo: oids }]);
    builder.add(oids.map((oid) => ({ oid, refersTo: [oid + 10_000], previous: 8 })));
    const { findings } = await audited(builder.bytes());
    expect(findings.filter(({ state }) => state === '300 more of the same kind').length).toBe(2);
    expect(findings.length).toBe(402);
  });

  it('ends with findings or without for any changed bytes, in any chunks alike', async () => {
    const { builder, first } = healthy();
    builder.add([{ oid: 0xa, backTo: first }]);
    const bytes = builder.bytes();
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(changes, fc.integer({ min: 1, max: 300 }), async (places, chunkBytes) => {
        const changed = Buffer.from(bytes);
        for (const [place, byte] of places) changed[place] = byte;
        const whole = await audited(changed);
        const inChunks = await audited(changed, { chunkBytes });
        expect(inChunks.findings).toEqual(whole.findings);
      }),
      { numRuns: 150 },
    );
  });
});

describe('audit of a sample', () => {
  it('follows the references of about that share of the objects, others with another seed', async () => {
    const builder = new LogBuilder();
    const oids = Array.from({ length: 2000 }, (_, oid) => oid);
    builder.add(oids.map((oid) => ({ oid, refersTo: [(oid + 1) % 2000] })));
    const followed = async (sample: AuditSample) =>
      (await audited(builder.bytes(), { sample })).log.followedCount;
    const tenth = await followed({ kind: 'share', share: 0.1, seed: 1 });
    expect(tenth).toBeGreaterThan(120);
    expect(tenth).toBeLessThan(280);
    expect(await followed({ kind: 'share', share: 1, seed: 1 })).toBe(2000);
  });

  it('finds every damage but that of objects that are not in it', async () => {
    const builder = new LogBuilder();
    builder.add([
      { oid: 0, refersTo: [1] },
      { oid: 1, refersTo: [2], previous: 8 },
    ]);
    const problems = async (seed: number) =>
      (
        await audited(builder.bytes(), { sample: { kind: 'share', share: 0.5, seed } })
      ).findings.map(({ problem }) => problem);
    const found = await Promise.all(Array.from({ length: 40 }, (_, seed) => problems(seed)));
    expect(found.filter((one) => one.includes('previous-pointer')).length).toBe(40);
    const withReference = found.filter((one) => one.includes('reference')).length;
    expect(withReference).toBeGreaterThan(5);
    expect(withReference).toBeLessThan(35);
  });
});
