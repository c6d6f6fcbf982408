import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Microseconds, tidOfMicroseconds } from '../../filestorage/tid.ts';
import { readTarget, readWrittenDate } from './written-date.ts';

/** 13:30 in Berlin, where clocks go forward on 2026-03-29 at 02:00, and back on 2026-10-25 at 03:00. */
const NOW = new Date('2026-07-15T11:30:00Z');
const zone = process.env['TZ'];

beforeAll(() => {
  process.env['TZ'] = 'Europe/Berlin';
});
afterAll(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

describe('a date that somebody typed', () => {
  it.each([
    ['2026-03-01-04-05-06', '2026-03-01-04-05-06'],
    ['2026-03-01', '2026-03-01'],
    ['2026-03', undefined],
    ['2026-07-01 14:00', '2026-07-01-12-00-00'],
    ['2026-07-01T14:00:59', '2026-07-01-12-00-59'],
    ['2026-01-01 14:00', '2026-01-01-13-00-00'],
    ['2026-07-01 14:00 +05:30', '2026-07-01-08-30-00'],
    ['2026-07-01 14:00:00-0100', '2026-07-01-15-00-00'],
    ['2026-07-01T14:00:00Z', '2026-07-01-14-00-00'],
    ['today 08:00', '2026-07-15-06-00-00'],
    ['Yesterday 14:00', '2026-07-14-12-00-00'],
    ['yesterday', '2026-07-14-21-59-59'],
    ['2026-02-30 14:00', undefined],
    ['2026-02-28 24:00', undefined],
    ['2026-02-28 14:60', undefined],
    ['14:00', undefined],
    ['2026-02-28 14', undefined],
    ['2026-02-28-14:00', undefined],
  ])('%s', (text, expected) => {
    if (expected === undefined) expect(() => readWrittenDate(text, NOW)).toThrow(/Cannot use/);
    else expect(readWrittenDate(text, NOW).date).toBe(expected);
  });

  it('is the newest backup, or none at all', () => {
    const said: string[] = [];
    const terminal = { log: (line: string) => void said.push(line) };
    for (const text of [undefined, 'latest', ' Latest']) {
      expect(readTarget(text, { terminal })).toEqual({ kind: 'latest' });
    }
    expect(said).toEqual([]);
    const target = readTarget('yesterday 14:00', { terminal, now: NOW });
    expect(target).toEqual({
      kind: 'moment',
      moment: {
        kind: 'date',
        date: '2026-07-14-12-00-00',
        upTo: lastTidBefore('2026-07-14T12:00:00.001Z'),
        isFuture: false,
      },
      chain: undefined,
      isExact: false,
    });
    for (const [text, isFuture] of [
      ['today', false],
      ['today 13:31', true],
    ] as const)
      expect(readTarget(text, { terminal: { log() {} }, now: NOW })).toMatchObject({
        moment: { isFuture },
      });
    expect(said).toEqual([
      '"yesterday 14:00" means 2026-07-14 14:00:00 +02:00 (UTC: 2026-07-14-12-00-00)',
    ]);
  });

  it.each([
    // Of a short one of UTC, all that begins with it is later; of a time, the very instant belongs to it.
    ['2026-07-01', '2026-07-01T00:00:00.000Z'],
    ['2026-07-01-12-00-00', '2026-07-01T12:00:00.001Z'],
    ['2026-07-01 14:00', '2026-07-01T12:00:00.001Z'],
    ['yesterday', '2026-07-14T22:00:00.000Z'],
  ])('ends with the last transaction up to it: %s', (text, later) => {
    const target = readTarget(text, { terminal: { log() {} }, now: NOW });
    expect(target).toMatchObject({ moment: { upTo: lastTidBefore(later) } });
  });

  it.each([
    ['040d5c2c03168844', 'after'],
    ['0x040D5C2C03168844', 'after'],
    ['before 040d5c2c03168844', 'before'],
    [' Before  0x040d5c2c03168844 ', 'before'],
  ])('may be a transaction: %s', (text, side) => {
    const moment = { kind: 'transaction', tid: 0x040d5c2c03168844n, side };
    expect(readTarget(text, { terminal: { log() {} } })).toEqual({
      kind: 'moment',
      moment,
      chain: undefined,
      isExact: false,
    });
  });

  it.each(['before', 'before yesterday', '040d5c2c0316884', '040d5c2c031688441'])(
    'is no transaction: %s',
    (text) => {
      expect(() => readTarget(text, { terminal: { log() {} } })).toThrow(/Cannot use/);
    },
  );

  it('goes with the name of a chain, and not without', () => {
    const how = { terminal: { log() {} }, chain: '2026-03-01-04-05-06' };
    expect(readTarget('yesterday', how)).toMatchObject({ chain: '2026-03-01-04-05-06' });
    expect(() => readTarget('latest', how)).toThrow(/without a moment/);
    expect(() => readTarget('yesterday', { ...how, chain: '2026-03-01' })).toThrow(/as a chain/);
  });

  it.each([
    ['2026-07-01', '2026-07-01T00:00:00Z', '2026-07-01T00:00:00Z'],
    ['2026-07-01 14:00', '2026-07-01T12:00:00Z', '2026-07-01T12:00:00Z'],
    ['today', '2026-07-14T22:00:00Z', '2026-07-15T22:00:00Z'],
  ])('covers a stretch of time: %s', (text, start, end) => {
    expect(readWrittenDate(text, NOW)).toMatchObject({
      start: new Date(start),
      end: new Date(end),
    });
  });

  it.each([
    ['2026-03-01-04-05-06', '2026-03-01 05:05:06 +01:00 (UTC: 2026-03-01-04-05-06)'],
    ['2026-07-01', 'before 2026-07-01 02:00:00 +02:00 (UTC: 2026-07-01-00-00-00)'],
    ['yesterday', '2026-07-14 23:59:59 +02:00 (UTC: 2026-07-14-21-59-59)'],
  ])('is repeated in both times: %s', (text, understood) => {
    expect(readWrittenDate(text, NOW).understood).toBe(understood);
  });

  it('is read back from what is shown', () => {
    for (const text of ['2026-10-25 02:30 +01:00', '2026-10-25 02:30 +02:00']) {
      const { understood, date } = readWrittenDate(text, NOW);
      expect(readWrittenDate(understood.slice(0, 26), NOW).date).toBe(date);
    }
  });

  it('is refused with both readings where the clocks showed it twice', () => {
    expect(() => readWrittenDate('2026-10-25 02:30', NOW)).toThrow(
      'twice: 2026-10-25 02:30:00 +02:00 (UTC: 2026-10-25-00-30-00), and 2026-10-25 02:30:00 +01:00 (UTC: 2026-10-25-01-30-00)',
    );
  });

  it('is refused with both readings where the clocks never showed it', () => {
    expect(() => readWrittenDate('2026-03-29 02:30', NOW)).toThrow(
      'never showed that time; it may mean 2026-03-29 03:30:00 +02:00 (UTC: 2026-03-29-01-30-00), or 2026-03-29 01:30:00 +01:00 (UTC: 2026-03-29-00-30-00)',
    );
  });
});

/** The last tid that is earlier than a moment. */
function lastTidBefore(moment: string): bigint {
  return tidOfMicroseconds((BigInt(Date.parse(moment)) * 1000n) as Microseconds) - 1n;
}
