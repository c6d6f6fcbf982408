import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { adopting, Failure } from '../../system/failure.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import type { BlobEntry } from '../layout/catalogue.ts';
import { readChain } from './read-chain.ts';
import { decodeChainState, isSameListing, listingOf } from './snapshot-file.ts';

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
    progress,
  }: {
    readonly folder: string;
    readonly state: BlobEntry;
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
  },
): Promise<boolean> {
  try {
    const { listed, lacking } = await readChain(chain, { folder, signal, progress });
    if (lacking !== undefined) return false;
    const path = join(folder, state.name);
    const listing = decodeChainState(await adopting(`read "${path}"`, () => readFile(path)));
    return listing !== undefined && isSameListing(listing, listingOf(listed));
  } catch (error) {
    if (error instanceof Failure && error.code === 'damaged') return false;
    throw error;
  }
}
