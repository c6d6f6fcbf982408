import { type ChainFiles, readCatalogue } from '../repository/catalogue.ts';
import { readChain } from '../repository/chain.ts';
import { knownBad, readChecks } from '../repository/checks.ts';
import { removeChain } from '../repository/removing.ts';
import { chainsOfNewest } from '../repository/same-database.ts';
import { planKeepFulls } from '../retention/keep-fulls.ts';
import type { Store } from '../stores/store.ts';
import { type JobContext, withStep } from './events.ts';

/**
 * Removes the full backups that `keep` doesn't keep, oldest first, each with its increments. The
 * caller holds the repository's lock. Only a full backup with a `.dat`, in which verify found nothing, is counted as one to keep:
 * one that doesn't verify must not push out one that does. Backups of another database stay, and a
 * warning says so. Nothing goes while the newest full backup is of a Data.fs that had lost its end, or was damaged.
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
  const bad = knownBad(await readChecks(store));
  if (tooOld(catalogue.chains, { keep, bad }).length === 0) return [];
  const own = await chainsOfNewest(store, catalogue.chains);
  if (await isOfDamaged(store, own.at(-1))) return [];
  const foreign = catalogue.chains.filter((chain) => !own.includes(chain));
  if (foreign.length > 0) warnOfForeign(foreign, context);
  const reason = `newer full backups to keep: ${keep}`;
  const removed: string[] = [];
  for (const chain of tooOld(own, { keep, bad })) {
    const fileNames = await withStep(context, {
      step: 'remove',
      totalBytes: undefined,
      work: ({ onFile }) => removeChain(store, { catalogue, chain, onFile }),
    });
    removed.push(...fileNames);
    context.onEvent({ kind: 'files-removed', fileNames, reason });
  }
  return removed;
}

async function isOfDamaged(store: Store, files: ChainFiles | undefined): Promise<boolean> {
  if (files === undefined) return false;
  const record = (await readChain(store, files)).links[0]?.record;
  return record?.lostEnd === true || record?.overwritten !== undefined;
}

/** Oldest first, as the chains are. */
function tooOld(
  chains: readonly ChainFiles[],
  { keep, bad }: { readonly keep: number; readonly bad: ReadonlySet<string> },
): readonly ChainFiles[] {
  const verdicts = planKeepFulls(
    chains.filter(({ hasDat, full }) => hasDat && !bad.has(full.stamp)),
    keep,
  );
  const oldestKept = verdicts.find(({ kind }) => kind === 'keep')?.item;
  if (oldestKept === undefined) return [];
  return chains.filter(({ full }) => full.stamp < oldestKept.full.stamp);
}

function warnOfForeign(foreign: readonly ChainFiles[], { onEvent }: JobContext): void {
  const names = foreign.map(({ full }) => full.name).join(', ');
  onEvent({
    kind: 'warning',
    text: `backups of another Data.fs are kept, whatever "keep" says: ${names}. If nobody needs them, remove them by hand; otherwise give each Data.fs a folder of its own`,
  });
}
