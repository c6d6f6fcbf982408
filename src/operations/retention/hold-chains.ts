import type { Lineage } from '../../filestorage/lineage.ts';
import { judgePoint, type PointFacts, wasSeenDeeply } from '../../repository/judgement.ts';
import type { Chain } from '../../repository/layout/chain.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import {
  areOfOtherContents,
  chainsOfNewest,
  compareChainLineages,
} from '../../repository/lineage/same-database.ts';
import { sourceFaultsOf, sparesOlder } from '../../repository/lineage/source-faults.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { readChecks, standingFaults } from '../../repository/records/check-results.ts';
import type { HeldBy } from '../../repository/retention/retention-point.ts';
import type { Store } from '../../stores/store.ts';
import { type ChainWorth, worthOfChains } from './chain-worth.ts';
import type { ComingFull, Pruning } from './pruning.ts';

/** One that doesn't belong to what the newest was made of, as far as anybody can tell. */
export interface ForeignChain {
  readonly full: string;
  /** The Data.fs that it was made of; undefined: nothing tells. */
  readonly source: string | undefined;
  /** Whether its transactions prove that it is of another database. */
  readonly isOther: boolean;
}

/** Which full backups stay with all their increments. */
export interface HeldChains {
  /** Why; of the others, the rules decide, and where there are none they go. */
  readonly heldBy: ReadonlyMap<Chain, HeldBy>;
  /** Of another database, or perhaps of another: they stay. */
  readonly foreign: readonly ForeignChain[];
  /** Stamps of the points that can be restored as a whole, as far as anybody knows. */
  readonly counting: ReadonlySet<Stamp>;
  /** Whether that is so of the newest chain, or of the one that comes. */
  readonly isNewestWhole: boolean;
}

interface Holding {
  readonly pruning: Pruning;
  /** Oldest first. */
  readonly chains: readonly Chain[];
  /** Of all their points. */
  readonly facts: ReadonlyMap<Stamp, PointFacts>;
  /** Why all of them stay. */
  readonly held: HeldBy | undefined;
  /** One that will be there, with its blobs, when this is carried out. */
  readonly full: ComingFull | undefined;
}

/**
 * `keep` lets go all full backups that are older than the newest that it counts (see `worthOfChains`). Where every newer
 * one is faulty, the newest of these stay, as many as `keep` says, and besides them the newest that counts: what can't be
 * restored as a whole must not push out what can, and a fault of the site itself must not fill the disk. Backups of
 * another database stay. The newest one from before an uncertain one stays: see {@link newestBeforeUncertain}. All stay
 * while the newest full backup knows no better (see `SourceFaults`).
 */
export async function holdChains(
  { store }: OpenRepository,
  { pruning: { keep, blobs }, chains, facts, held, full }: Holding,
): Promise<HeldChains> {
  const standing = standingFaults(await readChecks(store), new Set(facts.keys()));
  const judging = { facts, hasComing: full !== undefined, standing };
  const seen = await worthOfChains(chains, judging);
  const all = (by: HeldBy): HeldChains => ({
    ...whatCounts(seen),
    heldBy: new Map(chains.map((chain) => [chain, by])),
    foreign: [],
  });
  if (held !== undefined) return all(held);
  if (goingOf(seen, keep).length === 0) return all({ kind: 'full-backups', keep });
  const own = await chainsOfNewest(store, chains, full);
  const newest = own.at(-1);
  const spares = full?.sparesOlder ?? (newest && sparesOlder(sourceFaultsOf(newest)));
  if (spares === true) return all({ kind: 'source-faults' });
  // Where the rules alone decide, the blobs of what takes the place of another are counted later.
  const amountOf = keep === 0 ? undefined : blobs?.amountOf;
  const worths = await worthOfChains(own, { ...judging, amountOf });
  const spared = newestBeforeUncertain(worths, { facts, full });
  const going = new Set(goingOf(worths, keep));
  const heldBy = new Map<Chain, HeldBy>();
  for (const chain of chains) {
    if (!own.includes(chain)) heldBy.set(chain, { kind: 'other-database' });
    else if (chain === spared && going.has(chain)) heldBy.set(chain, { kind: 'before-uncertain' });
    else if (!going.has(chain)) heldBy.set(chain, { kind: 'full-backups', keep });
  }
  const foreign = await foreignTo(store, { own, chains });
  return { ...whatCounts(worths), heldBy, foreign };
}

function whatCounts(worths: readonly ChainWorth[]): Pick<HeldChains, 'counting' | 'isNewestWhole'> {
  return {
    counting: new Set(worths.flatMap(({ counting }) => counting)),
    isNewestWhole: worths.at(-1)?.worth === 'counts',
  };
}

/** @param worths - oldest first */
function goingOf(worths: readonly ChainWorth[], keep: number): readonly Chain[] {
  if (keep === 0) return worths.flatMap(({ chain }) => chain ?? []);
  const isCounted = ({ worth }: ChainWorth) => worth === 'counts';
  const isFaulty = ({ worth }: ChainWorth) => worth === 'faulty';
  const newerFaulty = worths.slice(worths.findLastIndex(isCounted) + 1).filter(isFaulty);
  const counted = newerFaulty.length >= keep ? 1 : keep;
  const oldestKept = worths.filter(isCounted).at(-counted);
  const older = oldestKept === undefined ? [] : worths.slice(0, worths.indexOf(oldestKept));
  const tooMany = worths.filter(isFaulty).slice(0, -keep);
  const going = new Set([...older, ...tooMany]);
  return worths.filter((one) => going.has(one)).flatMap(({ chain }) => chain ?? []);
}

/**
 * The newest full backup from before the oldest one of which nobody could tell whether it lacks something. A good
 * deep verification, or test restore, of that one or of a newer one ends the uncertainty.
 */
function newestBeforeUncertain(
  worths: readonly ChainWorth[],
  {
    facts,
    full,
  }: {
    readonly facts: ReadonlyMap<Stamp, PointFacts>;
    readonly full: ComingFull | undefined;
  },
): Chain | undefined {
  const there = worths.flatMap(({ chain, worth }) => (chain ? [{ chain, worth }] : []));
  const chains = there.map(({ chain }) => chain);
  const isProven = ({ links }: Chain) =>
    links.some(({ file }) => {
      const seen = facts.get(file.stamp);
      return seen !== undefined && wasSeenDeeply(judgePoint(seen));
    });
  const proven = chains.findLastIndex(isProven);
  let uncertain = chains.findIndex(
    (chain, index) => index > proven && sourceFaultsOf(chain).mayLack,
  );
  if (uncertain < 0) uncertain = full?.mayLack === true ? chains.length : 0;
  // It was held against what is older than those that lack something for certain.
  while (lacksForCertain(chains[uncertain - 1])) uncertain -= 1;
  const before = there.slice(0, uncertain);
  return (before.findLast(({ worth }) => worth === 'counts') ?? before.at(-1))?.chain;
}

function lacksForCertain(chain: Chain | undefined): boolean {
  return chain !== undefined && sourceFaultsOf(chain).isTruncated;
}

async function foreignTo(
  store: Store,
  { own, chains }: { readonly own: readonly Chain[]; readonly chains: readonly Chain[] },
): Promise<readonly ForeignChain[]> {
  const newest = own.at(-1);
  const lineages = new Map<string | null | undefined, Lineage>();
  const found: ForeignChain[] = [];
  for (const chain of chains) {
    if (own.includes(chain) || newest === undefined) continue;
    const firstTid = chain.links[0]?.record?.firstTid;
    const lineage = lineages.get(firstTid) ?? (await compareChainLineages(store, [chain, newest]));
    if (typeof firstTid === 'string') lineages.set(firstTid, lineage);
    const source = chain.links.findLast(({ record }) => record !== undefined)?.record?.source;
    const isOther = lineage === 'other' || areOfOtherContents(chain, newest);
    found.push({ full: chain.files.full.name, source, isOther });
  }
  return found;
}
