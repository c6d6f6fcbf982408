import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../test/support/outcome.ts';
import { formatDataFileName, parseDataFileName, stampOfFileName } from './file-names.ts';
import { parseRecoveryDate } from './recovery-date.ts';
import { formatStamp, momentOfStamp, nextStamp, parseStamp, type Stamp } from './stamp.ts';

const stamp = (text: string): Stamp => {
  const parsed = parseStamp(text);
  if (parsed === undefined) throw new Error(`no stamp: ${text}`);
  return parsed;
};
const moments = fc.date({
  min: new Date('1971-01-01T00:00:00Z'),
  max: new Date('9998-12-31T23:59:59Z'),
  noInvalidDate: true,
});

describe('stamp', () => {
  it('names its moment to the second', () => {
    fc.assert(
      fc.property(moments, (moment) => {
        const second = Math.floor(moment.getTime() / 1000) * 1000;
        expect(momentOfStamp(formatStamp(moment))?.getTime()).toBe(second);
      }),
    );
  });

  it.each([
    ['1999-12-31T23:59:30.999Z', '1999-12-31-23-59-30'],
    [1_487_874_793_000, '2017-02-23-18-33-13'],
    [1_487_874_793_876.5, '2017-02-23-18-33-13'],
  ])('of %s is %s', (moment, expected) => {
    expect(formatStamp(new Date(moment))).toBe(expected);
  });

  it.each(['1999-1-31-23-59-30', '1999-12-31', '99-12-31-23-59-30', '1999-12-31-23-59-30 '])(
    'is not %j',
    (text) => {
      expect(parseStamp(text)).toBeUndefined();
    },
  );

  it('is later than all that are there, whatever the clock says', () => {
    fc.assert(
      fc.property(moments, fc.array(moments), (now, before) => {
        const taken = before.map(formatStamp);
        const next = nextStamp(now, taken);
        expect(parseStamp(next)).toBe(next);
        for (const one of taken) expect(next > one).toBe(true);
      }),
    );
  });

  it.each([
    ['the clock', '2026-03-01T04:05:06.999Z', [], '2026-03-01-04-05-06'],
    [
      'a second later in the same second',
      '2026-03-01T04:05:06Z',
      ['2026-03-01-04-05-06'],
      '2026-03-01-04-05-07',
    ],
    [
      'later when the clock jumps back a day',
      '2026-02-28T04:05:06Z',
      ['2026-03-01-23-59-59'],
      '2026-03-02-00-00-00',
    ],
    [
      'later than one that no calendar has',
      '2026-03-01T04:05:06Z',
      ['2026-13-45-99-99-99'],
      '2027-01-01-00-00-01',
    ],
  ])('is %s', (_, now, taken, expected) => {
    expect(nextStamp(new Date(now), taken.map(stamp))).toBe(expected);
  });
});

describe('name of a data file', () => {
  it('comes back as it was made', () => {
    const files = fc.record({
      stamp: moments.map(formatStamp),
      kind: fc.constantFrom('full' as const, 'increment' as const),
      isGzip: fc.boolean(),
    });
    fc.assert(
      fc.property(files, (file) => {
        const made = formatDataFileName(file);
        expect(parseDataFileName(made.name)).toEqual(made);
      }),
    );
  });

  it.each([
    '2026-03-01-04-05-06.fs.bak',
    '2026-03-01-04-05-06.fsz~',
    'x2026-03-01-04-05-06.fs',
    '2026-03-01-04-05.fs',
    '2026-03-01-04-05-06.deltaf',
    '.2026-03-01-04-05-06.fsz.0123456789ab.zodbvault-tmp',
    '2026-03-01-04-05-06.fs\n',
    'Data.fs',
  ])('is not %j', (name) => {
    expect(parseDataFileName(name)).toBeUndefined();
    expect(stampOfFileName(name)).toBeUndefined();
  });

  it.each(['fs', 'fsz', 'deltafs', 'deltafsz', 'dat', 'index', 'records', 'json'])(
    'has a stamp with .%s',
    (ending) => {
      expect(stampOfFileName(`2026-03-01-04-05-06.${ending}`)).toBe('2026-03-01-04-05-06');
    },
  );
});

describe('recovery date', () => {
  it.each([
    '2026-03-01',
    '2026-03-01-04',
    '2026-03-01-04-05',
    '2026-03-01-04-05-06',
    '2024-02-29-23-59-59',
    '1970-01-01',
  ])('can be %s', (text) => {
    expect(parseRecoveryDate(text)).toBe(text);
  });

  it.each([
    ...['2026-13-01', '2026-00-01', '2026-02-29', '2026-04-31', '2026-01-00', '2026-01-32'],
    ...['2026-01-01-24', '2026-01-01-00-60', '2026-01-01-00-00-60', '2026-1-1', '2026', ''],
    ...['2026-01-01-', ' 2026-01-01', '2026-01-01T00:00:00', '2026-01-01\n', '../../etc'],
  ])('can not be %j', async (text) => {
    expect(await outcomeOf(() => parseRecoveryDate(text))).toMatchObject({ code: 'usage' });
  });
});
