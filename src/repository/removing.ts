import type { Store } from '../stores/store.ts';
import { collect } from '../system/stages.ts';
import type { Catalogue, ChainFiles } from './catalogue.ts';
import { parseDataFileName, removalFileName, stampOfFileName } from './file-names.ts';
import type { Stamp } from './stamp.ts';

/** What stands together in a repository: a full backup, or the `.dat` that it left, and what follows. */
export interface Family {
  /** Undefined for what is older than every full backup. */
  readonly head: Stamp | undefined;
  readonly names: readonly string[];
}

/** The family to which a stamp belongs, with files of which the data file is lost. */
export function familyOf({ names }: Catalogue, stamp: Stamp): Family {
  const heads = names
    .filter((name) => name.endsWith('.dat') || parseDataFileName(name)?.kind === 'full')
    .flatMap((name) => stampOfFileName(name) ?? [])
    .sort();
  const head = heads.findLast((one) => one <= stamp);
  const next = heads.find((one) => one > stamp);
  const isWithin = (one: Stamp) =>
    (head === undefined || one >= head) && (next === undefined || one < next);
  return {
    head,
    names: names.filter((name) => {
      const one = stampOfFileName(name);
      return one !== undefined && isWithin(one) && name !== removalFileName(one);
    }),
  };
}

/**
 * The order in which files of a family may go: first the `.dat`, with which it ceases to count, then from
 * the newest back to the oldest, so that at no moment an increment stands there without what it builds on,
 * which repozo would hang on the chain before. Of one stamp the data file goes last: it makes the stamp known.
 */
export function inOrderOfRemoval(names: readonly string[]): readonly string[] {
  const key = (name: string) =>
    name.endsWith('.dat') ? '~' : `${name.slice(0, 19)}${/fsz?$/.test(name) ? 0 : 1}${name}`;
  return [...names].sort((a, b) => (key(a) < key(b) ? 1 : -1));
}

/** Removes a chain. The caller holds the repository's lock. */
export async function removeChain(
  store: Store,
  {
    catalogue,
    chain,
    onFile,
  }: {
    readonly catalogue: Catalogue;
    readonly chain: ChainFiles;
    readonly onFile: (name: string) => void;
  },
): Promise<readonly string[]> {
  const names = inOrderOfRemoval(familyOf(catalogue, chain.full.stamp).names);
  await removeListed(store, { stamp: chain.full.stamp, names, onFile });
  return names;
}

/**
 * Removes files in this order. A file that lists what is to go comes first and goes last, so that the
 * next run can finish what a killed one has begun: from then on, what has the stamp, or follows it in its
 * family, doesn't count. The caller holds the repository's lock.
 */
export async function removeListed(
  store: Store,
  {
    stamp,
    names,
    onFile = () => {},
  }: {
    readonly stamp: Stamp;
    readonly names: readonly string[];
    readonly onFile?: (name: string) => void;
  },
): Promise<void> {
  const list = removalFileName(stamp);
  {
    await using file = await store.stage(list, [Buffer.from(`${names.join('\n')}\n`)]);
    await file.publish();
  }
  for (const name of [...names, list]) {
    onFile(name);
    await store.remove(name);
  }
}

/** Finishes the removals that killed runs have begun; gives what was still there. */
export async function finishRemovals(
  store: Store,
  catalogue: Catalogue,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const stamp of catalogue.removals) {
    const list = removalFileName(stamp);
    const listed = (await collect(store.read(list))).toString('utf8').split('\n');
    for (const name of listed.filter((one) => catalogue.names.includes(one))) {
      await store.remove(name);
      removed.push(name);
    }
    await store.remove(list);
  }
  return removed;
}
