import { describe, expect, it } from 'vitest';
import { oidEndOf, type RecordKind, RecordLog } from './record-log.ts';

const KINDS: readonly RecordKind[] = ['object', 'blob', 'uncreated'];

describe('log of records', () => {
  it('finds what was added, at its own place only, over gaps of any size', () => {
    const log = new RecordLog();
    const added = new Map<number, { kind: RecordKind; oidEnd: number }>();
    let position = 4;
    for (let number = 0; number < 10_000; number++) {
      const record = { kind: KINDS[number % 3] ?? 'object', oidEnd: 2 ** 32 - 1 - number };
      log.add(position, record);
      added.set(position, record);
      position += number % 1000 === 0 ? 2 ** 30 + number : 50;
    }
    expect(position).toBeGreaterThan(2 ** 33);
    for (const [at, record] of added) {
      expect(log.find(at)).toEqual(record);
      expect(log.find(at + 1)).toBeUndefined();
      expect(log.find(at - 1)).toBeUndefined();
    }
    expect(log.find(0)).toBeUndefined();
    expect(log.find(2 ** 48)).toBeUndefined();
  });

  it('tells objects apart by the last four bytes of their oids', () => {
    expect(oidEndOf(0, 0xffff)).toBe(0xffff);
    expect(oidEndOf(1, 0)).toBe(0x10000);
    expect(oidEndOf(0xffff_ffff_ffff, 0xffff)).toBe(0xffff_ffff);
  });
});
