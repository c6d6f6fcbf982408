import { type Catalogue, type ChainFiles, readCatalogue } from '../repository/catalogue.ts';
import { type Chain, type ChainReader, hasOtherSize, readChains } from '../repository/chain.ts';
import { type Check, knownBad, readChecks } from '../repository/checks.ts';
import { knownAtBackup, sparesOlder } from '../repository/known-at-backup.ts';
import { removeChain } from '../repository/removing.ts';
import { chainsOfNewest, type Origin } from '../repository/same-database.ts';
import type { Stamp } from '../repository/stamp.ts';
import { planKeepFulls } from '../retention/keep-fulls.ts';
import type { Store } from '../stores/store.ts';
import { chainsByPlace } from './chains-by-place.ts';
import { type JobContext, withStep } from './events.ts';

/** A full backup that is about to be made. */
export interface ComingFull extends Origin {
  readonly sparesOlder: boolean;
  readonly mayLack: boolean;
}

/** How much is kept. */
export interface Pruning {
  /** Full backups that stay; 0: all. */
  readonly keep: number;
  /** Of which restore points there are blobs; undefined: they have none, or nobody backs them up here. */
  readonly withBlobs?: ReadonlySet<Stamp> | undefined;
  /** Whether nothing is known to be wrong with those blobs. */
  readonly areSound?: ((stamp: Stamp) => Promise<boolean>) | undefined;
}

/** What `keep` lets go. */
export interface PrunePlan {
  /** Oldest first. */
  readonly tooOld: readonly ChainFiles[];
  /** Of another database: they stay. */
  readonly foreign: readonly ChainFiles[];
  readonly reason: string;
}

const NOTHING: PrunePlan = { tooOld: [], foreign: [], reason: '' };

/**
 * Decides which full backups go, each with its increments. Only one with a `.dat`, in which verify found
 * nothing, with a file of its size, and with its blobs, is counted as one to keep: what can't be restored as a whole
 * must not push out what can. One of which the blobs are known to be damaged counts only where no older one has
 * sound ones. Those that don't count go when all that are kept are newer. Backups of
 * another database stay. Nothing goes while the newest full backup knows no better: see `KnownAtBackup`. The newest
 * one from before a doubt stays: see {@link newestBeforeDoubt}.
 *
 * @param coming - one that will be there, with its blobs, when this is carried out
 */
export async function planPrune(
  store: Store,
  {
    catalogue,
    chainOf,
    keep,
    withBlobs,
    areSound,
    coming,
  }: Pruning & {
    readonly catalogue: Catalogue;
    readonly chainOf: ChainReader;
    readonly coming?: ComingFull | undefined;
  },
): Promise<PrunePlan> {
  const isOneComing = coming !== undefined;
  const most = catalogue.chains.length + (isOneComing ? 1 : 0);
  if (keep === 0 || most <= keep) return NOTHING;
  const chains = await readChains(catalogue, chainOf);
  const checks = await readChecks(store);
  const bad = knownBad(checks);
  const counts = (chain: Chain) =>
    chain.files.hasDat && !bad.has(chain.stamp) && !isCut(chain) && hasBlobs(chain, withBlobs);
  if (olderThanKept(chains, { keep, counts, isOneComing }).length === 0) return NOTHING;
  const own = await chainsOfNewest(store, chains, coming);
  const newest = own.at(-1);
  const spares = coming?.sparesOlder ?? (newest && sparesOlder(knownAtBackup(newest)));
  if (spares === true) return NOTHING;
  const counting = await withoutUnsound(own.filter(counts), areSound);
  const isCounted = (chain: Chain) => counting.has(chain);
  const spared = newestBeforeDoubt(own, { checks, counts: isCounted, coming });
  const tooOld = olderThanKept(own, { keep, counts: isCounted, isOneComing });
  return {
    tooOld: tooOld.filter((chain) => chain !== spared).map(({ files }) => files),
    foreign: chains.filter((chain) => !own.includes(chain)).map(({ files }) => files),
    reason: `newer full backups to keep: ${keep}`,
  };
}

/**
 * Carries that out; a warning names the backups of another database. The caller holds the repository's
 * lock. Returns the names of the removed files.
 */
export async function pruneFulls(
  store: Store,
  { context, ...pruning }: Pruning & { readonly context: JobContext },
): Promise<readonly string[]> {
  const catalogue = await readCatalogue(store);
  const planned = await planPrune(store, { catalogue, chainOf: chainsByPlace(store), ...pruning });
  const { tooOld, foreign, reason } = planned;
  if (foreign.length > 0) warnOfForeign(foreign, context);
  const removed: string[] = [];
  for (const chain of tooOld) {
    const fileNames = await withStep(context, {
      step: 'remove',
      totalBytes: undefined,
      work: ({ onFile }) => removeChain(store, { catalogue, chain, onFile }),
    });
    removed.push(...fileNames);
    context.onEvent({ kind: 'files-removed', folder: store.name, fileNames, reason });
  }
  return removed;
}

/** Whether its full backup has another size than was written. */
function isCut({ links: [full] }: Chain): boolean {
  return full !== undefined && hasOtherSize(full);
}

/** Whether there is a restore point in it that has its blobs. */
function hasBlobs({ files }: Chain, withBlobs: ReadonlySet<Stamp> | undefined): boolean {
  if (withBlobs === undefined) return true;
  return [files.full, ...files.increments].some(({ stamp }) => withBlobs.has(stamp));
}

/** What has unsound blobs takes no place of an older one that has sound ones. */
async function withoutUnsound(
  chains: readonly Chain[],
  areSound: Pruning['areSound'],
): Promise<ReadonlySet<Chain>> {
  if (areSound === undefined) return new Set(chains);
  const counting = new Set<Chain>();
  let isOneSound = false;
  for (const chain of chains) {
    const isSound = await hasSoundBlobs(chain, areSound);
    if (isSound || !isOneSound) counting.add(chain);
    isOneSound ||= isSound;
  }
  return counting;
}

async function hasSoundBlobs(
  { files }: Chain,
  areSound: (stamp: Stamp) => Promise<boolean>,
): Promise<boolean> {
  for (const { stamp } of [files.full, ...files.increments].toReversed()) {
    if (await areSound(stamp)) return true;
  }
  return false;
}

/** Oldest first, as the chains are. */
function olderThanKept(
  chains: readonly Chain[],
  {
    keep,
    counts,
    isOneComing,
  }: {
    readonly keep: number;
    readonly counts: (chain: Chain) => boolean;
    readonly isOneComing: boolean;
  },
): readonly Chain[] {
  const counted: readonly (Chain | 'coming')[] = [
    ...chains.filter(counts),
    ...(isOneComing ? (['coming'] as const) : []),
  ];
  if (counted.length < keep) return [];
  const oldestKept = planKeepFulls(counted, keep).find(({ kind }) => kind === 'keep')?.item;
  if (oldestKept === undefined) return [];
  if (oldestKept === 'coming') return chains;
  return chains.filter(({ stamp }) => stamp < oldestKept.stamp);
}

/**
 * The newest full backup from before the oldest one of which nobody could tell whether it lacks something. A good
 * deep verification, or rehearsal, of that one or of a newer one settles the doubt.
 */
function newestBeforeDoubt(
  chains: readonly Chain[],
  {
    checks,
    counts,
    coming,
  }: {
    readonly checks: readonly Check[];
    readonly counts: (chain: Chain) => boolean;
    readonly coming: ComingFull | undefined;
  },
): Chain | undefined {
  const proven = new Set(
    checks
      .filter(({ kind, outcome }) => kind !== 'verify' && outcome === 'good')
      .map(({ stamp }) => stamp),
  );
  const isProven = ({ links }: Chain) => links.some(({ file }) => proven.has(file.stamp));
  const settled = chains.findLastIndex(isProven);
  let doubted = chains.findIndex((chain, index) => index > settled && knownAtBackup(chain).mayLack);
  if (doubted < 0) doubted = coming?.mayLack === true ? chains.length : 0;
  // It was held against what is older than those that lack something for certain.
  while (lacksForCertain(chains[doubted - 1])) doubted -= 1;
  const before = chains.slice(0, doubted);
  return before.findLast(counts) ?? before.at(-1);
}

function lacksForCertain(chain: Chain | undefined): boolean {
  return chain !== undefined && knownAtBackup(chain).hasLostEnd;
}

function warnOfForeign(foreign: readonly ChainFiles[], { onEvent }: JobContext): void {
  const names = foreign.map(({ full }) => full.name).join(', ');
  onEvent({
    kind: 'warning',
    text: `backups of another Data.fs are kept, whatever "keep" says: ${names}. If nobody needs them, remove them by hand; otherwise give each Data.fs a folder of its own`,
  });
}
