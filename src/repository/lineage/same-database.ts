import { compareLineages, type Lineage, type LogBeginning } from '../../filestorage/lineage.ts';
import type { Store } from '../../stores/store.ts';
import type { Chain, ChainLink } from '../layout/chain.ts';
import { beginningOfLinks } from './log-beginning.ts';
import { sourceFaultsOf } from './source-faults.ts';

/** By what the backups of a chain tell whose they are; empty where repozo made them. */
export interface Origin {
  /** Paths of the Data.fs files. A chain that went on after a move has two. */
  readonly sources: ReadonlySet<string>;
  /** Ids of the first transaction: a copy of a database has it, too. */
  readonly firstTids: ReadonlySet<string>;
  readonly beginning: LogBeginning;
  /** Whether it was all of a database, or the changes of a DemoStorage: none where nothing tells. */
  readonly contents: ReadonlySet<'database' | 'changes'>;
}

/**
 * The chains that may be of the same database as the newest: backups of another one that came here by
 * a wrong location must not push out those that belong here. They are of another when all say so: other paths, another
 * first transaction, and no other one that would prove that a site was moved, and then packed. repozo doesn't
 * write down paths; there, the transactions themselves have to prove it.
 *
 * @param chains - oldest first
 * @param coming - of a full backup that will be the newest
 */
export async function chainsOfNewest(
  store: Store,
  chains: readonly Chain[],
  coming?: Origin,
): Promise<readonly Chain[]> {
  const sources = new Set<string>(coming?.sources);
  const firstTids = new Set<string>(coming?.firstTids);
  const found: Chain[] = [];
  let next = coming;
  const contents = coming?.contents ?? contentsOf(chains);
  const lineageToNext = rememberedLineage();
  for (const chain of chains.toReversed()) {
    const origin = originOf(chain, store);
    // The changes of a DemoStorage are another database than their base was, also at its place.
    if (areDifferent(origin.contents, contents)) continue;
    const isKnown = sources.size > 0 && origin.sources.size > 0;
    if (!overlap(origin.firstTids, firstTids) && !overlap(origin.sources, sources)) {
      const lineage = await lineageToNext(origin, next);
      if (isKnown ? lineage !== 'same' : lineage === 'other') continue;
    }
    for (const source of origin.sources) sources.add(source);
    for (const tid of origin.firstTids) firstTids.add(tid);
    found.unshift(chain);
    next = origin;
  }
  return found;
}

/** Another database may have many backups here, which all begin with one transaction: it is looked for once. */
function rememberedLineage(): (one: Origin, next: Origin | undefined) => Promise<Lineage> {
  const known = new Map<string, Promise<Lineage>>();
  let to: Origin | undefined;
  return async (one, next) => {
    if (next === undefined) return 'unknown';
    if (next !== to) known.clear();
    to = next;
    const [firstTid = ''] = one.firstTids;
    const lineage = known.get(firstTid) ?? compareLineages(one.beginning, next.beginning);
    if (firstTid !== '') known.set(firstTid, lineage);
    return await lineage;
  };
}

/** Whether two chains are of one database, by their transactions. */
export function compareChainLineages(
  store: Store,
  [one, other]: readonly [Chain, Chain],
): Promise<Lineage> {
  return compareLineages(beginningOfLinks(store, one.links), beginningOfLinks(store, other.links));
}

/** Whether a chain is of the Data.fs with this path, by its records; `unknown` where repozo made them. */
export function isChainOf(chain: Chain, path: string): 'yes' | 'no' | 'unknown' {
  const sources = sourcesOf(chain);
  if (sources.size === 0) return 'unknown';
  return sources.has(path) ? 'yes' : 'no';
}

/**
 * The newest backup that was last made of the same database at each other path: before it moved, or of a
 * copy. It stands for older ones of its path, unless it was known to lack the end of them. Those that are older than a backup of this Data.fs which knew of no copy
 * are parts of its own past. Backups of repozo tell no path.
 *
 * @param chains - oldest first
 * @param origin - of the Data.fs at this path
 */
export async function backupsOfCopies(
  store: Store,
  {
    chains,
    path,
    origin,
  }: { readonly chains: readonly Chain[]; readonly path: string; readonly origin: Origin },
): Promise<readonly ChainLink[]> {
  const told = chains.filter((chain) => sourcesOf(chain).size > 0);
  const found: ChainLink[] = [];
  const complete = new Set<string>();
  for (const chain of (await chainsOfNewest(store, told, origin)).toReversed()) {
    const last = chain.links.findLast(({ record }) => (record?.source ?? '') !== '');
    if (last === undefined) continue;
    const { hasOtherCopy, isTruncated } = sourceFaultsOf(chain);
    const source = last.record?.source ?? '';
    if (source === path) {
      // What lacks the end of the ones before does not stand for them.
      if (!hasOtherCopy && !isTruncated) break;
    } else if (!complete.has(source)) {
      found.push(last);
      if (!isTruncated) complete.add(source);
    }
  }
  return found;
}

export function originOf(chain: Chain, store: Store): Origin {
  const [first] = chain.links;
  const firstTid = first?.record?.firstTid;
  return {
    sources: sourcesOf(chain),
    firstTids: new Set(typeof firstTid === 'string' ? [firstTid] : []),
    beginning: beginningOfLinks(store, chain.links),
    contents: contentsOf([chain]),
  };
}

function sourcesOf({ links }: Chain): ReadonlySet<string> {
  const sources = links.map(({ record }) => record?.source ?? '');
  return new Set(sources.filter((source) => source !== ''));
}

/** Of the newest backup that tells. */
function contentsOf(chains: readonly Chain[]): Origin['contents'] {
  const record = chains.flatMap(({ links }) => links).findLast((link) => link.record)?.record;
  if (record === undefined) return new Set();
  return new Set([record.changes === true ? 'changes' : 'database']);
}

/** Whether two chains are known to be of different contents, the changes of a DemoStorage and all of a database. */
export function areOfOtherContents(one: Chain, other: Chain): boolean {
  return areDifferent(contentsOf([one]), contentsOf([other]));
}

function areDifferent(some: Origin['contents'], others: Origin['contents']): boolean {
  return some.size > 0 && others.size > 0 && ![...some].some((one) => others.has(one));
}

function overlap(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...some].some((one) => others.has(one));
}
