import { nameOfPeriod, PERIODS } from '../../system/calendar/period.ts';
import type { Stamp } from '../layout/stamp.ts';
import { notOlderThan, withCredibleClock } from './credible-clock.ts';
import { type Moment, momentsOf } from './moments.ts';
import type {
  KeepRules,
  PointVerdict,
  RetentionChain,
  RetentionStorage,
  StayReason,
} from './retention-point.ts';

/** What becomes of the restore points of a storage. */
export interface StorageRetention {
  readonly name: string;
  /** Oldest first. */
  readonly verdicts: readonly PointVerdict[];
}

/**
 * Decides which restore points of a site stay, and why. It reads nothing, and no clock but those of the points: the same
 * plan serves a repository and a copy elsewhere.
 *
 * - Of each storage the newest point stays, and the newest that can be restored as a whole.
 * - What has a tag stays, with what a restore of the site to that moment takes.
 * - The rules look at the moments of the whole site. Where one stays, all stays that a restore to it takes, of every
 *   storage. Moments that can't be restored as a whole are counted apart, and so are those whose clock is not believed:
 *   they take no other's place, and there are never too many of them.
 * - With rules, the newest moment that can be restored as a whole stays, and of each storage the newest point that a
 *   deep verification has found good.
 * - What stays needs all that comes before it in its chain. So of a chain only a tail goes, or all of it.
 *
 * @param rules - undefined: only what holds a chain keeps it, and what has a tag
 */
export function planRetention(
  storages: readonly RetentionStorage[],
  rules: KeepRules | undefined,
): readonly StorageRetention[] {
  const kept = new KeptPoints();
  const moments = momentsOf(storages);
  for (const { name, chains } of storages) keepAnyway(name, { chains, rules, kept });
  for (const moment of moments) {
    const isTagged = moment.taken.some(
      ({ point }) => point.stamp === moment.stamp && point.tags.length > 0,
    );
    if (isTagged) kept.together(moment);
  }
  if (rules !== undefined) {
    const newest = moments.findLast(({ isWhole }) => isWhole);
    if (newest !== undefined) kept.moment(newest, { kind: 'newest' });
    for (const { moment, reason } of momentsByRules(moments, rules)) kept.moment(moment, reason);
  }
  return storages.map(({ name, chains }) => ({
    name,
    verdicts: chains.flatMap(({ points }) => {
      const stamps = points.map(({ stamp }) => stamp);
      return withNeeded(stamps.map((stamp) => ({ stamp, reasons: kept.reasonsOf(name, stamp) })));
    }),
  }));
}

/** Why points stay, as it is found out. */
class KeptPoints {
  readonly #reasons = new Map<string, Map<Stamp, StayReason[]>>();

  reasonsOf(storage: string, stamp: Stamp): readonly StayReason[] {
    return this.#reasons.get(storage)?.get(stamp) ?? [];
  }

  point(
    storage: string,
    { stamp, reason }: { readonly stamp: Stamp; readonly reason: StayReason },
  ): void {
    const ofStorage = this.#reasons.get(storage) ?? new Map<Stamp, StayReason[]>();
    this.#reasons.set(storage, ofStorage);
    const reasons = ofStorage.get(stamp) ?? [];
    ofStorage.set(stamp, reasons);
    if (!reasons.some((one) => isSame(one, reason))) reasons.push(reason);
  }

  /** The point that has its stamp for that reason, the others with it. */
  moment(moment: Moment, reason: StayReason): void {
    const { stamp, taken } = moment;
    for (const { storage, point } of taken) {
      if (point.stamp === stamp) this.point(storage, { stamp, reason });
    }
    this.together(moment);
  }

  /** Two storages may have points with the same stamp, of which one has the reason. */
  together({ stamp, taken }: Moment): void {
    const reason = { kind: 'together', with: stamp } as const;
    for (const { storage, point } of taken) {
      const isReason = point.stamp === stamp && this.reasonsOf(storage, stamp).length > 0;
      if (!isReason) this.point(storage, { stamp: point.stamp, reason });
    }
  }
}

function isSame(one: StayReason, other: StayReason): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function keepAnyway(
  storage: string,
  {
    chains,
    rules,
    kept,
  }: {
    readonly chains: readonly RetentionChain[];
    readonly rules: KeepRules | undefined;
    readonly kept: KeptPoints;
  },
): void {
  const points = chains.flatMap((chain) => chain.points);
  const keep = (point: { readonly stamp: Stamp } | undefined, reason: StayReason) => {
    if (point !== undefined) kept.point(storage, { stamp: point.stamp, reason });
  };
  for (const { points: all, held } of chains) {
    if (held !== undefined) for (const point of all) keep(point, { kind: 'held', by: held });
  }
  keep(points.at(-1), { kind: 'newest' });
  keep(
    points.findLast(({ isWhole }) => isWhole),
    { kind: 'newest' },
  );
  for (const point of points) {
    if (point.tags.length > 0) keep(point, { kind: 'tagged', tags: point.tags });
  }
  if (rules === undefined) return;
  keep(
    points.findLast(({ isProven }) => isProven),
    { kind: 'verified' },
  );
}

type ChosenMoment = { readonly moment: Moment; readonly reason: StayReason };
type DatedMoment = Moment & { readonly madeAt: number };

function momentsByRules(moments: readonly Moment[], rules: KeepRules): readonly ChosenMoment[] {
  const dated = moments.filter((one): one is DatedMoment => one.madeAt !== undefined);
  const credible = new Set(withCredibleClock(dated));
  const series = [
    dated.filter((one) => one.isWhole && credible.has(one)),
    dated.filter((one) => one.isWhole && !credible.has(one)),
    dated.filter(({ isWhole }) => !isWhole),
  ];
  const undated = moments.filter(({ madeAt }) => madeAt === undefined);
  const { within } = rules;
  const young = within === undefined ? [] : notOlderThan(within, { all: dated, credible });
  return [
    ...undated.map((moment) => ({ moment, reason: { kind: 'undated' } as const })),
    ...young.flatMap((moment) =>
      within === undefined ? [] : { moment, reason: { kind: 'within', span: within } as const },
    ),
    ...series.flatMap((some) => newestOfPeriods(some, rules)),
  ];
}

/** The newest of each period, for as many periods with a moment as the rule says. */
function newestOfPeriods(
  moments: readonly DatedMoment[],
  rules: KeepRules,
): readonly ChosenMoment[] {
  const newestFirst = moments.toReversed();
  return PERIODS.flatMap((period) => {
    const newest = new Map<string, Moment>();
    if (rules[period] === 0) return [];
    for (const moment of newestFirst) {
      const name = nameOfPeriod(new Date(moment.madeAt), period);
      if (newest.has(name)) continue;
      if (newest.size === rules[period]) break;
      newest.set(name, moment);
    }
    return [...newest].map(([of, moment]) => ({ moment, reason: { kind: period, of } as const }));
  });
}

/** @param verdicts - of a chain, oldest first */
function withNeeded(verdicts: readonly PointVerdict[]): readonly PointVerdict[] {
  let next: Stamp | undefined;
  return verdicts
    .toReversed()
    .map((verdict): PointVerdict => {
      if (verdict.reasons.length > 0) next = verdict.stamp;
      else if (next !== undefined) return { ...verdict, reasons: [{ kind: 'needed', by: next }] };
      return verdict;
    })
    .toReversed();
}
