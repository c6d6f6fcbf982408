import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSpan, type Span } from '../../system/calendar/span.ts';
import { formatStamp, nextStamp, type Stamp } from '../layout/stamp.ts';
import { momentsOf } from './moments.ts';
import { planRetention } from './plan-retention.ts';
import type {
  KeepRules,
  RetentionChain,
  RetentionPoint,
  RetentionStorage,
} from './retention-point.ts';

const NO_RULES: KeepRules = { daily: 0, weekly: 0, monthly: 0, yearly: 0 };
const span = (text: string): Span => parseSpan(text) ?? { count: 1, unit: 'h' };
const DAY = 24 * 3600 * 1000;

function point(madeAt: Date, more: Partial<RetentionPoint> = {}): RetentionPoint {
  const stamp = formatStamp(madeAt);
  return { stamp, madeAt, isWhole: true, isProven: false, tags: [], ...more };
}

function chain(points: readonly RetentionPoint[], held?: RetentionChain['held']): RetentionChain {
  return { points, held };
}

/** One full backup each day at three in the morning. */
function nights(count: number, first = Date.UTC(2026, 0, 1, 3)): readonly RetentionChain[] {
  return Array.from({ length: count }, (_, day) => chain([point(new Date(first + day * DAY))]));
}

function keptOf(chains: readonly RetentionChain[], rules: Partial<KeepRules> | undefined) {
  const all = rules === undefined ? undefined : { ...NO_RULES, ...rules };
  const [plan] = planRetention([{ name: 'Data', chains }], all);
  return (plan?.verdicts ?? []).filter(({ reasons }) => reasons.length > 0);
}

const stampsKept = (chains: readonly RetentionChain[], rules: Partial<KeepRules> | undefined) =>
  keptOf(chains, rules).map(({ stamp }) => stamp.slice(0, 10));

describe('the rules', () => {
  it('keep the newest of so many days', () => {
    expect(stampsKept(nights(10), { daily: 3 })).toEqual([
      '2026-01-08',
      '2026-01-09',
      '2026-01-10',
    ]);
  });

  it('keep the newest of so many weeks, months and years, each counted by itself', () => {
    const kept = stampsKept(nights(400), { weekly: 2, monthly: 3, yearly: 2 });
    expect(kept).toEqual(['2025-12-31', '2026-12-31', '2027-01-31', '2027-02-04'].slice(1));
  });

  it('count days with a backup, not days of the calendar', () => {
    const sparse = [0, 50, 100].flatMap((day) => nights(1, Date.UTC(2026, 0, 1 + day, 3)));
    expect(stampsKept(sparse, { daily: 3 })).toHaveLength(3);
  });

  it('keep all that are young, counted from the newest', () => {
    expect(stampsKept(nights(40), { within: span('3d') })).toHaveLength(4);
  });

  it('keep what comes before in the chain of what stays, and let its tail go', () => {
    const [one, two, three, four] = nights(4).flatMap(({ points }) => points);
    const later = nights(1, Date.UTC(2026, 0, 5, 3));
    if (!one || !two || !three || !four) throw new Error('four points');
    const tagged = { ...two, tags: ['before-upgrade'] };
    const kept = keptOf([chain([one, tagged, three, four]), ...later], { daily: 1 });
    expect(kept.map(({ stamp, reasons }) => [stamp, reasons.map(({ kind }) => kind)])).toEqual([
      [one.stamp, ['needed']],
      [two.stamp, ['tagged']],
      [later[0]?.points[0]?.stamp, ['newest', 'daily']],
    ]);
  });

  it('let nothing take the place of what can be restored as a whole', () => {
    const chains = nights(10).map(({ points: [one] }, index) =>
      chain(one === undefined ? [] : [{ ...one, isWhole: index < 4 }]),
    );
    expect(stampsKept(chains, { daily: 2 })).toEqual([
      '2026-01-03',
      '2026-01-04',
      '2026-01-09',
      '2026-01-10',
    ]);
  });

  it('keep the newest that a deep verification found good until a newer one is', () => {
    const chains = nights(10).map(({ points: [one] }, index) =>
      chain(one === undefined ? [] : [{ ...one, isProven: index === 1 || index === 4 }]),
    );
    expect(stampsKept(chains, { daily: 1 })).toEqual(['2026-01-05', '2026-01-10']);
  });

  it('without any keep what holds a chain, and what has a tag', () => {
    const held = { kind: 'full-backups', keep: 2 } as const;
    const chains = nights(6).map(({ points }, index) =>
      chain(points, index > 3 ? held : undefined),
    );
    const [first] = chains;
    const tagged = chain((first?.points ?? []).map((one) => ({ ...one, tags: ['x'] })));
    expect(stampsKept([tagged, ...chains.slice(1)], undefined)).toEqual([
      '2026-01-01',
      '2026-01-05',
      '2026-01-06',
    ]);
  });
});

describe('a clock', () => {
  /** Backups of sixty nights, then some with other dates; stamps never go back. */
  function afterNights(dates: readonly number[]): readonly RetentionChain[] {
    const chains = [...nights(60)];
    for (const date of dates) {
      const stamps = chains.flatMap(({ points }) => points.map(({ stamp }) => stamp));
      const madeAt = new Date(date);
      chains.push(chain([point(madeAt, { stamp: nextStamp(madeAt, stamps) })]));
    }
    return chains;
  }
  const rules = { daily: 7, weekly: 4, monthly: 3, yearly: 2, within: span('10d') };
  const yearAhead = Date.UTC(2027, 2, 2, 3);
  const next = Date.UTC(2026, 2, 2, 3);

  it('that is a year ahead once removes nothing', () => {
    const kept = new Set(stampsKept(nights(60), rules));
    const then = stampsKept(afterNights([yearAhead]), rules);
    expect([...kept].filter((day) => !then.includes(day))).toEqual([]);
    const thinned = nights(60).filter(({ points: [one] }) =>
      kept.has(one?.stamp.slice(0, 10) ?? ''),
    );
    expect(stampsKept(thinned, rules)).toHaveLength(kept.size);
  });

  it('that was a year ahead once takes no night from those that follow', () => {
    const dates = [yearAhead, ...Array.from({ length: 6 }, (_, night) => next + night * DAY)];
    const kept = keptOf(afterNights(dates), { daily: 7 });
    const days = kept.flatMap(({ reasons }) =>
      reasons.flatMap((one) => (one.kind === 'daily' ? one.of : [])),
    );
    for (let night = 0; night < 6; night += 1) expect(days).toContain(`2026-03-0${night + 2}`);
    expect(days).toContain('2026-03-01');
  });

  it('that lost its battery makes nothing old', () => {
    const kept = new Set(stampsKept(nights(60), rules));
    const then = stampsKept(afterNights([Date.UTC(1970, 0, 1)]), rules);
    expect([...kept].filter((day) => !then.includes(day))).toEqual([]);
  });
});

describe('a site of several storages', () => {
  const storage = (name: string, seconds: readonly number[]): RetentionStorage => ({
    name,
    chains: seconds.map((second) =>
      chain([point(new Date(Date.UTC(2026, 0, 1, 3) + second * 1000))]),
    ),
  });

  it('keeps of each what a restore to a kept moment takes', () => {
    const day = DAY / 1000;
    // The catalog changes seldom, and is backed up before the Data.fs.
    const catalog = storage('catalog', [0, 2 * day]);
    const data = storage('Data', [5, day + 5, 2 * day + 5, 3 * day + 5, 4 * day + 5]);
    const [ofCatalog, ofData] = planRetention([catalog, data], { ...NO_RULES, daily: 4 });
    expect(ofData?.verdicts.map(({ reasons }) => reasons.length > 0)).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(ofCatalog?.verdicts.map(({ reasons }) => reasons.map(({ kind }) => kind))).toEqual([
      ['together'],
      ['newest', 'together', 'together', 'together'],
    ]);
  });
});

/** Any history: packs, increments, what is not whole, clocks that jump; of up to three storages. */
const anySite = fc
  .array(
    fc.record({
      storage: fc.constantFrom('catalog', 'users', 'Data'),
      isFull: fc.boolean(),
      isWhole: fc.boolean(),
      isProven: fc.boolean(),
      isTagged: fc.boolean(),
      isUndated: fc.boolean(),
      isHeld: fc.boolean(),
      jumpHours: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0, max: 60 }) },
        { weight: 2, arbitrary: fc.integer({ min: -9000, max: 20_000 }) },
      ),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((history): readonly RetentionStorage[] => {
    let clock = Date.UTC(2026, 0, 1);
    const storages = new Map<
      string,
      { points: RetentionPoint[]; held: RetentionChain['held'] }[]
    >();
    for (const [index, one] of history.entries()) {
      clock += one.jumpHours * 3600 * 1000;
      const chains = storages.get(one.storage) ?? [];
      storages.set(one.storage, chains);
      const stamps = chains.flatMap(({ points }) => points.map(({ stamp }) => stamp));
      const stamp = nextStamp(new Date(clock), stamps);
      const made: RetentionPoint = {
        stamp,
        madeAt: one.isUndated && index % 5 === 0 ? undefined : new Date(clock),
        isWhole: one.isWhole || index % 3 > 0,
        isProven: one.isProven && index % 4 === 0,
        tags: one.isTagged && index % 7 === 0 ? ['a-tag'] : [],
      };
      const held =
        one.isHeld && index % 11 === 0 ? ({ kind: 'other-database' } as const) : undefined;
      const newest = chains.at(-1);
      if (one.isFull || newest === undefined) chains.push({ points: [made], held });
      else newest.points.push(made);
    }
    return [...storages].map(([name, chains]) => ({ name, chains }));
  });

const anyRules = fc.option(
  fc.record({
    daily: fc.integer({ min: 0, max: 9 }),
    weekly: fc.integer({ min: 0, max: 5 }),
    monthly: fc.integer({ min: 0, max: 14 }),
    yearly: fc.integer({ min: 0, max: 3 }),
    within: fc.option(fc.constantFrom('1h', '36h', '30d', '2w', '6m', '1y').map(span), {
      nil: undefined,
    }),
  }),
  { nil: undefined },
);

function keptStamps(storages: readonly RetentionStorage[], rules: KeepRules | undefined) {
  return new Map(
    planRetention(storages, rules).map(({ name, verdicts }) => [
      name,
      new Set<Stamp>(verdicts.flatMap(({ stamp, reasons }) => (reasons.length > 0 ? stamp : []))),
    ]),
  );
}

const left = (
  storages: readonly RetentionStorage[],
  kept: ReadonlyMap<string, ReadonlySet<Stamp>>,
) =>
  storages.map(({ name, chains }) => ({
    name,
    chains: chains
      .map(({ points, held }) => ({
        held,
        points: points.filter(({ stamp }) => kept.get(name)?.has(stamp)),
      }))
      .filter(({ points }) => points.length > 0),
  }));

describe('whatever the history and the rules', () => {
  it('what is kept is restorable: nothing that a kept point needs goes, and what must stay does', () => {
    fc.assert(
      fc.property(anySite, anyRules, (storages, rules) => {
        const kept = keptStamps(storages, rules);
        for (const { name, chains } of storages) {
          const isKept = ({ stamp }: RetentionPoint) => kept.get(name)?.has(stamp) === true;
          const points = chains.flatMap((one) => one.points);
          for (const one of chains) {
            const states = one.points.map(isKept);
            expect(states.lastIndexOf(true) + 1).toBe(states.filter(Boolean).length);
            if (one.held !== undefined) expect(states).not.toContain(false);
          }
          expect(points.slice(-1).every(isKept)).toBe(true);
          expect(
            points
              .filter(({ isWhole }) => isWhole)
              .slice(-1)
              .every(isKept),
          ).toBe(true);
          expect(points.filter(({ tags }) => tags.length > 0).every(isKept)).toBe(true);
          if (rules !== undefined)
            expect(
              points
                .filter(({ isProven }) => isProven)
                .slice(-1)
                .every(isKept),
            ).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('of several storages the newest moment stays together, and each moment that a tag names', () => {
    fc.assert(
      fc.property(anySite, anyRules, (storages, rules) => {
        const kept = keptStamps(storages, rules);
        const moments = momentsOf(storages);
        const wanted = moments.filter((one) =>
          one.taken.some(({ point: { stamp, tags } }) => stamp === one.stamp && tags.length > 0),
        );
        if (rules !== undefined) wanted.push(...moments.filter(({ isWhole }) => isWhole).slice(-1));
        for (const { taken } of wanted) {
          for (const one of taken) expect(kept.get(one.storage)?.has(one.point.stamp)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('the newest that is whole stays, however often they are applied', () => {
    fc.assert(
      fc.property(anySite, anyRules, (storages, rules) => {
        const rest = left(storages, keptStamps(storages, rules));
        const again = keptStamps(rest, rules);
        for (const { name, chains } of rest) {
          const newest = chains.flatMap(({ points }) => points).filter(({ isWhole }) => isWhole);
          for (const { stamp } of newest.slice(-1)) expect(again.get(name)?.has(stamp)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
