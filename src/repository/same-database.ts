import { type Kinship, kinshipOf } from '../filestorage/kinship.ts';
import type { Store } from '../stores/store.ts';
import type { Chain, ChainLink } from './chain.ts';
import { knownAtBackup } from './known-at-backup.ts';
import { beginningOfLinks } from './log-beginning.ts';

/** By what the backups of a chain tell whose they are; empty where repozo made them. */
export interface Origin {
  /** Paths of the Data.fs files. A chain that went on after a move has two. */
  readonly sources: ReadonlySet<string>;
  /** Ids of the first transaction: a copy of a database has it, too. */
  readonly firstTids: ReadonlySet<string>;
}

/**
 * The chains that may be of the same database as the newest: backups of another one that came here by
 * a wrong location must not push out those that belong here. They are of another when both say so:
 * other paths, and another first transaction. repozo doesn't write down paths; there, the transactions
 * themselves have to tell.
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
  for (const chain of chains.toReversed()) {
    const origin = originOf(chain);
    const next = found[0];
    const isKnown = sources.size > 0 && origin.sources.size > 0;
    const isSame = overlap(origin.firstTids, firstTids) || overlap(origin.sources, sources);
    const isOther = isKnown
      ? !isSame
      : !isSame && next !== undefined && (await kinshipOfChains(store, [chain, next])) === 'other';
    if (isOther) continue;
    for (const source of origin.sources) sources.add(source);
    for (const tid of origin.firstTids) firstTids.add(tid);
    found.unshift(chain);
  }
  return found;
}

/** Whether two chains are of one database, by their transactions. */
export function kinshipOfChains(
  store: Store,
  [one, other]: readonly [Chain, Chain],
): Promise<Kinship> {
  return kinshipOf(beginningOfLinks(store, one.links), beginningOfLinks(store, other.links));
}

/** Whether a chain is of the Data.fs with this path, by its records; `unknown` where repozo made them. */
export function isChainOf(chain: Chain, path: string): 'yes' | 'no' | 'unknown' {
  const { sources } = originOf(chain);
  if (sources.size === 0) return 'unknown';
  return sources.has(path) ? 'yes' : 'no';
}

/**
 * The newest backup that was last made of the same database at each other path: before it moved, or of a
 * copy. It vouches for older ones of its path, unless it was known to lack the end of them. Those that are older than a backup of this Data.fs which knew of no copy
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
  const told = chains.filter((chain) => originOf(chain).sources.size > 0);
  const found: ChainLink[] = [];
  const vouched = new Set<string>();
  for (const chain of (await chainsOfNewest(store, told, origin)).toReversed()) {
    const last = chain.links.findLast(({ record }) => (record?.source ?? '') !== '');
    if (last === undefined) continue;
    const { hasOtherCopy, hasLostEnd } = knownAtBackup(chain);
    const source = last.record?.source ?? '';
    if (source === path) {
      if (!hasOtherCopy) break;
    } else if (!vouched.has(source)) {
      found.push(last);
      if (!hasLostEnd) vouched.add(source);
    }
  }
  return found;
}

function originOf({ links }: Chain): Origin {
  const records = links.flatMap(({ record }) => record ?? []);
  const firstTid = links[0]?.record?.firstTid;
  return {
    sources: new Set(records.map(({ source }) => source).filter((source) => source !== '')),
    firstTids: new Set(typeof firstTid === 'string' ? [firstTid] : []),
  };
}

function overlap(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...some].some((one) => others.has(one));
}
