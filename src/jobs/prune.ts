import { type Catalogue, type ChainFiles, readCatalogue } from '../repository/catalogue.ts';
import { hasOtherSize, readChain } from '../repository/chain.ts';
import { knownBad, readChecks } from '../repository/checks.ts';
import { removeChain } from '../repository/removing.ts';
import { chainsOfNewest, type Origin } from '../repository/same-database.ts';
import { planKeepFulls } from '../retention/keep-fulls.ts';
import type { Store } from '../stores/store.ts';
import { type JobContext, withStep } from './events.ts';

/** A full backup that is about to be made. */
export interface ComingFull extends Origin {
  readonly hasLostEnd: boolean;
}

/** What `keep` lets go. */
export interface PrunePlan {
  readonly catalogue: Catalogue;
  /** Oldest first. */
  readonly tooOld: readonly ChainFiles[];
  /** Of another database: they stay. */
  readonly foreign: readonly ChainFiles[];
  readonly reason: string;
}

/**
 * Decides which full backups go, each with its increments. Only one with a `.dat`, in which verify found
 * nothing, and with a file of its size, is counted as one to keep: one that doesn't verify must not push out one that does. Backups of
 * another database stay. Nothing goes while the newest full backup is of a Data.fs that had lost its end, or was damaged.
 *
 * @param keep - full backups that stay; 0: all
 * @param coming - one that will be there when this is carried out
 */
export async function planPrune(
  store: Store,
  { keep, coming }: { readonly keep: number; readonly coming?: ComingFull | undefined },
): Promise<PrunePlan> {
  const catalogue = await readCatalogue(store);
  const nothing = { catalogue, tooOld: [], foreign: [], reason: '' };
  if (keep === 0) return nothing;
  const cut = await cutFulls(store, catalogue);
  const bad = new Set([...knownBad(await readChecks(store)), ...cut]);
  const counting = { keep, bad, isOneComing: coming !== undefined };
  if (olderThanKept(catalogue.chains, counting).length === 0) return nothing;
  const own = await chainsOfNewest(store, catalogue.chains, coming);
  if (coming?.hasLostEnd ?? (await isOfDamaged(store, own.at(-1)))) return nothing;
  return {
    catalogue,
    tooOld: olderThanKept(own, counting),
    foreign: catalogue.chains.filter((chain) => !own.includes(chain)),
    reason: `newer full backups to keep: ${keep}`,
  };
}

/**
 * Carries that out; a warning names the backups of another database. The caller holds the repository's
 * lock. Returns the names of the removed files.
 */
export async function pruneFulls(
  store: Store,
  { keep, context }: { readonly keep: number; readonly context: JobContext },
): Promise<readonly string[]> {
  const { catalogue, tooOld, foreign, reason } = await planPrune(store, { keep });
  if (foreign.length > 0) warnOfForeign(foreign, context);
  const removed: string[] = [];
  for (const chain of tooOld) {
    const fileNames = await withStep(context, {
      step: 'remove',
      totalBytes: undefined,
      work: ({ onFile }) => removeChain(store, { catalogue, chain, onFile }),
    });
    removed.push(...fileNames);
    context.onEvent({ kind: 'files-removed', folder: store.name, fileNames, reason });
  }
  return removed;
}

/** Stamps of full backups of which the file has another size than was written. */
async function cutFulls(store: Store, { chains }: Catalogue): Promise<readonly string[]> {
  const cut: string[] = [];
  for (const files of chains) {
    const [full] = (await readChain(store, files)).links;
    if (full !== undefined && hasOtherSize(full)) cut.push(full.file.stamp);
  }
  return cut;
}

async function isOfDamaged(store: Store, files: ChainFiles | undefined): Promise<boolean> {
  if (files === undefined) return false;
  const record = (await readChain(store, files)).links[0]?.record;
  return record?.lostEnd === true || record?.overwritten !== undefined;
}

/** Oldest first, as the chains are. */
function olderThanKept(
  chains: readonly ChainFiles[],
  {
    keep,
    bad,
    isOneComing,
  }: {
    readonly keep: number;
    readonly bad: ReadonlySet<string>;
    readonly isOneComing: boolean;
  },
): readonly ChainFiles[] {
  const counted: readonly (ChainFiles | 'coming')[] = [
    ...chains.filter(({ hasDat, full }) => hasDat && !bad.has(full.stamp)),
    ...(isOneComing ? (['coming'] as const) : []),
  ];
  const oldestKept = planKeepFulls(counted, keep).find(({ kind }) => kind === 'keep')?.item;
  if (oldestKept === undefined) return [];
  if (oldestKept === 'coming') return chains;
  return chains.filter(({ full }) => full.stamp < oldestKept.full.stamp);
}

function warnOfForeign(foreign: readonly ChainFiles[], { onEvent }: JobContext): void {
  const names = foreign.map(({ full }) => full.name).join(', ');
  onEvent({
    kind: 'warning',
    text: `backups of another Data.fs are kept, whatever "keep" says: ${names}. If nobody needs them, remove them by hand; otherwise give each Data.fs a folder of its own`,
  });
}
