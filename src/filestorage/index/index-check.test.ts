import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, type IndexEntry, indexOf } from '../../../test/support/index-entries.ts';
import { smallDatabase } from '../../../test/support/small-database.ts';
import { memorySource } from '../../system/files/byte-source.ts';
import { MAXIMUM_POSITION } from '../format.ts';
import { viewOf } from '../uncommitted-tail.ts';
import { indexFits } from './index-check.ts';
import { decodeIndex } from './index-decoder.ts';

const GOLDEN = join(import.meta.dirname, '../../../test/fixtures/golden/bushy/states');
const golden = readFileSync(join(GOLDEN, '2-edited/Data.fs'));
const goldenIndex = readFileSync(join(GOLDEN, '2-edited/Data.fs.index'));

const small = smallDatabase([{ oids: [1, 2] }, { oids: [0x1_0000n] }, { oids: [3] }]);
const [first = 0, second = 0, third = 0, end = 0] = small.boundaries;
const [[one = 0, two = 0] = [], [far = 0] = [], [three = 0] = []] = small.records;
const entries: readonly IndexEntry[] = [
  [1n, one],
  [2n, two],
  [3n, three],
  [0x1_0000n, far],
];

/** Whether an index of these entries, up to this position, fits the bytes. */
const fits = (
  bytes: Uint8Array,
  { says = entries, position = end }: { says?: readonly IndexEntry[]; position?: number },
) => indexFits(memorySource(bytes), { index: indexOf(says), position });

/** The entries with another position for one oid. */
const withEntry = (oid: bigint, position: number): readonly IndexEntry[] => [
  ...entries,
  [oid, position],
];

function changed(change: (bytes: Buffer, view: DataView) => void): Buffer {
  const bytes = Buffer.from(small.bytes);
  change(bytes, viewOf(bytes));
  return bytes;
}

describe('index check', () => {
  it('accepts an index of all there is, and one of an earlier end', async () => {
    expect(await fits(small.bytes, {})).toBe(true);
    const [, , , ...rest] = entries;
    const earlier = [...entries.slice(0, 2), ...rest];
    expect(await fits(small.bytes, { says: earlier, position: third })).toBe(true);
  });

  it('accepts an older record of an object, as an index of an earlier end has it', async () => {
    const twice = smallDatabase([{ oids: [1] }, { oids: [1] }]);
    for (const [number, [position = 0]] of twice.records.entries()) {
      const index = {
        says: [[1n, position]] as const,
        position: twice.boundaries[number + 1] ?? 0,
      };
      expect(await fits(twice.bytes, index)).toBe(true);
    }
  });

  it('accepts a file that has grown, and one with an uncommitted tail behind the position', async () => {
    for (const filler of [0, 0x20, 0xff]) {
      const littered = Buffer.concat([small.bytes, Buffer.alloc(100, filler)]);
      expect(await fits(littered, {})).toBe(true);
    }
  });

  it('accepts an index of nothing at the end of the magic only', async () => {
    for (let position = 0; position <= end; position++) {
      expect(await fits(small.bytes, { says: [], position })).toBe(position === 4);
    }
    for (const length of [0, 1, 3]) {
      const cut = small.bytes.subarray(0, length);
      expect(await fits(cut, { says: [], position: 4 })).toBe(false);
    }
    expect(await fits(small.bytes.subarray(0, 4), { says: [], position: 4 })).toBe(true);
  });

  it('refuses a position where no transaction ends', async () => {
    for (let position = 0; position <= end + 50; position++) {
      expect([position, await fits(small.bytes, { position })]).toEqual([
        position,
        position === end,
      ]);
    }
    for (const position of [2 ** 31, 2 ** 32, MAXIMUM_POSITION]) {
      expect(await fits(small.bytes, { position })).toBe(false);
    }
  });

  it('refuses an entry at any place but that of a record of its object', async () => {
    for (const [oid, right] of entries) {
      for (let position = 1; position <= end + 50; position++) {
        const says = withEntry(oid, position);
        expect([oid, position, await fits(small.bytes, { says })]).toEqual([
          oid,
          position,
          position === right,
        ]);
      }
      const says = withEntry(oid, MAXIMUM_POSITION);
      expect(await fits(small.bytes, { says })).toBe(false);
    }
  });

  it('refuses an entry for an object that differs in a single byte', async () => {
    for (let byte = 0n; byte < 8n; byte++) {
      const says: readonly IndexEntry[] = [[2n ^ (1n << (byte * 8n + 7n)), two]];
      expect(await fits(small.bytes, { says })).toBe(false);
    }
  });

  it('refuses a file that has become shorter', async () => {
    for (let length = 0; length < end; length++) {
      expect(await fits(small.bytes.subarray(0, length), {})).toBe(false);
    }
  });

  it.each([
    ['of status c', (bytes: Buffer) => bytes.write('c', second + 16, 'latin1')],
    ['of no status', (bytes: Buffer) => bytes.write('x', second + 16, 'latin1')],
    ['that passes the position', (_: Buffer, view: DataView) => view.setUint32(second + 8, 1)],
    ['that ends in front of it', (_: Buffer, view: DataView) => view.setBigUint64(second + 8, 40n)],
  ])('refuses an entry in a transaction %s', async (_, change) => {
    expect(await fits(changed(change), {})).toBe(false);
  });

  it.each([
    ['in front of the magic’s end', 3],
    ['behind the record', end],
    ['at the record', far],
    ['too near for a header', far - 22],
    ['of another transaction', first],
    ['past any file', 2 ** 53],
  ])('refuses an entry whose record names a transaction %s', async (_, place) => {
    const bytes = changed((_bytes, view) => view.setBigUint64(far + 24, BigInt(place)));
    expect(await fits(bytes, {})).toBe(false);
  });

  it('finds a shift of all entries out, however many there are', async () => {
    for (const count of [63, 64, 65, 127, 128, 129, 1000]) {
      const oids = Array.from({ length: count }, (_, number) => number);
      const { bytes, boundaries, records } = smallDatabase([{ oids }]);
      const right = oids.map((oid): IndexEntry => [BigInt(oid), records[0]?.[oid] ?? 0]);
      const shifted = right.map(([oid, place]): IndexEntry => [oid, place + 1]);
      const position = boundaries[1] ?? 0;
      expect(await fits(bytes, { says: right, position })).toBe(true);
      expect(await fits(bytes, { says: shifted, position })).toBe(false);
    }
  });

  it('looks at every entry while there are few', async () => {
    const oids = Array.from({ length: 127 }, (_, number) => number);
    const { bytes, boundaries, records } = smallDatabase([{ oids }]);
    const right = oids.map((oid): IndexEntry => [BigInt(oid), records[0]?.[oid] ?? 0]);
    const position = boundaries[1] ?? 0;
    for (const [oid, place] of right) {
      const says: readonly IndexEntry[] = [...right, [oid, place + 1]];
      expect(await fits(bytes, { says, position })).toBe(false);
    }
  });

  it('says yes or no to a Data.fs with a changed byte', async () => {
    const decoded = await decodeIndex([goldenIndex]);
    if (decoded === undefined) throw new Error('not decoded');
    expect(entriesOf(decoded.index).length).toBeGreaterThan(50);
    await fc.assert(
      fc.asyncProperty(fc.nat(golden.length - 1), fc.nat(255), async (place, byte) => {
        const damaged = Buffer.from(golden);
        damaged[place] = byte;
        expect(typeof (await indexFits(memorySource(damaged), decoded))).toBe('boolean');
      }),
      { numRuns: 300 },
    );
  });

  it('says yes or no to any index, and no to one with an entry from nowhere', async () => {
    const places = fc.oneof(
      fc.integer({ min: 1, max: end + 10 }),
      fc.integer({ min: 1, max: MAXIMUM_POSITION }),
    );
    const pairs = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 3n }), places), {
      minLength: 1,
      maxLength: 4,
    });
    const positions = fc.oneof(fc.constantFrom(...small.boundaries), places);
    const right = new Map(entries);
    await fc.assert(
      fc.asyncProperty(pairs, positions, async (says, position) => {
        const expected =
          small.boundaries.includes(position) &&
          [...new Map(says)].every(([oid, place]) => right.get(oid) === place && place < position);
        expect(await fits(small.bytes, { says, position })).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
});
