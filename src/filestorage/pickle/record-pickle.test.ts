import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../system/failure.ts';
import { formatOid } from '../oid.ts';
import { decodeRecordPickle, type RecordPickle } from './record-pickle.ts';
import type { Reference } from './reference.ts';

interface PythonRecord {
  readonly module: string;
  readonly protocol: number;
  readonly oidAs: string;
  readonly form: keyof typeof EXPECTED;
  readonly data: string;
}

/** The reference that each persistent id of make.py stands for, without its oid. */
const EXPECTED = {
  oid: { kind: 'strong', className: undefined },
  'oid and class': { kind: 'strong', className: '__main__.Plain' },
  'weak, old': { kind: 'weak', database: undefined },
  weak: { kind: 'weak', database: undefined },
  'weak in another database': { kind: 'weak', database: 'other' },
  'in another database': { kind: 'foreign', database: 'other', className: undefined },
  'in another database, with class': {
    kind: 'foreign',
    database: 'other',
    className: '__main__.Plain',
  },
} as const;

const records = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/fixtures/pickles/records.json'), 'utf8'),
) as readonly PythonRecord[];

describe.each(records)('record of $module, protocol $protocol, oid as $oidAs, $form', (record) => {
  const data = Buffer.from(record.data, 'hex');

  it('has the class and the references that Python wrote', () => {
    const { className, references } = decodeRecordPickle(data);
    expect(className).toBe('__main__.Plain');
    expect(references.map(({ oid }) => formatOid(oid))).toEqual([
      '00000000000001ff',
      '00000000000001ff',
      '0a275c220a0dfe80',
      '00000000000001ff',
    ]);
    for (const { oid: _, ...rest } of references) expect(rest).toEqual(EXPECTED[record.form]);
  });

  it('is refused when it is cut at any byte', () => {
    const outcomes = new Set<unknown>();
    for (let length = 0; length < data.length; length++) {
      outcomes.add(outcomeOf(data.subarray(0, length)));
    }
    expect([...outcomes]).toEqual(['damaged']);
  });
});

describe('record with changed bytes', () => {
  it('gives a result or a failure, nothing else', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...records), changes, ({ data }, bytes) => {
        const changed = Buffer.from(data, 'hex');
        for (const [place, byte] of bytes) changed[place % changed.length] = byte;
        expect(outcomeOf(changed)).not.toBe('another error');
      }),
      { numRuns: 500 },
    );
  });

  it('gives a result or a failure for bytes that were never a pickle', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(outcomeOf(bytes)).not.toBe('another error');
      }),
      { numRuns: 500 },
    );
  });
});

describe('record in the words of protocol 0', () => {
  const OID_LINE = `${String.raw`S'\x00\x00\x00\x00\x00\x00\x00\'`}'\n`;

  it.each<[name: string, state: string, reference: Reference]>([
    ['a str as repr writes it', `${OID_LINE}Q.`, strong(0x27n)],
    ['one in a memo', `${OID_LINE}p7\n0g7\nQ.`, strong(0x27n)],
    ['text with escapes', `V${'\\u0000'.repeat(7)}\\u00ff\nQ.`, strong(0xffn)],
    ['a line of its own', 'Pabcdefgh\n.', strong(0x6162636465666768n)],
    ['a list', `(lp0\n${OID_LINE}aQ.`, { kind: 'weak', oid: oid(0x27n), database: undefined }],
    [
      'a pair with the names of a class, as before ZODB 3.3',
      `(${OID_LINE}(S'm'\nS'C'\nttQ.`,
      { kind: 'strong', oid: oid(0x27n), className: 'm.C' },
    ],
    ['an instance', `(cm\nC\n${OID_LINE}oN0${OID_LINE}Q0.`, strong(0x27n)],
  ])('finds the reference in %s', (_, state, reference) => {
    const found = decodeRecordPickle(Buffer.from(`cm\nC\n.${state}`, 'latin1'));
    expect(found).toEqual({ className: 'm.C', references: [reference] });
  });
});

describe('class of a record', () => {
  it.each([
    ['a global', 'cm\nC\n.', 'm.C'],
    ['a global with arguments', '(cm\nC\nNt.', 'm.C'],
    ['names with arguments', '((X\x01\0\0\0mX\x01\0\0\0CtNt.', 'm.C'],
    ['names from the stack', '\x80\x04\x8c\x01m\x8c\x01C\x93.', 'm.C'],
    ['something without a name', '(K\x01K\x02t.', undefined],
    ['tuples in tuples', `${'K\x01'}${'\x85'.repeat(100_000)}.`, undefined],
  ])('is read where it is %s', (_, pickle, className) => {
    expect(decodeRecordPickle(Buffer.from(`${pickle}N.`, 'latin1')).className).toBe(className);
  });
});

describe('pickle that no Python wrote', () => {
  it.each([
    ['an opcode that is none', '\xff.', '0xff is no opcode'],
    ['a protocol to come', '\x80\x06N.', 'its protocol is 6'],
    ['an opcode of a later protocol', '\x80\x03N\x94.', '0x94 is no opcode of its protocol'],
    ['an empty stack', '.', 'its stack is empty'],
    ['an empty stack above a mark', 'N(.', 'its stack is empty'],
    ['two values', 'NN.', 'it ends with more than one value'],
    ['no mark', 'Nt.', 'there is no mark on its stack'],
    ['an empty memo', 'h\x05.', 'its memo has nothing at 5'],
    ['a length past its end', 'B\xff\xff\xff\xffabc.', 'it ends in the middle'],
    ['a length of 2^63', '\x80\x04\x8e\0\0\0\0\0\0\0\x80abc.', 'it ends in the middle'],
    ['a frame past its end', '\x80\x04\x95\xff\0\0\0\0\0\0\0N.', 'it ends in the middle'],
    ['a negative length', 'T\xff\xff\xff\xffabc.', 'a length is less than 0'],
    ['a line without an end', 'I12', 'a line has no end'],
    ['a memo place in words', 'Npx\n.', 'a place in its memo is no number'],
    ['a class of numbers', '\x80\x04K\x01K\x02\x93.', 'a class name is no text'],
    ['a reference of no form', 'K\x01Q.', 'its persistent id has no form that ZODB loads'],
    ['a reference of nine bytes', 'C\x09abcdefghiQ.', 'its persistent id has no form'],
  ])('is refused for %s', (_, pickle, state) => {
    const data = Buffer.from(`cm\nC\n.${pickle}`, 'latin1');
    expect(() => decodeRecordPickle(data)).toThrow(state);
    expect(outcomeOf(data)).toBe('damaged');
  });
});

describe('persistent id that ZODB never writes', () => {
  const OID = 'C\x08\0\0\0\0\0\0\0\x27';
  it.each([
    ['a weak reference to no oid', ']C\x03abcaQ.'],
    ['a weak reference with a list', `](X\x01\0\0\0w]${OID}aeQ.`],
    ['a weak reference with None for a database', `](X\x01\0\0\0w${OID}N\x86eQ.`],
    ['one into another database with a list', `](X\x01\0\0\0n](X\x01\0\0\0d${OID}eeQ.`],
  ])('is accepted where ZODB loads it: %s', (_, state) => {
    const data = Buffer.from(`cm\nC\n.\x80\x03${state}`, 'latin1');
    expect(outcomeOf(data)).toMatchObject({ className: 'm.C' });
  });

  it.each([
    ['a tuple of three', `${OID}cm\nC\nN\x87Q.`],
    ['an oid and no class', `${OID}K\x01\x86Q.`],
    ['an unknown mark', `](X\x01\0\0\0x${OID}\x85eQ.`],
    ['an empty list', ']Q.'],
    ['a number', 'K\x05Q.'],
  ])('is refused where ZODB refuses it: %s', (_, state) => {
    expect(outcomeOf(Buffer.from(`cm\nC\n.\x80\x03${state}`, 'latin1'))).toBe('damaged');
  });
});

function outcomeOf(data: Uint8Array): RecordPickle | string {
  try {
    return decodeRecordPickle(data);
  } catch (error) {
    return error instanceof Failure ? error.code : 'another error';
  }
}

function oid(value: bigint): Reference['oid'] {
  return value as Reference['oid'];
}

function strong(value: bigint): Reference {
  return { kind: 'strong', oid: oid(value), className: undefined };
}
