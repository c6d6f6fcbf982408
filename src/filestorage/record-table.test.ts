import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RECORD_HEADER_BYTES } from './format.ts';
import { RecordTable, safeInteger } from './record-table.ts';
import { viewOf } from './uncommitted-tail.ts';

interface Written {
  readonly oid: bigint;
  readonly previous: number;
  readonly pickleLength: number;
}

function recordHeader({ oid, previous, pickleLength }: Written): DataView {
  const view = viewOf(new Uint8Array(RECORD_HEADER_BYTES));
  view.setBigUint64(0, oid);
  view.setBigUint64(16, BigInt(previous));
  view.setBigUint64(34, BigInt(pickleLength));
  return view;
}

const integers = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1, 2 ** 53 - 1),
  fc.maxSafeNat(),
);
const oids = fc.oneof(
  fc.constantFrom(0n, 0xffffn, 0x10000n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

describe('record table', () => {
  it('has each record as it was added', () => {
    const records = fc.array(
      fc.record({ oid: oids, previous: integers, pickleLength: integers, position: integers }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(records, (added) => {
        const table = new RecordTable();
        for (const one of added) table.add(recordHeader(one), 0, one.position);
        expect(table.count).toBe(added.length);
        for (const [row, { oid, previous, pickleLength, position }] of added.entries()) {
          const data =
            pickleLength > 0 ? { kind: 'pickle', length: pickleLength } : { kind: 'uncreated' };
          expect(table.record(row)).toEqual({ oid, previous, position, data });
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each([63, 64, 65, 127, 128, 129, 1000])('keeps %d records while it grows', (count) => {
    const table = new RecordTable();
    for (let row = 0; row < count; row++) {
      const header = recordHeader({ oid: BigInt(row) << 40n, previous: row, pickleLength: 0 });
      table.add(header, 0, row * 10 + 4);
      table.setBackPointerOfLast(row + 1);
    }
    expect(table.count).toBe(count);
    for (let row = 0; row < count; row++) {
      expect(table.record(row)).toEqual({
        oid: BigInt(row) << 40n,
        previous: row,
        position: row * 10 + 4,
        data: { kind: 'back-pointer', position: row + 1 },
      });
    }
  });

  it('divides an oid after its first 6 bytes', () => {
    const table = new RecordTable();
    const oid = 0x0123456789abcdefn;
    table.add(recordHeader({ oid, previous: 0, pickleLength: 1 }), 0, 4);
    expect([table.oidHigh(0), table.oidLow(0)]).toEqual([0x0123456789ab, 0xcdef]);
  });

  it('reads a header at any offset of a chunk', () => {
    const bytes = new Uint8Array(RECORD_HEADER_BYTES + 5);
    bytes.fill(0xff);
    const header = recordHeader({ oid: 9n, previous: 8, pickleLength: 7 });
    bytes.set(new Uint8Array(header.buffer), 5);
    const table = new RecordTable();
    table.add(viewOf(bytes), 5, 4);
    expect(table.record(0)).toEqual({
      oid: 9n,
      previous: 8,
      position: 4,
      data: { kind: 'pickle', length: 7 },
    });
  });

  it('tells a back pointer of 0, an undone creation, from one that leads to data', () => {
    const table = new RecordTable();
    const header = recordHeader({ oid: 1n, previous: 0, pickleLength: 0 });
    table.add(header, 0, 100);
    table.setBackPointerOfLast(0);
    table.add(header, 0, 200);
    table.setBackPointerOfLast(100);
    expect(table.record(0).data).toEqual({ kind: 'uncreated' });
    expect(table.record(1).data).toEqual({ kind: 'back-pointer', position: 100 });
  });

  it('shows nothing of the last transaction once it is cleared', () => {
    const table = new RecordTable();
    table.add(recordHeader({ oid: 1n, previous: 50, pickleLength: 0 }), 0, 100);
    table.setBackPointerOfLast(50);
    table.clear();
    expect(table.count).toBe(0);
    table.add(recordHeader({ oid: 2n, previous: 0, pickleLength: 0 }), 0, 300);
    expect(table.record(0)).toEqual({
      oid: 2n,
      previous: 0,
      position: 300,
      data: { kind: 'uncreated' },
    });
  });

  it('gives records that stay as they are when the table is used again', () => {
    const table = new RecordTable();
    table.add(recordHeader({ oid: 1n, previous: 0, pickleLength: 10 }), 0, 100);
    const record = table.record(0);
    table.clear();
    table.add(recordHeader({ oid: 2n, previous: 3, pickleLength: 4 }), 0, 200);
    expect(record).toEqual({
      oid: 1n,
      previous: 0,
      position: 100,
      data: { kind: 'pickle', length: 10 },
    });
  });
});

describe('safe integer', () => {
  it.each([
    0,
    1,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 32 + 1,
    2 ** 48 - 1,
    2 ** 53 - 1,
  ])('is exact for %d', (value) => {
    const view = viewOf(new Uint8Array(9));
    view.setBigUint64(1, BigInt(value));
    expect(safeInteger(view, 1)).toBe(value);
  });

  it('is past any file for 2^53 and what is above', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), (value) => {
        const view = viewOf(new Uint8Array(8));
        view.setBigUint64(0, value);
        expect(safeInteger(view, 0)).toBeGreaterThanOrEqual(2 ** 53);
      }),
    );
  });
});
