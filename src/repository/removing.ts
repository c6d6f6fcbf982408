import type { Store } from '../stores/store.ts';
import { collect } from '../system/stages.ts';
import type { Catalogue, ChainFiles } from './catalogue.ts';
import { datFileName, removalFileName, stampOfFileName } from './file-names.ts';

/**
 * The files of a chain in the order in which they may go: first the `.dat`, with which it ceases to
 * count, then from the newest increment back to the full backup, so that at no moment an increment
 * stands there without what it builds on, which repozo would hang on the chain before.
 */
export function filesToRemove(catalogue: Catalogue, chain: ChainFiles): readonly string[] {
  const stamps = new Set([chain.full, ...chain.increments].map(({ stamp }) => stamp));
  const dat = datFileName(chain.full.stamp);
  const others = catalogue.names
    .filter((name) => {
      const stamp = stampOfFileName(name);
      return name !== dat && stamp !== undefined && stamps.has(stamp);
    })
    .sort((a, b) => (removalKey(a) < removalKey(b) ? 1 : -1));
  return [...(chain.hasDat ? [dat] : []), ...others];
}

/**
 * Removes a chain. A file that lists what is to go comes first and goes last, so that the next run
 * can finish what a killed one has begun. The caller holds the repository's lock.
 */
export async function removeChain(
  store: Store,
  { catalogue, chain }: { readonly catalogue: Catalogue; readonly chain: ChainFiles },
): Promise<readonly string[]> {
  const names = filesToRemove(catalogue, chain);
  const list = removalFileName(chain.full.stamp);
  {
    await using file = await store.stage(list, [Buffer.from(`${names.join('\n')}\n`)]);
    await file.publish();
  }
  for (const name of [...names, list]) await store.remove(name);
  return names;
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

/** Newest first; of one stamp the data file last, since it is what makes the stamp known. */
function removalKey(name: string): string {
  const isData = /fsz?$/.test(name);
  return `${name.slice(0, 19)}${isData ? 0 : 1}${name}`;
}
