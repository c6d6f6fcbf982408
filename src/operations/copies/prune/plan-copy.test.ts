import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keepsAny } from '../../../config/model/keep-rules.ts';
import { formatStamp } from '../../../repository/layout/stamp.ts';
import { parseSpan } from '../../../system/calendar/span.ts';
import { chainsOf } from './chains-of.ts';
import type { CopyKeeping } from './hold-chains.ts';
import type { KnownPoint } from './known-point.ts';
import { type PlannedPoint, planCopyRetention } from './plan-copy.ts';

const HOUR_MS = 3600 * 1000;
const FIRST = Date.UTC(2026, 2, 1, 3);

const anyPoint = fc.record({
  storage: fc.constantFrom('Data', 'Data', 'catalog'),
  kind: fc.constantFrom('backup' as const, 'backup' as const, 'snapshot' as const),
  hours: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.constantFrom(24 * 31, 24 * 365) },
  ),
  /** Of the clock of its run. */
  offHours: fc.constantFrom(0, 0, 0, 0, 24, -24, 24 * 365),
  isFull: fc.boolean(),
  isWhole: fc.integer({ min: 0, max: 4 }).map((number) => number > 0),
  isProven: fc.integer({ min: 0, max: 4 }).map((number) => number === 0),
  isTagged: fc.integer({ min: 0, max: 6 }).map((number) => number === 0),
  source: fc.constantFrom(
    ...([
      undefined,
      undefined,
      { doubt: 'may-lack' },
      { doubt: 'lacks' },
      { id: 'one' },
      { id: 'two' },
    ] as const),
  ),
  firstTid: fc.constantFrom(undefined, '1', '1', '2'),
});

const anyHistory = fc.array(anyPoint, { minLength: 1, maxLength: 24 }).map((some) => {
  let at = FIRST;
  return some.map(
    ({
      storage,
      kind,
      hours,
      offHours,
      isFull,
      isTagged,
      isProven,
      isWhole,
      ...more
    }): KnownPoint => {
      at += hours * HOUR_MS;
      return {
        place: { storage, kind },
        stamp: formatStamp(new Date(at)),
        part: isFull ? 'full' : 'increment',
        madeAt: new Date(at + offHours * HOUR_MS),
        isWhole,
        isProven: isProven && isWhole,
        tags: isTagged ? ['before-upgrade'] : [],
        ...more,
      };
    },
  );
});

const anyKeeping = fc
  .record({
    keep: fc.constantFrom(0, 0, 1, 2),
    daily: fc.integer({ min: 0, max: 3 }),
    weekly: fc.integer({ min: 0, max: 2 }),
    monthly: fc.integer({ min: 0, max: 2 }),
    yearly: fc.integer({ min: 0, max: 1 }),
    within: fc.option(fc.constantFrom('36h', '3d', '1w').map(parseSpan), { nil: undefined }),
  })
  .map(
    ({ keep, ...rules }): CopyKeeping => ({ keep, keepRules: keepsAny(rules) ? rules : undefined }),
  );

const NOT_HELD = { held: undefined } as const;

function placesOf(plan: readonly PlannedPoint<KnownPoint>[]) {
  const places = new Map<string, PlannedPoint<KnownPoint>[]>();
  for (const one of plan) {
    const { storage, kind } = one.point.place;
    const name = `${storage} ${kind}`;
    places.set(name, [...(places.get(name) ?? []), one]);
  }
  return [...places.values()];
}

const stays = ({ reasons }: PlannedPoint<KnownPoint>) => reasons.length > 0;

describe('retention of a copy', () => {
  it('keeps what can be restored, whatever the history and the rules', () => {
    fc.assert(
      fc.property(anyHistory, anyKeeping, (points, keeping) => {
        const plan = planCopyRetention(points, { ...keeping, ...NOT_HELD });
        expect(plan.map(({ point }) => point)).toEqual(points);
        for (const ofPlace of placesOf(plan)) {
          const newest = [
            ofPlace.at(-1),
            ofPlace.findLast(({ point }) => point.isWhole),
            ofPlace.findLast(({ point }) => point.isProven),
            ...ofPlace.filter(({ point }) => point.tags.length > 0),
          ];
          for (const one of newest) if (one !== undefined) expect(stays(one)).toBe(true);
          const chains = chainsOf(ofPlace.map((one) => ({ ...one.point, one })));
          for (const chain of chains) {
            const staying = chain.map(({ one }) => stays(one));
            expect(staying.slice(0, Math.max(0, staying.lastIndexOf(true)))).not.toContain(false);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('removes nothing without a rule, nor while something holds it', () => {
    fc.assert(
      fc.property(anyHistory, anyKeeping, (points, keeping) => {
        const held = { kind: 'lost-blobs' } as const;
        expect(planCopyRetention(points, { ...keeping, held }).every(stays)).toBe(true);
        const none = { keep: 0, ...NOT_HELD };
        expect(planCopyRetention(points, none).every(stays)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the chains of a copy', () => {
  const fullAt = (day: number, change: Partial<KnownPoint> = {}): KnownPoint => ({
    place: { storage: 'Data', kind: 'backup' },
    stamp: formatStamp(new Date(FIRST + day * 24 * HOUR_MS)),
    part: 'full',
    madeAt: new Date(FIRST + day * 24 * HOUR_MS),
    ...{ isWhole: true, isProven: false, tags: [], source: undefined, firstTid: undefined },
    ...change,
  });
  const planOf = (points: readonly KnownPoint[], keep: number) =>
    planCopyRetention(points, { keep, ...NOT_HELD }).map(({ reasons }) => reasons);

  it('go as soon as there are more than the copy keeps', () => {
    const by = { kind: 'full-backups', keep: 2 } as const;
    const [first, second, third] = planOf([fullAt(1), fullAt(2), fullAt(3)], 2);
    expect([first, second?.[0], third?.[0]]).toEqual([
      [],
      { kind: 'held', by },
      { kind: 'held', by },
    ]);
  });

  it('push none out that can be restored, if they can not', () => {
    const bad = { isWhole: false };
    const [first, second] = planOf([fullAt(1), fullAt(2, bad), fullAt(3, bad)], 1);
    expect([first?.length, second?.length]).not.toContain(0);
  });

  it('stay while the newest is of a Data.fs that had lost something', () => {
    const plan = planOf([fullAt(1), fullAt(2), fullAt(3, { source: { doubt: 'lacks' } })], 1);
    for (const reasons of plan) {
      expect(reasons[0]).toEqual({ kind: 'held', by: { kind: 'source-faults' } });
    }
  });

  it('stay before one that may lack something, until a deep look has found a newer one good', () => {
    const points = [
      fullAt(1),
      fullAt(2),
      fullAt(3, { source: { doubt: 'may-lack' } }),
      fullAt(4),
    ] as const;
    expect(planOf(points, 1).map(({ length }) => length)).toEqual([0, 1, 0, 2]);
    const proven = [...points.slice(0, 3), fullAt(4, { isProven: true })];
    expect(planOf(proven, 1).map(({ length }) => length)).toEqual([0, 0, 0, 3]);
  });

  it('stay if they are of another database than the newest', () => {
    const own = { source: { id: 'aaaa' }, firstTid: '1' };
    const other = { source: { id: 'bbbb' }, firstTid: '2' };
    const plan = planOf([fullAt(1, other), fullAt(2, own), fullAt(3, own)], 1);
    expect(plan.map((reasons) => reasons[0])).toEqual([
      { kind: 'held', by: { kind: 'other-database' } },
      undefined,
      expect.anything(),
    ]);
    const moved = { source: { id: 'cccc' }, firstTid: '1' };
    const afterMove = planOf([fullAt(1, moved), fullAt(2, own), fullAt(3, own)], 1);
    expect(afterMove[0]).toEqual([]);
  });
});
