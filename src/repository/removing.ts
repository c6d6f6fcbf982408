import type { Store } from '../stores/store.ts';
import type { Catalogue, ChainFiles } from './catalogue.ts';
import { datFileName, stampOfFileName } from './file-names.ts';

/**
 * The files of a chain in the order in which they may go: first the `.dat`, with which it ceases to
 * count, then from the newest increment back to the full backup, so that what a killed run leaves is
 * a shorter chain, which the next run takes for one and removes.
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

export async function removeChain(
  store: Store,
  { catalogue, chain }: { readonly catalogue: Catalogue; readonly chain: ChainFiles },
): Promise<readonly string[]> {
  const names = filesToRemove(catalogue, chain);
  for (const name of names) await store.remove(name);
  return names;
}

/** Newest first; of one stamp the data file last, since it is what makes the stamp known. */
function removalKey(name: string): string {
  const isData = /fsz?$/.test(name);
  return `${name.slice(0, 19)}${isData ? 0 : 1}${name}`;
}
