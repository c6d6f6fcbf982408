import type { OpenRepository } from '../../repository/open-repository.ts';
import { finishInterrupted, removeLeftovers } from '../../repository/recover-interrupted.ts';
import { finishRemovals } from '../../repository/remove-chain.ts';
import type { JobContext } from '../run/events.ts';

/**
 * Finishes, or takes away, what a run that was killed has left in a repository. The caller holds its
 * lock.
 */
export async function recoverInterruptedRun(
  repository: OpenRepository,
  { onEvent }: JobContext,
): Promise<void> {
  const { store } = repository;
  const half = await finishRemovals(store, await repository.catalogue());
  if (half.length > 0) {
    onEvent({
      kind: 'files-removed',
      folder: store.name,
      fileNames: half,
      reason: { kind: 'removal-interrupted' },
    });
  }
  const catalogue = await repository.catalogue();
  const fileNames = await removeLeftovers(store, catalogue);
  if (fileNames.length > 0) onEvent({ kind: 'leftovers-removed', fileNames });
  const newest = catalogue.chains.at(-1);
  if (newest === undefined) return;
  const finished = await finishInterrupted(store, await repository.chainOf(newest));
  if (finished !== undefined) {
    onEvent({ kind: 'backup-finished-late', fileName: finished.name });
  }
}
