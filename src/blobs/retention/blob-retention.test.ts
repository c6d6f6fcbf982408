import { describe, expect, it } from 'vitest';
import { type BlobRule, type BlobSet, planBlobRetention } from './blob-retention.ts';

/** Twice a day, newest first: 8 at noon, 8, 7 at noon and so on. */
const TWICE_DAILY = [8, 7, 6, 5, 4, 3, 2, 1].flatMap((day) =>
  ['12', '00'].map((hour): BlobSet => set(`2026-01-0${day}-${hour}-00-00`)),
);

function set(stamp: string, more: Partial<BlobSet> = {}): BlobSet {
  const own = { owner: 'this', dataFsBackup: 'none', worth: 'backup' } as const;
  return { stamp, family: 'directories', ...own, ...more };
}

const removedBy = (sets: readonly BlobSet[], rule: BlobRule) =>
  planBlobRetention(sets, rule).removed.map((one) => one.set.stamp);

const count = (keep: number, family: BlobSet['family'] = 'directories'): BlobRule => ({
  kind: 'count',
  keep,
  family,
});

const days = (number: number) =>
  ({
    kind: 'days',
    days: number,
    now: new Date('2026-01-08T12:00:00Z'),
    family: 'directories',
  }) as const satisfies BlobRule;

const fullOf = (stamp: string): BlobRule => ({ kind: 'with-filestorage', oldestFull: stamp });

describe('planBlobRetention by number', () => {
  it.each([
    [1, 15],
    [4, 12],
    [15, 1],
    [16, 0],
    [17, 0],
    [0, 0],
  ])('keep %d of 16: %d go, oldest first', (keep, gone) => {
    const removed = removedBy(TWICE_DAILY, count(keep));
    const expected = TWICE_DAILY.map(({ stamp }) => stamp).reverse();
    expect(removed).toEqual(expected.slice(0, gone));
  });

  it('counts one family, and leaves the newest of all whatever it is', () => {
    const sets = [
      set('2026-01-03', { family: 'archives' }),
      set('2026-01-02'),
      set('2026-01-01', { family: 'archives' }),
    ];
    expect(removedBy(sets, count(1, 'archives'))).toEqual(['2026-01-01']);
    expect(removedBy(sets, count(1))).toEqual([]);
  });
});

describe('planBlobRetention of orphans, of which nothing can be restored,', () => {
  const orphan = (stamp: string) => set(stamp, { worth: 'orphan' });

  it('takes none of them for one to keep, and removes those that are older', () => {
    const sets = [orphan('5'), set('4'), orphan('3'), set('2')];
    expect(removedBy(sets, count(1))).toEqual(['2', '3']);
    expect(removedBy(sets, count(2))).toEqual([]);
  });

  it('takes none of them for the newest', () => {
    const [newest = '', ...older] = ['04', '03', '02', '01'].map(
      (day) => `2020-01-${day}-00-00-00`,
    );
    const sets = [orphan(newest), ...older.map((stamp) => set(stamp))];
    const gone = ['2020-01-01-00-00-00', newest];
    expect(removedBy(sets, days(1))).toEqual(gone);
    const byFull = ['2020-01-01-00-00-00', '2020-01-02-00-00-00', newest];
    expect(removedBy(sets, fullOf('2026-01-01'))).toEqual(byFull);
  });
});

describe('planBlobRetention by number or days', () => {
  it.each([[count(1)], [days(1)]])('lets go nothing that a Data.fs backup needs: %j', (rule) => {
    const [there, unclear] = [{ dataFsBackup: 'there' }, { dataFsBackup: 'unclear' }] as const;
    const at = (day: number) => `2026-01-0${day}-00-00-00`;
    const sets = [
      ...[set(at(6)), set(at(5), there), set(at(4)), set(at(3), there)],
      ...[set(at(2), unclear), set(at(1))],
    ];
    const { removed, unclear: left } = planBlobRetention(sets, rule);
    expect(removed.map((one) => one.set.stamp)).toEqual([at(1), at(4)]);
    expect(left.map(({ stamp }) => stamp)).toEqual([at(2)]);
  });
});

describe('planBlobRetention by days', () => {
  it.each([
    [4, 8],
    [1, 2],
    [30, 16],
  ])('%d days keep %d of two a day', (number, kept) => {
    expect(TWICE_DAILY.length - removedBy(TWICE_DAILY, days(number)).length).toBe(kept);
  });

  it('leaves the two newest, however old', () => {
    const three = [3, 2, 1].map((day) => set(`2020-01-0${day}-00-00-00`));
    expect(removedBy(three, days(1))).toEqual(['2020-01-01-00-00-00']);
    expect(removedBy(three.slice(1), days(1))).toEqual([]);
    expect(removedBy(three.slice(2), days(1))).toEqual([]);
  });

  it('keeps to the rhythm of the backups, be it slower than these days', () => {
    const weekly = ['22', '15', '08', '01'].map((day) => set(`2026-01-${day}-00-00-00`));
    const now = new Date('2026-01-22T00:00:00Z');
    expect(removedBy(weekly, { ...days(3), now })).toEqual(
      ['01', '08'].map((day) => `2026-01-${day}-00-00-00`),
    );
  });

  it.each([
    ['in one run', ['2036-01-01']],
    ['in two', ['2036-01-02', '2036-01-01']],
    ['in two, and each by another time', ['2044-05-06', '2036-01-01']],
    ['by less than these days', ['2026-01-12', '2026-01-11']],
  ])('counts a day at most for a clock that jumps: %s', (_, ahead) => {
    const sets = [...ahead.map((day) => set(`${day}-12-00-00`)), ...TWICE_DAILY];
    const isGoing = removedBy(TWICE_DAILY, days(7 - ahead.length));
    const now = new Date(`${ahead[0]}T12:00:00Z`);
    expect(isGoing).toEqual(expect.arrayContaining([...removedBy(sets, { ...days(7), now })]));
    expect(isGoing).toEqual(expect.arrayContaining([...removedBy(sets, days(7))]));
  });

  it('counts a day of each gap, so that nothing stays for ever', () => {
    const pairs = Array.from({ length: 40 }, (_, week) => {
      const monday = Date.UTC(2026, 0, 5) - week * 7 * 86_400_000;
      return [60_000, 0].map((more) =>
        set(new Date(monday + more).toISOString().slice(0, 19).replace(/[T:]/g, '-')),
      );
    }).flat();
    expect(pairs.length - removedBy(pairs, days(14)).length).toBeLessThanOrEqual(2 * 14);
  });
});

describe('planBlobRetention with the Data.fs backups', () => {
  const three = [3, 2, 1].map((day) => set(`2026-01-0${day}-00-00-00`));

  it.each([
    ['2026-01-01-00-00-00', 0],
    ['2026-01-01-00-00-01', 1],
    ['2026-01-02-00-00-00', 1],
    ['2026-01-03-00-00-00', 2],
    ['2026-01-04-00-00-00', 2],
  ])('oldest full %s: %d go', (oldest, gone) => {
    expect(removedBy(three, fullOf(oldest))).toHaveLength(gone);
  });

  it('leaves those of another repository, and names them', () => {
    const unclear = set('2026-01-01-00-00-00', { owner: 'unclear' });
    const sets = [...three.slice(0, 2), unclear];
    expect(planBlobRetention(sets, fullOf('2026-01-09-00-00-00'))).toMatchObject({
      removed: [{ set: { stamp: '2026-01-02-00-00-00' } }],
      unclear: [unclear],
    });
  });

  it('has nothing to say of nothing', () => {
    for (const rule of [fullOf('2026-01-01-00-00-00'), count(1), days(1)]) {
      expect(planBlobRetention([], rule)).toEqual({ removed: [], unclear: [] });
    }
  });
});
