import type { CountingBlobs } from '../../blobs/ownership/retention-repository.ts';
import {
  depthOfFaults,
  hasFaultyBlobs,
  isSound,
  type Judgement,
  judgePoint,
  type PointFacts,
} from '../../repository/judgement.ts';
import type { Chain } from '../../repository/layout/chain.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { type Check, isAsDeep } from '../../repository/records/check-results.ts';
import { giveWay } from '../../system/streams/cooperative.ts';

/** What a full backup with its increments is worth to `keep`. */
export interface ChainWorth {
  /** Undefined for one that is about to be made. */
  readonly chain: Chain | undefined;
  /**
   * - `counts`: some point of it can be restored as a whole, as far as anybody knows;
   * - `faulty`: a look has found each of them bad, or nobody has looked as deeply yet as the look that found the site
   *   itself faulty;
   * - `lacking`: the `.dat` or the blobs are not there.
   */
  readonly worth: 'counts' | 'faulty' | 'lacking';
  /** Stamps of the points for which it counts; none: it doesn't. */
  readonly counting: readonly Stamp[];
}

/**
 * A backup copies the faults that the site has: where a look into the database has found some, newer full backups count
 * only when a look as deep has found none in them. A full backup of which nothing but the blobs is faulty counts where
 * no older one has sound blobs.
 *
 * @param chains - oldest first
 * @param facts - of all their points
 * @param hasComing - whether one more will be there, with its blobs
 * @param standing - a look that found faults in the database of a point that is gone: {@link standingFaults}
 * @param amountOf - counts the files of copies of blobs; absent: nobody counts them
 */
export async function worthOfChains(
  chains: readonly Chain[],
  {
    facts,
    hasComing,
    standing,
    amountOf,
  }: {
    readonly facts: ReadonlyMap<Stamp, PointFacts>;
    readonly hasComing: boolean;
    readonly standing: Check | undefined;
    readonly amountOf?: CountingBlobs['amountOf'] | undefined;
  },
): Promise<readonly ChainWorth[]> {
  const worths: ChainWorth[] = [];
  let faultDepth: ReturnType<typeof depthOfFaults>;
  let isOneSound = false;
  const older = chains.findLastIndex(
    ({ stamp }) => standing !== undefined && stamp < standing.stamp,
  );
  if (older < 0) faultDepth = standing?.kind;
  for (const [index, chain] of chains.entries()) {
    await giveWay();
    const points = await judgeFromNewest(chain, { facts, amountOf });
    const isProven = ({ data }: Judgement) =>
      faultDepth === undefined ||
      (data.kind === 'good' && data.depth !== undefined && isAsDeep(data.depth, faultDepth));
    const sound = chain.files.hasDat ? points.filter(isWhole) : [];
    const proven = sound.filter(isProven);
    const withFaultyBlobs = chain.files.hasDat ? points.filter(hasFaultyBlobs) : [];
    const isBest = !isOneSound && faultDepth === undefined;
    const counting = proven.length > 0 ? proven : isBest ? withFaultyBlobs : [];
    const isCounted = counting.length > 0;
    const isFaulty = sound.length > 0 || withFaultyBlobs.length > 0 || points.every(isDataBad);
    worths.push({
      chain,
      worth: isCounted ? 'counts' : isFaulty ? 'faulty' : 'lacking',
      counting: counting.map(({ stamp }) => stamp),
    });
    isOneSound ||= proven.length > 0;
    const [newest] = points;
    faultDepth = (newest && depthOfFaults(newest)) ?? (isCounted ? undefined : faultDepth);
    if (index === older) faultDepth ??= standing?.kind;
  }
  if (!hasComing) return worths;
  const worth = faultDepth === undefined ? 'counts' : 'faulty';
  return [...worths, { chain: undefined, worth, counting: [] }];
}

/** The newest first; those behind one that is sound need no count of their blobs. */
async function judgeFromNewest(
  { files }: Chain,
  {
    facts,
    amountOf,
  }: {
    readonly facts: ReadonlyMap<Stamp, PointFacts>;
    readonly amountOf: CountingBlobs['amountOf'] | undefined;
  },
): Promise<readonly Judgement[]> {
  const judged: Judgement[] = [];
  for (const { stamp } of [files.full, ...files.increments].toReversed()) {
    const seen = facts.get(stamp);
    if (seen === undefined) continue;
    const isCounted =
      amountOf !== undefined && seen.blobs.kind === 'there' && !judged.some(isWhole);
    if (!isCounted) judged.push(judgePoint(seen));
    else {
      const amount = await amountOf(stamp);
      judged.push(judgePoint({ ...seen, blobs: { ...seen.blobs, amount } }));
    }
  }
  return judged;
}

/** Sound, and with blobs that are there, where anybody knows of blobs. */
function isWhole(judgement: Judgement): boolean {
  return isSound(judgement) && judgement.blobs.kind !== 'unknown';
}

function isDataBad({ data }: Judgement): boolean {
  return data.kind === 'bad';
}
