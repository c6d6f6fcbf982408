import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../system/failure.ts';
import { oidFrom, oidFromParts } from '../oid.ts';
import { encodeObjectState, reference } from '../writer/object-state.ts';
import type { PythonValue } from './pickle-encoder.ts';
import { decodeRecordPickle } from './record-pickle.ts';
import { ReferenceFinder } from './reference-finder.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/pickles/records.json');
const written = (JSON.parse(readFileSync(FIXTURES, 'utf8')) as readonly { data: string }[]).map(
  ({ data }) => Buffer.from(data, 'hex'),
);

/** One for all tests: what one record leaves behind must not show in the next. */
const finder = new ReferenceFinder();

/** What the finder says, in a form that can be compared; undefined for our failure. */
function found(data: Uint8Array): object | undefined {
  try {
    finder.follow(data, 'references');
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
  const oids = Array.from({ length: finder.count }, (_, number) =>
    oidFromParts(finder.oidHigh(number), finder.oidLow(number)),
  );
  return { isBlob: finder.isBlob, oids };
}

/** The same by the machine that builds values. */
function expected(data: Uint8Array): object | undefined {
  try {
    const { className, references } = decodeRecordPickle(data);
    const strong = references.filter(({ kind }) => kind === 'strong');
    return { isBlob: className === 'ZODB.blob.Blob', oids: strong.map(({ oid }) => oid) };
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

const oids = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(oidFrom);
const { value } = fc.letrec<{ value: PythonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.string({ maxLength: 12 }),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
    fc.uint8Array({ maxLength: 300 }),
    oids.map((oid) => reference('mapping', oid)),
    oids.map((oid) => reference('list', oid)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 5 }).map((o) => new Map(Object.entries(o))),
  ),
}));
const states = fc
  .array(value, { maxLength: 20 })
  .map((items) => encodeObjectState({ kind: 'list', items }));

describe('finder of references', () => {
  it('finds in every form that Python writes what the other machine finds', () => {
    for (const data of written) {
      expect(expected(data)).toBeDefined();
      expect(found(data)).toEqual(expected(data));
    }
  });

  it('knows a blob by its class, whatever way the class is given', () => {
    const named = [
      '\x80\x03cZODB.blob\nBlob\nq\x01.\x80\x03N.',
      'cZODB.blob\nBlob\n.N.',
      '(cZODB.blob\nBlob\nNt.N.',
      '((U\x09ZODB.blobU\x04BlobtNt.N.',
      '\x80\x04\x8c\x09ZODB.blob\x8c\x04Blob\x93.N.',
    ];
    for (const text of named) {
      finder.follow(Buffer.from(text, 'latin1'), 'class');
      expect([text, finder.isBlob]).toEqual([text, true]);
    }
    for (const text of ['cZODB.blob\nBlobs\n.N.', 'cZODB.blobs\nBlob\n.N.', '(K\x01t.N.']) {
      finder.follow(Buffer.from(text, 'latin1'), 'class');
      expect([text, finder.isBlob]).toEqual([text, false]);
    }
  });

  it('finds in whatever states there may be what the other machine finds', () => {
    fc.assert(
      fc.property(states, (data) => {
        expect(found(data)).toEqual(expected(data));
      }),
    );
  });

  it('finds the same in changed bytes, or fails where the other machine does', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const records = fc.oneof(fc.constantFrom(...written), states);
    fc.assert(
      fc.property(records, changes, (record, bytes) => {
        const data = Buffer.from(record);
        for (const [place, byte] of bytes) data[place % data.length] = byte;
        expect(found(data)).toEqual(expected(data));
      }),
      { numRuns: 400 },
    );
  });

  it('finds the same in bytes made of opcodes, and in those cut at every byte', () => {
    const opcodes = fc.constantFrom(
      ...Buffer.from('(.012CNQU]abcehjloqrstu})\x85\x86\x87\x8cK\x08', 'latin1'),
    );
    const tail = fc.array(opcodes, { maxLength: 60 });
    fc.assert(
      fc.property(tail, (bytes) => {
        const data = Buffer.concat([
          Buffer.from('cm\nC\n.C\x08abcdefgh', 'latin1'),
          Buffer.from(bytes),
        ]);
        expect(found(data)).toEqual(expected(data));
      }),
      { numRuns: 400 },
    );
    for (const data of written.slice(0, 12)) {
      for (let length = 0; length < data.length; length++) {
        expect(found(data.subarray(0, length))).toBeUndefined();
      }
    }
  });

  it('finds all of many references, and a memo and a stack of many places', () => {
    const items = Array.from({ length: 70_000 }, (_, number) =>
      number % 3 === 0 ? reference('list', oidFrom(number)) : `text ${number}`,
    );
    const data = encodeObjectState({ kind: 'list', items });
    expect(found(data)).toEqual(expected(data));
    const stack = Buffer.from(`cm\nC\n.(${'N'.repeat(100_000)}t.`, 'latin1');
    expect(found(stack)).toEqual({ isBlob: false, oids: [] });
  });
});
