import { readCatalogue } from '../repository/catalogue.ts';
import { removeChain } from '../repository/removing.ts';
import { planKeepFulls } from '../retention/keep-fulls.ts';
import type { Store } from '../stores/store.ts';
import type { JobContext } from './events.ts';

/**
 * Removes the full backups that `keep` doesn't keep, oldest first, each with its increments. The
 * caller holds the repository's lock. Only a full backup with a `.dat` is counted as one to keep:
 * one that doesn't verify must not push out one that does.
 *
 * @param keep - full backups that stay; 0: all
 * Returns the names of the removed files.
 */
export async function pruneFulls(
  store: Store,
  { keep, context }: { readonly keep: number; readonly context: JobContext },
): Promise<readonly string[]> {
  if (keep === 0) return [];
  const catalogue = await readCatalogue(store);
  const verdicts = planKeepFulls(
    catalogue.chains.filter(({ hasDat }) => hasDat),
    keep,
  );
  const oldestKept = verdicts.find(({ kind }) => kind === 'keep')?.item;
  if (oldestKept === undefined) return [];
  const reason = `newer full backups to keep: ${keep}`;
  const removed: string[] = [];
  for (const chain of catalogue.chains) {
    if (chain.full.stamp >= oldestKept.full.stamp) break;
    const fileNames = await removeChain(store, { catalogue, chain });
    removed.push(...fileNames);
    context.onEvent({ kind: 'files-removed', fileNames, reason });
  }
  return removed;
}
