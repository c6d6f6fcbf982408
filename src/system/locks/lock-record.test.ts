import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  decodeLockRecord,
  describeHolder,
  encodeLockRecord,
  isOf,
  type LockRecord,
  thisMachine,
} from './lock-record.ts';

const record: LockRecord = {
  pid: 4711,
  host: 'zope1',
  boot: 'b1',
  since: '2026-03-01T04:05:06.789Z',
  command: 'backup',
  beat: 3,
  beatSeconds: 10,
};
const later = (seconds: number) => new Date(Date.parse(record.since) + seconds * 1000);
const described = (content: string, seconds: number) =>
  describeHolder(content, { now: later(seconds), pid: 12 });

describe('lock record', () => {
  it('is one line, and comes back, also in front of the end of a longer one', () => {
    const text = encodeLockRecord(record);
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(decodeLockRecord(text)).toEqual(record);
    expect(decodeLockRecord(`${text}ond":10}\n`)).toEqual(record);
  });

  it('is nothing where it is cut, or where something else stands', () => {
    const text = encodeLockRecord(record);
    for (let end = 0; end < text.length - 1; end += 1) {
      expect(decodeLockRecord(text.slice(0, end))).toBeUndefined();
    }
    const wrong = [
      { ...record, pid: -1 },
      { ...record, since: 'yesterday' },
      { ...record, beatSeconds: 0 },
      { ...record, beatSeconds: 61 },
      { ...record, host: 1 },
      null,
      [],
    ];
    for (const value of wrong) expect(decodeLockRecord(JSON.stringify(value))).toBeUndefined();
    expect(decodeLockRecord(' 4711\n')).toBeUndefined();
  });

  it.each([
    [-5, '0 seconds'],
    [0, '0 seconds'],
    [1.9, '1 second'],
    [59, '59 seconds'],
    [60, '1 minute'],
    [3599, '59 minutes'],
    [7200, '2 hours'],
    [24 * 3600, '1 day'],
    [40 * 24 * 3600, '40 days'],
  ])('says who it is, and since when: %d s', (seconds, age) => {
    expect(described(encodeLockRecord(record), seconds)).toBe(
      `backup, pid 4711 on zope1, since 2026-03-01T04:05:06.789Z, ${age} ago`,
    );
  });

  it('says what else stands there, on one short line that steers no terminal', () => {
    expect(described('somebody else\n', 0)).toBe('somebody else');
    expect(described('a\n\u001b[2Jb\u0000', 0)).toBe('a [2Jb ');
    expect(described('x'.repeat(1000), 0)).toBe('x'.repeat(120));
    expect(described('', 0)).toBe('pid 12');
    expect(describeHolder(' \n', { now: new Date(), pid: undefined })).toBe(
      'it has not said who it is',
    );
    expect(described(encodeLockRecord({ ...record, host: 'a\u001b[2J' }), 0)).not.toContain(
      '\u001b',
    );
  });

  it('is of a machine whose kernel is the same one, or else of one with the same name', async () => {
    expect(isOf(record, { host: 'zope1', boot: 'b1' })).toBe(true);
    expect(isOf(record, { host: 'container', boot: 'b1' })).toBe(true);
    expect(isOf(record, { host: 'zope1', boot: 'b2' })).toBe(false);
    expect(isOf(record, { host: 'zope1', boot: undefined })).toBe(true);
    expect(isOf(record, { host: 'zope2', boot: undefined })).toBe(false);
    const machine = await thisMachine();
    expect(machine.host).toBe(hostname());
    const { boot: _, ...unnamed } = record;
    expect(isOf({ ...unnamed, host: hostname() }, machine)).toBe(true);
    expect(isOf({ ...unnamed, host: 'zope2' }, machine)).toBe(false);
  });
});
