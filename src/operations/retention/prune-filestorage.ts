import { noteGoingBlobs } from '../../repository/records/going-blobs.ts';
import { removeListed } from '../../repository/remove-chain.ts';
import type { JobContext } from '../run/events.ts';
import type { RemovalReason } from '../run/removal-reason.ts';
import type { ForeignChain } from './hold-chains.ts';
import type { RemovalPlan } from './plan-removals.ts';
import type { Pruning } from './pruning.ts';
import type { RemovalGuard } from './removal-guard.ts';
import { tellRemoval } from './tell-removal.ts';

/**
 * Carries out what was decided; a warning names the backups of another database. The caller holds the
 * repository's lock. Returns the names of the removed files.
 */
export async function pruneFilestorage(
  { repository, pruning, deletions, foreign }: RemovalPlan,
  { guard, context }: { readonly guard: RemovalGuard; readonly context: JobContext },
): Promise<readonly string[]> {
  const { store } = repository;
  const catalogue = await repository.catalogue();
  tellForeign(foreign, context);
  if (deletions.length === 0 || (await guard.ask()) !== 'may-remove') return [];
  if (pruning.blobs !== undefined) {
    await noteGoingBlobs(
      store,
      deletions.flatMap(({ points }) => points),
    );
  }
  const removed: string[] = [];
  for (const { stamp, fileNames } of deletions) {
    const names = await tellRemoval(context, {
      folder: store.name,
      reason: reasonOf(pruning),
      remove: (onFile) => removeListed(store, { catalogue, stamp, names: fileNames, onFile }),
    });
    removed.push(...names);
  }
  return removed;
}

/** Why what goes by these settings goes. */
export function reasonOf({ keep, rules }: Pruning): RemovalReason {
  return rules === undefined ? { kind: 'newer-full-backups', keep } : { kind: 'no-rule' };
}

function tellForeign(foreign: readonly ForeignChain[], { onEvent }: JobContext): void {
  const namesOf = (some: readonly ForeignChain[]) => some.map(({ full }) => full);
  const others = foreign.filter(({ isOther }) => isOther);
  const perhaps = foreign.filter(({ isOther }) => !isOther);
  if (others.length > 0) {
    onEvent({
      kind: 'warning',
      code: 'other-database-kept',
      fullBackups: namesOf(others),
    });
  }
  if (perhaps.length > 0) {
    const sources = [...new Set(perhaps.flatMap(({ source }) => source ?? []))];
    onEvent({
      kind: 'notice',
      code: 'perhaps-other-database-kept',
      fullBackups: namesOf(perhaps),
      sources,
    });
  }
}
