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

describe('planBlobRetention of leftovers, of which nothing can be restored,', () => {
  const leftover = (stamp: string) => set(stamp, { worth: 'leftover' });

  it('takes none of them for one to keep, and removes those that are older', () => {
    const sets = [leftover('5'), set('4'), leftover('3'), set('2')];
    expect(removedBy(sets, count(1))).toEqual(['2', '3']);
    expect(removedBy(sets, count(2))).toEqual([]);
  });

  it('takes none of them for the newest', () => {
    const sets = [leftover('2020-01-03'), set('2020-01-02'), set('2020-01-01')];
    expect(removedBy(sets, days(1))).toEqual(['2020-01-01', '2020-01-03']);
    expect(removedBy(sets, fullOf('2026-01-01'))).toEqual(['2020-01-01', '2020-01-03']);
  });
});

describe('planBlobRetention by number or days', () => {
  it.each([[count(1)], [days(1)]])('lets go nothing that a Data.fs backup needs: %j', (rule) => {
    const [there, unclear] = [{ dataFsBackup: 'there' }, { dataFsBackup: 'unclear' }] as const;
    const sets = [
      set('2026-01-05', there),
      set('2026-01-04'),
      set('2026-01-03', there),
      set('2026-01-02', unclear),
      set('2026-01-01'),
    ];
    const { removed, unclear: left } = planBlobRetention(sets, rule);
    const byNumber = ['2026-01-01'];
    const byDays = ['2026-01-01', '2026-01-04'];
    expect(removed.map((one) => one.set.stamp)).toEqual(rule.kind === 'count' ? byNumber : byDays);
    expect(left.map(({ stamp }) => stamp)).toEqual(['2026-01-02']);
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

  it('leaves the newest, however old', () => {
    expect(removedBy([set('2020-01-01-00-00-00')], days(1))).toEqual([]);
    const two = [set('2020-01-02-00-00-00'), set('2020-01-01-00-00-00')];
    expect(removedBy(two, days(1))).toEqual([]);
  });

  it('counts from the newest but one where that is old: the clock of the newest may be ahead', () => {
    const ahead = [set('2036-01-01-00-00-00'), ...TWICE_DAILY];
    const rule = { ...days(4), now: new Date('2036-01-01T00:00:00Z') };
    expect(removedBy(ahead, rule)).toEqual(removedBy(TWICE_DAILY, days(4)));
    expect(removedBy(ahead, days(4))).toEqual(removedBy(TWICE_DAILY, days(4)));
    const weekly = ['22', '15', '08', '01'].map((day) => set(`2026-01-${day}-00-00-00`));
    const now = new Date('2026-01-22T00:00:00Z');
    expect(removedBy(weekly, { ...days(3), now })).toEqual(
      ['01', '08'].map((day) => `2026-01-${day}-00-00-00`),
    );
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
