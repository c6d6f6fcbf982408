import { describe, expect, it } from 'vitest';
import type { LogFinding } from '../../filestorage/audit/finding.ts';
import { oidFromParts } from '../../filestorage/oid.ts';
import { MOST_NAMES } from '../../repository/records/check-results.ts';
import { verdictOf } from './part-verdicts.ts';

function finding(low: number, kind: LogFinding['kind'] = 'bad'): LogFinding {
  const object = { oid: oidFromParts(0, low), className: undefined };
  return { kind, problem: 'reference', state: `at ${low * 100}`, object, transaction: undefined };
}

const AS_BACKED_UP = { files: [], isAsBackedUp: true } as const;

describe('the verdict on a part of a restore point', () => {
  it('is good where there is nothing but notes', () => {
    const file = { kind: 'note', file: '/b/a.fs', state: 'it has no checksum' } as const;
    const found = { files: [file], log: [finding(1, 'note')], isAsBackedUp: false };
    expect(verdictOf('data', found)).toEqual({ part: 'data', outcome: 'good' });
  });

  it('has the names of what is bad in an order of their own, without places in the log', () => {
    const found = { ...AS_BACKED_UP, log: [finding(2), finding(1), { ...finding(1), state: 'x' }] };
    const names = ['reference 0000000000000001', 'reference 0000000000000002'];
    const { faults } = verdictOf('data', found);
    expect(faults).toEqual({ where: 'database', names, count: 3 });
    const moved = found.log.map((one) => ({ ...one, state: `moved ${one.state}` })).reverse();
    expect(verdictOf('data', { ...found, log: moved }).faults).toEqual(faults);
  });

  it('is about what is stored where that is not what was backed up', () => {
    const file = { kind: 'bad', file: '/b/2026.fs', state: 'another sha256' } as const;
    expect(verdictOf('data', { files: [file], log: [], isAsBackedUp: false }).faults).toEqual({
      where: 'stored',
      names: ['file 2026.fs'],
      count: 1,
    });
  });

  it.each([MOST_NAMES - 1, MOST_NAMES, MOST_NAMES + 1])('counts all of %d', (count) => {
    const log = Array.from({ length: count }, (_, index) => finding(index + 1));
    const { faults } = verdictOf('blobs', { ...AS_BACKED_UP, log });
    expect([faults?.count, faults?.names.length]).toEqual([count, Math.min(count, MOST_NAMES)]);
  });
});
