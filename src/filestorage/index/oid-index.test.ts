import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, indexOf } from '../../../test/support/index-entries.ts';
import { smallDatabase } from '../../../test/support/small-database.ts';
import { memorySource } from '../../system/files/byte-source.ts';
import { MAXIMUM_POSITION } from '../format.ts';
import { oidFrom } from '../oid.ts';
import { scanTransactions } from '../scan-transactions.ts';
import { OidIndex } from './oid-index.ts';

const BORDERS = [8, 16, 31, 32, 40, 47].flatMap((bits) => [
  2 ** bits - 1,
  2 ** bits,
  2 ** bits + 1,
]);

const oids = fc.oneof(
  fc.bigInt({ min: 0n, max: 600n }),
  fc.constantFrom(0xffn, 0x100n, 0xffffn, 0x10000n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const positions = fc.oneof(
  fc.constantFrom(1, ...BORDERS, MAXIMUM_POSITION),
  fc.integer({ min: 1, max: MAXIMUM_POSITION }),
);

describe('oid index', () => {
  it('has what a Map would have, over all oids, in ascending order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(oids, positions), { maxLength: 300 }), (pairs) => {
        const index = indexOf(pairs);
        const model = new Map(pairs);
        const ascending = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
        expect(index.size).toBe(model.size);
        expect(entriesOf(index)).toEqual(ascending);
        for (const [oid, position] of model) expect(index.get(oidFrom(oid))).toBe(position);
        const prefixes = new Map<number, number>();
        for (const [oid] of ascending) {
          const prefix = Number(oid >> 16n);
          prefixes.set(prefix, (prefixes.get(prefix) ?? 0) + 1);
        }
        expect(index.prefixes()).toEqual([...prefixes.keys()]);
        for (const [prefix, count] of prefixes) expect(index.countOf(prefix)).toBe(count);
      }),
      { numRuns: 200 },
    );
  });

  it('answers at any moment as a Map would, between any two changes', () => {
    const steps = fc.array(
      fc.tuple(fc.bigInt({ min: 0n, max: 3n }), fc.constantFrom(0n, 255n, 256n), positions),
    );
    fc.assert(
      fc.property(steps, (changes) => {
        const index = new OidIndex();
        const model = new Map<bigint, number>();
        for (const [prefix, suffix, position] of changes) {
          const oid = (prefix << 16n) | suffix;
          expect(index.get(oidFrom(oid))).toBe(model.get(oid));
          index.set(Number(prefix), Number(suffix), position);
          model.set(oid, position);
          expect(index.get(oidFrom(oid))).toBe(position);
          expect(index.size).toBe(model.size);
        }
      }),
    );
  });

  it('has nothing when it is new', () => {
    const index = new OidIndex();
    expect(index.size).toBe(0);
    expect(index.prefixes()).toEqual([]);
    expect(index.countOf(0)).toBe(0);
    expect([...index.entriesOf(0)]).toEqual([]);
    expect(index.get(oidFrom(0))).toBeUndefined();
  });

  it('has nothing for the neighbours of an oid', () => {
    for (const oid of [0x1_0000n, 0x1_00ffn, 0x1_0100n, 0x1_ffffn]) {
      const index = indexOf([[oid, 4]]);
      expect(index.get(oidFrom(oid - 1n))).toBeUndefined();
      expect(index.get(oidFrom(oid + 1n))).toBeUndefined();
      expect(index.get(oidFrom(oid + 0x10000n))).toBeUndefined();
      expect(index.get(oidFrom(oid + 2n ** 63n))).toBeUndefined();
    }
  });

  it.each([1, ...BORDERS, MAXIMUM_POSITION])(
    'holds position %d, beside full neighbours',
    (position) => {
      const index = indexOf([
        [1n, MAXIMUM_POSITION],
        [3n, MAXIMUM_POSITION],
        [2n, position],
      ]);
      expect(entriesOf(index)).toEqual([
        [1n, MAXIMUM_POSITION],
        [2n, position],
        [3n, MAXIMUM_POSITION],
      ]);
    },
  );

  it('holds a full bucket', () => {
    const index = new OidIndex();
    for (let suffix = 65535; suffix >= 0; suffix--) index.set(5, suffix, suffix + 1);
    expect([index.size, index.countOf(5), index.prefixes()]).toEqual([65536, 65536, [5]]);
    let expected = 0;
    for (const [suffix, position] of index.entriesOf(5)) {
      if (suffix !== expected || position !== expected + 1) {
        expect([suffix, position]).toEqual([expected, expected + 1]);
      }
      expected += 1;
    }
    expect(expected).toBe(65536);
  });

  it('takes over the newest record of each object, transaction by transaction', async () => {
    const oidOf = { small: 1, large: 2n ** 64n - 1n };
    const { bytes, records } = smallDatabase([
      { oids: [oidOf.small, oidOf.large] },
      { oids: [oidOf.large], status: 'u' },
      { oids: [oidOf.large] },
      { oids: [oidOf.small], status: 'c' },
    ]);
    const index = new OidIndex();
    await scanTransactions(memorySource(bytes), {
      from: 4,
      visitor: { transaction: (transaction) => index.apply(transaction.records) },
    });
    expect(entriesOf(index)).toEqual([
      [1n, records[0]?.[0]],
      [2n ** 64n - 1n, records[2]?.[0]],
    ]);
  });

  it('tells every difference from another index, and none from an equal one', () => {
    const pairs = fc.array(fc.tuple(oids, positions), { maxLength: 100 });
    fc.assert(
      fc.property(pairs, pairs, pairs, (common, first, second) => {
        const ours = new Map([...common, ...first]);
        const theirs = new Map([...common, ...second]);
        const found = [...indexOf(ours).differencesFrom(indexOf(theirs))].map((one) => [
          (BigInt(one.prefix) << 16n) | BigInt(one.suffix),
          one.position,
          one.otherPosition,
        ]);
        const expected = [...new Set([...ours.keys(), ...theirs.keys()])]
          .filter((oid) => ours.get(oid) !== theirs.get(oid))
          .sort((a, b) => (a < b ? -1 : 1))
          .map((oid) => [oid, ours.get(oid) ?? 0, theirs.get(oid) ?? 0]);
        expect(found).toEqual(expected);
        for (const [oid, position] of ours) {
          expect(indexOf(ours).at(Number(oid >> 16n), Number(oid & 0xffffn))).toBe(position);
        }
      }),
      { numRuns: 50 },
    );
  });
});
