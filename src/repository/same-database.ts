import type { Store } from '../stores/store.ts';
import type { ChainFiles } from './catalogue.ts';
import { readChain } from './chain.ts';

/** By what the backups of a chain tell whose they are; empty where repozo made them. */
interface Origin {
  /** Paths of the Data.fs files. A chain that went on after a move has two. */
  readonly sources: ReadonlySet<string>;
  /** Ids of the first transaction: a copy of a database has it, too. */
  readonly firstTids: ReadonlySet<string>;
}

/**
 * The chains that may be of the same database as the newest: backups of another one that came here by
 * a wrong location must not push out those that belong here. They are of another when both say so:
 * other paths, and another first transaction.
 *
 * @param chains - oldest first
 */
export async function chainsOfNewest(
  store: Store,
  chains: readonly ChainFiles[],
): Promise<readonly ChainFiles[]> {
  const sources = new Set<string>();
  const firstTids = new Set<string>();
  const found: ChainFiles[] = [];
  for (const chain of [...chains].reverse()) {
    const origin = await originOf(store, chain);
    const isUnknown = sources.size === 0 || origin.sources.size === 0;
    if (!isUnknown && !overlap(origin.sources, sources) && !overlap(origin.firstTids, firstTids)) {
      continue;
    }
    for (const source of origin.sources) sources.add(source);
    for (const tid of origin.firstTids) firstTids.add(tid);
    found.unshift(chain);
  }
  return found;
}

async function originOf(store: Store, files: ChainFiles): Promise<Origin> {
  const { links } = await readChain(store, files);
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
