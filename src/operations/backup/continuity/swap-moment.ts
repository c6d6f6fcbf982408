import type { ChainLink } from '../../../repository/layout/chain.ts';
import type { Run } from '../../../repository/records/run-history.ts';

/** When a restore, or what undid one, put a state of a Data.fs in place. */
export interface SwapMoment {
  /** Undefined where its clock was ahead, and nothing that was written since limits it. */
  readonly at: Date | undefined;
  /** Stamps of the backups that are in its log before it. */
  readonly ahead: ReadonlySet<string>;
  /** Stamps of those behind it. */
  readonly behind: ReadonlySet<string>;
}

/** The order in the log counts first, as a clock may have been wrong. */
export function wasMadeBefore({ file, record }: ChainLink, moment: SwapMoment): boolean {
  const { at, ahead, behind } = moment;
  if (behind.has(file.stamp)) return false;
  if (ahead.has(file.stamp)) return true;
  return at !== undefined && new Date(record?.madeAt ?? 0) <= at;
}

/** What no log tells of. A time that is later than `now` is not believed. */
export function momentOf(at: Date, now: Date): SwapMoment {
  return { at: at > now ? undefined : at, ahead: new Set(), behind: new Set() };
}

/** A line of a log that is of a swap, in its place. */
export interface LoggedSwap {
  readonly index: number;
  readonly at: Date;
}

/**
 * The moments of the swaps in a log. None is later than what was written behind it, nor than `now`.
 *
 * @param swaps - in the order of the log
 */
export function momentsIn(
  runs: readonly Run[],
  { swaps, now }: { readonly swaps: readonly LoggedSwap[]; readonly now: Date },
): readonly SwapMoment[] {
  const moments: SwapMoment[] = [];
  let limit = Number.POSITIVE_INFINITY;
  let end = runs.length;
  for (const { index, at } of swaps.toReversed()) {
    for (const run of runs.slice(index + 1, end)) limit = Math.min(limit, writtenAt(run));
    end = index;
    limit = Math.min(limit, at.getTime());
    const ahead = stampsMadeBy(runs.slice(0, index));
    const behind = stampsMadeBy(runs.slice(index + 1));
    moments.unshift({ ...momentOf(new Date(limit), now), ahead, behind });
  }
  return moments;
}

function writtenAt({ begun, seconds, result }: Run): number {
  return Date.parse(begun) + (result === 'begun' ? 0 : seconds * 1000);
}

function stampsMadeBy(runs: readonly Run[]): ReadonlySet<string> {
  return new Set(runs.flatMap(({ made = [] }) => made.map(({ stamp }) => stamp)));
}
