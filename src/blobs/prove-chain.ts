import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adopting, Failure } from '../system/failure.ts';
import type { BlobEntry } from './catalogue.ts';
import { decodeChainState, isSameListing, listingOf } from './chain-state.ts';
import { inspectArchive, type ListedFolder } from './inspect-archive.ts';

/**
 * Whether a chain that another program made can be continued: every archive is whole, each file that
 * the last one lists is in one of them, and the state speaks of that last one. Reads all of it: who
 * continues it records what is then known.
 */
export async function isChainWhole(
  chain: readonly BlobEntry[],
  {
    folder,
    state,
    signal,
  }: { readonly folder: string; readonly state: BlobEntry; readonly signal: AbortSignal },
): Promise<boolean> {
  const saved = new Set<string>();
  let last: ListedFolder[] = [];
  for (const { name } of chain) {
    last = [];
    try {
      await inspectArchive(join(folder, name), {
        signal,
        onFolder: (listed) => last.push(listed),
        onFile: (path) => saved.add(path),
      });
    } catch (error) {
      if (error instanceof Failure && error.code === 'damaged') return false;
      throw error;
    }
  }
  const isAllThere = last.every(({ path, unchanged }) =>
    unchanged.every((name) => saved.has(`${path}${name}`)),
  );
  if (!isAllThere) return false;
  const path = join(folder, state.name);
  const listing = decodeChainState(await adopting(`read "${path}"`, () => readFile(path)));
  return listing !== undefined && isSameListing(listing, listingOf(last));
}
