import type { CountingBlobs } from '../../blobs/ownership/retention-repository.ts';
import type { Lineage } from '../../filestorage/lineage.ts';
import { judgePoint, type PointFacts, wasSeenDeeply } from '../../repository/judgement.ts';
import { type ChainFiles, pointStampsOf } from '../../repository/layout/catalogue.ts';
import { type Chain, readChains } from '../../repository/layout/chain.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { chainsByPlace } from '../../repository/lineage/chains-by-place.ts';
import {
  areOfOtherContents,
  chainsOfNewest,
  compareChainLineages,
  type Origin,
} from '../../repository/lineage/same-database.ts';
import { sourceFaultsOf, sparesOlder } from '../../repository/lineage/source-faults.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { readFacts } from '../../repository/read-judgements.ts';
import {
  findUnreadChecks,
  readChecks,
  standingFaults,
} from '../../repository/records/check-results.ts';
import { noteGoingBlobs } from '../../repository/records/going-blobs.ts';
import { removeChain } from '../../repository/remove-chain.ts';
import type { Store } from '../../stores/store.ts';
import type { JobContext } from '../run/events.ts';
import { type ChainWorth, worthOfChains } from './chain-worth.ts';
import type { RemovalGuard } from './removal-guard.ts';
import { tellRemoval } from './tell-removal.ts';

/** A full backup that is about to be made. */
export interface ComingFull extends Origin {
  readonly sparesOlder: boolean;
  readonly mayLack: boolean;
}

/** How much is kept. */
export interface Pruning {
  /** Full backups that stay; 0: all. */
  readonly keep: number;
  /** Those of its restore points; undefined: they have none, or nobody backs them up here. */
  readonly blobs?: CountingBlobs | undefined;
}

/** What `keep` lets go. */
export interface PrunePlan {
  /** Oldest first. */
  readonly tooOld: readonly ChainFiles[];
  /** Of another database, or perhaps of another: they stay. */
  readonly foreign: readonly ForeignChain[];
}

/** One that doesn't belong to what the newest was made of, as far as anybody can tell. */
export interface ForeignChain {
  readonly full: string;
  /** The Data.fs that it was made of; undefined: nothing tells. */
  readonly source: string | undefined;
  /** Whether its transactions prove that it is of another database. */
  readonly isOther: boolean;
}

const NOTHING: PrunePlan = { tooOld: [], foreign: [] };

/**
 * Decides which full backups go, each with its increments: all that are older than the newest that `keep` counts (see
 * `worthOfChains`). Where every newer one is faulty, the newest of these stay, as many as `keep` says, and besides them
 * the newest that counts: what can't be restored as a whole must not push out what can, and a fault of the site itself
 * must not fill the disk. Backups of another database stay. The newest one from before an uncertain one stays: see
 * {@link newestBeforeUncertain}. Nothing goes while the newest full backup knows no better (see `SourceFaults`), or while
 * nobody can read which are known to be bad.
 *
 * @param coming - one that will be there, with its blobs, when this is carried out
 * @param finished - a point of which the blobs will be there then
 */
export async function planPrune(
  repository: OpenRepository,
  {
    keep,
    blobs,
    coming,
    finished,
  }: Pruning & {
    readonly coming?: ComingFull | undefined;
    readonly finished?: Stamp | undefined;
  },
): Promise<PrunePlan> {
  const { store } = repository;
  const catalogue = await repository.catalogue();
  const most = catalogue.chains.length + (coming === undefined ? 0 : 1);
  if (keep === 0 || most <= keep) return NOTHING;
  if ((await findUnreadChecks(store)) !== undefined) return NOTHING;
  const chains = await readChains(catalogue, chainsByPlace(repository.chainOf));
  // Where nobody backs up blobs with it, none are missed.
  const blobsOf = blobs?.factsOf ?? (async () => ({ kind: 'none' }) as const);
  const read = await readFacts(repository, { blobsOf });
  const facts = new Map(
    [...read].map(([stamp, one]) => [stamp, stamp === finished ? withItsBlobs(one) : one]),
  );
  const hasComing = coming !== undefined;
  const standing = standingFaults(await readChecks(store), new Set(facts.keys()));
  const seen = await worthOfChains(chains, { facts, hasComing, standing });
  if (goingOf(seen, keep).length === 0) return NOTHING;
  const own = await chainsOfNewest(store, chains, coming);
  const newest = own.at(-1);
  const spares = coming?.sparesOlder ?? (newest && sparesOlder(sourceFaultsOf(newest)));
  if (spares === true) return NOTHING;
  const worths = await worthOfChains(own, {
    facts,
    hasComing,
    standing,
    amountOf: blobs?.amountOf,
  });
  const spared = newestBeforeUncertain(worths, { facts, coming });
  const tooOld = goingOf(worths, keep).filter((chain) => chain !== spared);
  return {
    tooOld: tooOld.map(({ files }) => files),
    foreign: await foreignTo(store, { own, chains }),
  };
}

/**
 * Carries that out; a warning names the backups of another database. The caller holds the repository's
 * lock. Returns the names of the removed files.
 */
export async function pruneFulls(
  repository: OpenRepository,
  {
    guard,
    context,
    ...pruning
  }: Pruning & { readonly guard: RemovalGuard; readonly context: JobContext },
): Promise<readonly string[]> {
  const { store } = repository;
  const catalogue = await repository.catalogue();
  const { tooOld, foreign } = await planPrune(repository, pruning);
  tellForeign(foreign, context);
  if (tooOld.length === 0 || (await guard.ask()) !== 'may-remove') return [];
  if (pruning.blobs !== undefined) {
    await noteGoingBlobs(store, pointStampsOf({ chains: tooOld }));
  }
  const removed: string[] = [];
  for (const chain of tooOld) {
    const names = await tellRemoval(context, {
      folder: store.name,
      reason: { kind: 'newer-full-backups', keep: pruning.keep },
      remove: (onFile) => removeChain(store, { catalogue, chain, onFile }),
    });
    removed.push(...names);
  }
  return removed;
}

function withItsBlobs(facts: PointFacts): PointFacts {
  return { ...facts, runEnd: 'alone', blobs: { kind: 'none' } };
}

/** @param worths - oldest first */
function goingOf(worths: readonly ChainWorth[], keep: number): readonly Chain[] {
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
    coming,
  }: {
    readonly facts: ReadonlyMap<Stamp, PointFacts>;
    readonly coming: ComingFull | undefined;
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
  if (uncertain < 0) uncertain = coming?.mayLack === true ? chains.length : 0;
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

function tellForeign(foreign: readonly ForeignChain[], { onEvent }: JobContext): void {
  const namesOf = (some: readonly ForeignChain[]) => some.map(({ full }) => full);
  const others = foreign.filter(({ isOther }) => isOther);
  const perhaps = foreign.filter(({ isOther }) => !isOther);
  if (others.length > 0) {
    onEvent({
      kind: 'warning',
      code: 'other-database-kept',
      fullBackups: namesOf(others),
    });
  }
  if (perhaps.length > 0) {
    const sources = [...new Set(perhaps.flatMap(({ source }) => source ?? []))];
    onEvent({
      kind: 'notice',
      code: 'perhaps-other-database-kept',
      fullBackups: namesOf(perhaps),
      sources,
    });
  }
}
