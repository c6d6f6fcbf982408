import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smallDatabase } from '../../../test/support/small-database.ts';
import { memorySource } from '../../system/files/byte-source.ts';
import { scanTransactions } from '../scan-transactions.ts';
import { LogRecords } from './log-records.ts';
import { addRecordIndex, encodeRecordIndex } from './record-index.ts';

const oid = fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, 2n ** 64n - 1n));
const transactions = fc.array(
  fc.record({ oids: fc.uniqueArray(oid, { minLength: 1, maxLength: 6 }) }),
  { minLength: 1, maxLength: 12 },
);

/** The records of a range of a log. */
async function recordsOf(bytes: Uint8Array, { start, end }: { start: number; end: number }) {
  const records = new LogRecords();
  await scanTransactions(memorySource(bytes.subarray(0, end)), {
    from: start,
    visitor: { transaction: (one) => records.apply(one) },
  });
  records.sort();
  return records;
}

function listed({ rows, transactions }: LogRecords) {
  return {
    rows: Array.from({ length: rows.count }, (_, row) => [
      rows.oidHigh(row) * 2 ** 32 + rows.oidLow(row),
      rows.position(row),
      rows.length(row),
    ]),
    transactions: Array.from({ length: transactions.count }, (_, row) => [
      transactions.position(row),
      transactions.tid(row),
    ]),
  };
}

const encoded = (records: LogRecords, range: { start: number; end: number }) =>
  Buffer.concat([...encodeRecordIndex(records, range)]);

describe('a record index', () => {
  it('of each part of a log gives together what a walk through all of it gives', async () => {
    await fc.assert(
      fc.asyncProperty(transactions, fc.array(fc.nat(12)), async (made, cuts) => {
        const { bytes, boundaries } = smallDatabase(made);
        const ends = [
          ...new Set([...cuts.map((cut) => cut % boundaries.length), boundaries.length - 1]),
        ]
          .filter((number) => number > 0)
          .sort((a, b) => a - b)
          .map((number) => boundaries[number] ?? 0);
        const all = new LogRecords();
        let start = 4;
        for (const end of ends) {
          const range = { start, end };
          const file = encoded(await recordsOf(bytes, range), range);
          expect(addRecordIndex(all, { bytes: file, range })).toBe(true);
          start = end;
        }
        all.sort();
        const whole = await recordsOf(bytes, { start: 4, end: bytes.length });
        expect(listed(all)).toEqual(listed(whole));
      }),
    );
  });

  it('has the bytes of its page', async () => {
    const { bytes, records } = smallDatabase([{ oids: [0x1_0000_0002n] }]);
    const range = { start: 0, end: bytes.length };
    const file = encoded(await recordsOf(bytes, { ...range, start: 4 }), range);
    expect(file.toString('latin1', 0, 8)).toBe('ZVRECS1\n');
    const numbers = [8, 16, 24, 32, 40, 48, 56, 64].map((at) => file.readBigUInt64LE(at));
    const [position = 0] = records[0] ?? [];
    expect(numbers).toEqual(
      [0, bytes.length, 1, 1, 4, 2n ** 32n, 0x1_0000_0002n, position].map(BigInt),
    );
    expect(file.readUInt32LE(72)).toBe('pickle of 4294967298 in 0'.length);
    expect(file.length).toBe(76);
  });

  it('of another part, or cut anywhere, adds nothing', async () => {
    const { bytes } = smallDatabase([{ oids: [1, 2] }, { oids: [2] }]);
    const range = { start: 0, end: bytes.length };
    const file = encoded(await recordsOf(bytes, { ...range, start: 4 }), range);
    const records = new LogRecords();
    expect(addRecordIndex(records, { bytes: file, range: { ...range, start: 4 } })).toBe(false);
    for (let length = 0; length < file.length; length++) {
      expect(addRecordIndex(records, { bytes: file.subarray(0, length), range })).toBe(false);
    }
    expect([records.rows.count, records.transactions.count]).toEqual([0, 0]);
    // Wherever it lies in memory.
    const shifted = Buffer.concat([Buffer.from('x'), file]).subarray(1);
    expect(addRecordIndex(records, { bytes: shifted, range })).toBe(true);
  });
});
