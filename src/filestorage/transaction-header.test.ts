import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smallDatabase } from '../../test/support/small-database.ts';
import type { Tid } from './tid.ts';
import {
  decodeTransactionHeader,
  judgeHeader,
  recordsEnd,
  recordsStart,
  type TransactionHeader,
  transactionEnd,
} from './transaction-header.ts';
import { viewOf } from './uncommitted-tail.ts';

const healthy: TransactionHeader = {
  tid: (1n << 32n) as Tid,
  position: 1000,
  length: 123,
  status: ' ',
  userLength: 10,
  descriptionLength: 20,
  extensionLength: 30,
};

const END = 1000 + 123 + 8;

function headerOf(bytes: Buffer, position = 4): TransactionHeader {
  return decodeTransactionHeader(viewOf(bytes), { offset: 4, position });
}

describe('transaction header', () => {
  it('is decoded field by field', () => {
    const { bytes, boundaries, records } = smallDatabase([{ oids: [7] }]);
    const header = headerOf(bytes);
    expect(header).toEqual({
      tid: 1n << 32n,
      position: 4,
      length: bytes.length - 4 - 8,
      status: ' ',
      userLength: 4,
      descriptionLength: 11,
      extensionLength: 0,
    });
    expect(recordsStart(header)).toBe(records[0]?.[0]);
    expect(recordsEnd(header)).toBe(bytes.length - 8);
    expect(transactionEnd(header)).toBe(boundaries[1]);
  });

  it('has its position in the file, wherever in a chunk it stands', () => {
    const { bytes } = smallDatabase([{ oids: [7] }]);
    expect(headerOf(bytes, 2 ** 33).position).toBe(2 ** 33);
    expect(recordsStart(headerOf(bytes, 2 ** 33))).toBe(2 ** 33 + 38);
  });

  it.each([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1, 2 ** 53 - 1, 2 ** 53])(
    'has a length of %d',
    (length) => {
      const { bytes } = smallDatabase([{ oids: [7] }]);
      viewOf(bytes).setBigUint64(4 + 8, BigInt(length));
      expect(headerOf(bytes).length).toBe(length);
    },
  );

  it('has the tid and the lengths of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 23, maxLength: 23 }), (bytes) => {
        const view = viewOf(bytes);
        const header = decodeTransactionHeader(view, { offset: 0, position: 4 });
        expect(header.tid).toBe(view.getBigUint64(0));
        expect(header.userLength).toBe(view.getUint16(17));
        expect(header.descriptionLength).toBe(view.getUint16(19));
        expect(header.extensionLength).toBe(view.getUint16(21));
      }),
    );
  });

  it('has an unknown status for any byte but " ", "p", "c" and "u"', () => {
    const { bytes } = smallDatabase([{ oids: [7] }]);
    const known = new Map<number, string>();
    for (let byte = 0; byte < 256; byte++) {
      bytes.writeUInt8(byte, 4 + 16);
      const { status } = headerOf(bytes);
      if (status !== 'unknown') known.set(byte, status);
    }
    expect(Object.fromEntries(known)).toEqual({ 32: ' ', 112: 'p', 99: 'c', 117: 'u' });
  });
});

describe('verdict on a header', () => {
  it.each([' ', 'p', 'u'] as const)('is complete for status "%s"', (status) => {
    expect(judgeHeader({ ...healthy, status }, END)).toEqual({ kind: 'complete' });
  });

  it('is a stop where the transaction passes the end of the file by one byte', () => {
    expect(judgeHeader(healthy, END + 1)).toEqual({ kind: 'complete' });
    expect(judgeHeader(healthy, END)).toEqual({ kind: 'complete' });
    expect(judgeHeader(healthy, END - 1)).toEqual({ kind: 'stop', reason: 'cut-short' });
  });

  it('is a stop where the transaction was voted and not finished', () => {
    expect(judgeHeader({ ...healthy, status: 'c' }, END)).toEqual({
      kind: 'stop',
      reason: 'unfinished',
    });
  });

  it.each([
    ['has room for its strings and nothing else', 23 + 60, { kind: 'complete' }],
    ['is a byte short for its strings', 23 + 59, { kind: 'stop', reason: 'impossible-length' }],
    ['is shorter than the header', 22, { kind: 'stop', reason: 'impossible-length' }],
    ['is 0', 0, { kind: 'stop', reason: 'impossible-length' }],
    ['is 2^64 - 1', 2 ** 64 - 1, { kind: 'stop', reason: 'cut-short' }],
  ] as const)('follows the length that %s', (_, length, verdict) => {
    expect(judgeHeader({ ...healthy, length }, END)).toEqual(verdict);
  });

  it('is damage for a status that is unknown, where all else fits', () => {
    expect(judgeHeader({ ...healthy, status: 'unknown' }, END)).toEqual({
      kind: 'damaged',
      state: 'its status is none of " ", "p", "c", "u"',
    });
  });

  it('looks at the end of the file first, then at status c, then at the length', () => {
    const broken: TransactionHeader = { ...healthy, length: 0, status: 'unknown' };
    expect(judgeHeader(broken, 1007)).toMatchObject({ reason: 'cut-short' });
    expect(judgeHeader({ ...broken, status: 'c' }, 1007)).toMatchObject({ reason: 'cut-short' });
    expect(judgeHeader({ ...broken, status: 'c' }, END)).toMatchObject({ reason: 'unfinished' });
    expect(judgeHeader(broken, END)).toMatchObject({ reason: 'impossible-length' });
  });
});
