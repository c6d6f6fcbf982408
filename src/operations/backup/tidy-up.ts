import { readCatalogue } from '../../repository/layout/catalogue.ts';
import { readChain } from '../../repository/layout/chain.ts';
import { finishInterrupted, removeLeftovers } from '../../repository/recover-interrupted.ts';
import { finishRemovals } from '../../repository/remove-chain.ts';
import type { Store } from '../../stores/store.ts';
import type { JobContext } from '../run/events.ts';

/**
 * Finishes, or takes away, what a run that was killed has left in a repository. The caller holds its
 * lock.
 */
export async function tidyUp(store: Store, { onEvent }: JobContext): Promise<void> {
  const found = await readCatalogue(store);
  const half = await finishRemovals(store, found);
  if (half.length > 0) {
    onEvent({
      kind: 'files-removed',
      folder: store.name,
      fileNames: half,
      reason: 'an interrupted run had begun to',
    });
  }
  const catalogue = half.length > 0 ? await readCatalogue(store) : found;
  const fileNames = await removeLeftovers(store, catalogue);
  if (fileNames.length > 0) onEvent({ kind: 'leftovers-removed', fileNames });
  const newest = catalogue.chains.at(-1);
  if (newest === undefined) return;
  const finished = await finishInterrupted(store, await readChain(store, newest));
  if (finished !== undefined) {
    onEvent({ kind: 'backup-finished-late', fileName: finished.name });
  }
}
