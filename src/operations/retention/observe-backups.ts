import type { Deletion } from '../../repository/deletion.ts';
import { isSound, judgePoint, type PointFacts, wasSeenDeeply } from '../../repository/judgement.ts';
import type { Catalogue, ChainFiles } from '../../repository/layout/catalogue.ts';
import { type Chain, readChains } from '../../repository/layout/chain.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import { chainsByPlace } from '../../repository/lineage/chains-by-place.ts';
import type { OpenRepository } from '../../repository/open-repository.ts';
import { readFacts } from '../../repository/read-judgements.ts';
import { findUnreadChecks } from '../../repository/records/check-results.ts';
import { dateOfPoint } from '../../repository/records/date-of-point.ts';
import { findUnreadTags, tagsByStamp } from '../../repository/records/tags.ts';
import type {
  HeldBy,
  RetentionChain,
  RetentionPoint,
} from '../../repository/retention/retention-point.ts';
import { type ForeignChain, holdChains } from './hold-chains.ts';
import type { ComingBackup, Pruning } from './pruning.ts';

/** The backups of one storage, as retention sees them. */
export interface ObservedBackups {
  readonly storage: string;
  readonly repository: OpenRepository;
  readonly pruning: Pruning;
  /** Oldest first, with what is about to be made. */
  readonly chains: readonly RetentionChain[];
  /** Of another database, or perhaps of another: they stay. */
  readonly foreign: readonly ForeignChain[];
  /** Points that have blobs of their own, which can be counted. */
  readonly withBlobs: ReadonlySet<Stamp>;
}

/** What is looked at, and what will be there when it is carried out. */
interface Observing {
  readonly storage: string;
  readonly pruning: Pruning;
  readonly coming?: ComingBackup | undefined;
  /** A point of which the blobs will be there then. */
  readonly finished?: Stamp | undefined;
}

/** Looks at the backups of one storage: which points there are, what they are worth, and which chains are held. */
export async function observeBackups(
  repository: OpenRepository,
  { storage, pruning, coming, finished }: Observing,
): Promise<ObservedBackups> {
  const { rules, blobs } = pruning;
  const catalogue = await repository.catalogue();
  const tags = await tagsByStamp(repository.store);
  const held = await whatHoldsAll(repository, { pruning, catalogue, coming });
  const common = { storage, repository, pruning };
  if (held !== undefined && rules === undefined) {
    const known = { tags, facts: new Map(), counting: new Set<Stamp>() };
    const chains = catalogue.chains.map((files) => ({ points: pointsOf(files, known), held }));
    return { ...common, chains, foreign: [], withBlobs: new Set() };
  }
  const chains = await readChains(catalogue, chainsByPlace(repository.chainOf));
  // Where nobody backs up blobs with it, none are missed.
  const blobsOf = blobs?.factsOf ?? (async () => ({ kind: 'none' }) as const);
  const read = await readFacts(repository, { blobsOf });
  const facts = new Map(
    [...read].map(([stamp, one]) => [stamp, stamp === finished ? withItsBlobs(one) : one]),
  );
  const holding = await holdChains(repository, {
    pruning,
    chains,
    facts,
    held,
    full: coming?.full,
  });
  const observed = chains.map((chain) => ({
    points: pointsOf(chain.files, { tags, facts, counting: holding.counting, chain }),
    held: holding.heldBy.get(chain),
  }));
  return {
    ...common,
    chains: coming === undefined ? observed : withComing(observed, { coming, holding }),
    foreign: holding.foreign,
    withBlobs: new Set(
      [...facts].flatMap(([stamp, one]) => (one.blobs.kind === 'there' ? stamp : [])),
    ),
  };
}

/** The same when these deletions are done. */
export function afterDeletions(
  observed: ObservedBackups,
  deletions: readonly Deletion[],
): ObservedBackups {
  const gone = new Set(deletions.flatMap(({ points }) => points));
  const chains = observed.chains
    .map(({ points, held }) => ({ held, points: points.filter(({ stamp }) => !gone.has(stamp)) }))
    .filter(({ points }) => points.length > 0);
  return { ...observed, chains };
}

/** Undefined where something may go. */
async function whatHoldsAll(
  { store }: OpenRepository,
  {
    pruning: { keep, rules, held },
    catalogue,
    coming,
  }: {
    readonly pruning: Pruning;
    readonly catalogue: Catalogue;
    readonly coming: ComingBackup | undefined;
  },
): Promise<HeldBy | undefined> {
  if (held !== undefined) return held;
  if (keep === 0 && rules === undefined) return { kind: 'keeps-all' };
  const most = catalogue.chains.length + (coming?.full === undefined ? 0 : 1);
  if (keep > 0 && most <= keep) return { kind: 'full-backups', keep };
  const fileName = (await findUnreadChecks(store)) ?? (await findUnreadTags(store));
  return fileName === undefined ? undefined : { kind: 'unread', fileName };
}

function withItsBlobs(facts: PointFacts): PointFacts {
  return { ...facts, runEnd: 'alone', blobs: { kind: 'none' } };
}

function pointsOf(
  { full, increments }: ChainFiles,
  {
    tags,
    facts,
    counting,
    chain,
  }: {
    readonly tags: ReadonlyMap<string, readonly string[]>;
    readonly facts: ReadonlyMap<Stamp, PointFacts>;
    readonly counting: ReadonlySet<Stamp>;
    /** Its records; absent: nobody has read them. */
    readonly chain?: Chain;
  },
): readonly RetentionPoint[] {
  const records = new Map(chain?.links.map(({ file, record }) => [file.stamp, record]));
  return [full, ...increments].map(({ stamp }) => {
    const read = facts.get(stamp);
    const judgement = read && judgePoint(read);
    return {
      stamp,
      madeAt: dateOfPoint(stamp, records.get(stamp)),
      isWhole: counting.has(stamp),
      isProven: judgement !== undefined && isSound(judgement) && wasSeenDeeply(judgement),
      tags: tags.get(stamp) ?? [],
    };
  });
}

function withComing(
  chains: readonly RetentionChain[],
  {
    coming: { stamp, madeAt, full },
    holding: { isNewestWhole },
  }: { readonly coming: ComingBackup; readonly holding: { readonly isNewestWhole: boolean } },
): readonly RetentionChain[] {
  const point = { stamp, madeAt, isWhole: isNewestWhole, isProven: false, tags: [] };
  const newest = chains.at(-1);
  if (full !== undefined || newest === undefined)
    return [...chains, { points: [point], held: undefined }];
  return [...chains.slice(0, -1), { ...newest, points: [...newest.points, point] }];
}
