import fc from 'fast-check';
import { expect, it } from 'vitest';
import { atOnce } from '../../system/streams/cooperative.ts';
import { RECORD_HEADER_BYTES } from '../format.ts';
import { OidIndex } from '../index/oid-index.ts';
import { RecordTable } from '../record-table.ts';
import { PassedIndex } from './passed-index.ts';

/** Objects over several prefixes. */
const partsOf = (number: number) => [Math.floor(number / 4), (number % 4) * 300] as const;

function indexOf(objects: readonly number[]): OidIndex {
  const index = new OidIndex();
  for (const [row, object] of objects.entries()) index.set(...partsOf(object), positionOf(row));
  return index;
}

function positionOf(row: number): number {
  return 4 + 50 * row;
}

/** One record of an object. */
function recordOf(object: number, row: number): RecordTable {
  const [oidHigh, oidLow] = partsOf(object);
  const header = new DataView(new ArrayBuffer(RECORD_HEADER_BYTES));
  header.setUint32(2, oidHigh);
  header.setUint16(6, oidLow);
  const table = new RecordTable();
  table.add(header, 0, positionOf(row));
  return table;
}

it('is what an index of the records is at each of them, whatever is known of the log', () => {
  const log = fc.array(fc.nat(20), { maxLength: 60 });
  const knownEnd = fc.nat(60);
  fc.assert(
    fc.property(log, knownEnd, fc.array(fc.nat(20), { maxLength: 4 }), (objects, end, others) => {
      // Of an earlier end of the log, and with objects of another one.
      const known = indexOf(objects.slice(0, end));
      for (const one of others) known.set(...partsOf(one), 1_000_000 + one);
      const passed = new PassedIndex(known);
      for (const [row, object] of objects.entries()) {
        passed.apply(recordOf(object, row));
        const expected = indexOf(objects.slice(0, row + 1));
        for (let one = 0; one <= 20; one++) {
          expect(passed.at(...partsOf(one))).toBe(expected.at(...partsOf(one)));
          const isNamed = known.at(...partsOf(one)) === positionOf(row) && one === object;
          expect(passed.hasReached(...partsOf(one), positionOf(row))).toBe(isNamed);
        }
        expect(passed.hasReachedAny(positionOf(row))).toBe(
          known.at(...partsOf(object)) === positionOf(row),
        );
      }
      const whole = indexOf(objects);
      const found = atOnce(passed.finish());
      expect([...found.differencesFrom(whole)]).toEqual([]);
      expect(found.size).toBe(whole.size);
      expect(found === known).toBe([...known.differencesFrom(whole)].length === 0);
    }),
  );
});
