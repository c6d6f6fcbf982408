import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import { collect } from '../../system/streams/pipeline.ts';
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
    store,
    state,
    signal,
    progress,
  }: {
    readonly store: Store;
    readonly state: BlobEntry;
    readonly signal: AbortSignal;
    readonly progress: WorkProgress;
  },
): Promise<boolean> {
  try {
    const { listed, lacking } = await readChain(chain, { store, signal, progress });
    if (lacking !== undefined) return false;
    const listing = decodeChainState(await collect(store.read(state.name)));
    return listing !== undefined && isSameListing(listing, listingOf(listed));
  } catch (error) {
    if (isFailure(error, 'damaged')) return false;
    throw error;
  }
}
