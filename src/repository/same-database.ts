import { kinshipOf } from '../filestorage/kinship.ts';
import type { Store } from '../stores/store.ts';
import type { ChainFiles } from './catalogue.ts';
import { type Chain, readChain, readRecord } from './chain.ts';
import { tidsOfLinks } from './tids-of-log.ts';

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
  chains: readonly ChainFiles[],
  coming?: Origin,
): Promise<readonly ChainFiles[]> {
  const sources = new Set<string>(coming?.sources);
  const firstTids = new Set<string>(coming?.firstTids);
  const found: ChainFiles[] = [];
  let next: Chain | undefined;
  for (const files of [...chains].reverse()) {
    const chain = await readChain(store, files);
    const origin = originOf(chain);
    const isKnown = sources.size > 0 && origin.sources.size > 0;
    const isSame = overlap(origin.firstTids, firstTids) || overlap(origin.sources, sources);
    const isOther = isKnown ? !isSame : !isSame && (await areOfTwo(store, { chain, next }));
    if (isOther) continue;
    for (const source of origin.sources) sources.add(source);
    for (const tid of origin.firstTids) firstTids.add(tid);
    found.unshift(files);
    next = chain;
  }
  return found;
}

/**
 * Whether a chain is of the Data.fs with this path, by the records of its first and its last file alone;
 * `unknown` where repozo made them.
 */
export async function isChainOf(
  store: Store,
  { files, path }: { readonly files: ChainFiles; readonly path: string },
): Promise<'yes' | 'no' | 'unknown'> {
  const { full, increments } = files;
  let answer: 'no' | 'unknown' = 'unknown';
  for (const file of new Set([increments.at(-1) ?? full, full])) {
    const source = (await readRecord(store, file))?.source ?? '';
    if (source === path) return 'yes';
    if (source !== '') answer = 'no';
  }
  return answer;
}

/** @param next - the chain that follows; undefined for the newest */
async function areOfTwo(
  store: Store,
  { chain, next }: { readonly chain: Chain; readonly next: Chain | undefined },
): Promise<boolean> {
  if (next === undefined) return false;
  const kinship = await kinshipOf(tidsOfLinks(store, chain.links), tidsOfLinks(store, next.links));
  return kinship === 'other';
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
