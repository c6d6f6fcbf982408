import { beginningOf, type Span } from '../../system/calendar/span.ts';

/** Something that a clock has given a time. */
interface Timed {
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** What is made within an hour is of one run: it says nothing about how often there is one. */
const ONE_RUN_MS = HOUR_MS;

/** How many of the last runs tell how often there is one. */
const RECENT_RUNS = 8;

/**
 * Those whose clock can be believed: most of them, one not before the other. The clock of the newest run is not believed
 * if it is more than a week later than all others, and more than twice as long as the longest recent pause, until another
 * run agrees with it.
 *
 * @param all - in the order in which they were made
 */
export function withCredibleClock<One extends Timed>(all: readonly One[]): readonly One[] {
  const ordered = longestInOrder(all);
  const gapBefore = (index: number) =>
    (ordered[index]?.madeAt ?? 0) - (ordered[index - 1]?.madeAt ?? 0);
  const begins = [...ordered.keys()].slice(1).filter((index) => gapBefore(index) >= ONE_RUN_MS);
  const newest = begins.at(-1);
  if (newest === undefined) return ordered;
  const pauses = begins.slice(-RECENT_RUNS, -1).map(gapBefore);
  const isLeap = gapBefore(newest) > Math.max(7 * DAY_MS, 2 * Math.max(0, ...pauses));
  return isLeap ? ordered.slice(0, newest) : ordered;
}

/** As many as possible, none earlier than the one before it. Of several such choices the one that ends latest. */
function longestInOrder<One extends Timed>(all: readonly One[]): readonly One[] {
  interface Step {
    readonly one: One;
    readonly before: Step | undefined;
  }
  // The smallest end of all choices of each length.
  const ends: Step[] = [];
  for (const one of all) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.one.madeAt ?? 0) <= one.madeAt) low = middle + 1;
      else high = middle;
    }
    ends[low] = { one, before: ends[low - 1] };
  }
  const ordered: One[] = [];
  for (let step = ends.at(-1); step !== undefined; step = step.before) ordered.push(step.one);
  return ordered.reverse();
}

/**
 * Those that are not older than a span. Ages count from the newest whose clock is believed. Of a time in which none was
 * made, no more than a day counts, or twice the usual time between two if that is more: so a clock that was ahead in
 * several runs makes nothing old. One whose clock is not believed is as old as the next newer one that is.
 *
 * @param all - in the order in which they were made
 * @param credible - those of them whose clock is believed
 */
export function notOlderThan<One extends Timed>(
  span: Span,
  { all, credible }: { readonly all: readonly One[]; readonly credible: ReadonlySet<One> },
): readonly One[] {
  const newest = all.findLast((one) => credible.has(one));
  if (newest === undefined) return all;
  const longest = longestThatCounts(all.filter((one) => credible.has(one)));
  const limit = beginningOf(span, new Date(newest.madeAt)).getTime();
  let later = newest.madeAt;
  let moment = newest.madeAt;
  return all
    .toReversed()
    .filter((one) => {
      if (credible.has(one)) {
        moment -= Math.min(later - one.madeAt, longest);
        later = one.madeAt;
      }
      return moment >= limit;
    })
    .toReversed();
}

function longestThatCounts(ordered: readonly Timed[]): number {
  const pauses = ordered
    .slice(1)
    .map(({ madeAt }, index) => madeAt - (ordered[index]?.madeAt ?? madeAt))
    .filter((pause) => pause >= ONE_RUN_MS)
    .sort((one, other) => one - other);
  const usual = pauses[Math.floor((pauses.length - 1) / 2)] ?? 0;
  return Math.max(DAY_MS, 2 * usual);
}
