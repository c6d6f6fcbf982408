import type { KeepRules } from '../../../config/model/keep-rules.ts';
import type { HeldBy } from '../../../repository/retention/retention-point.ts';
import type { KnownPoint } from './known-point.ts';

/** How much a copy keeps. */
export interface CopyKeeping {
  /** Chains of each place that stay; 0: all, unless there are rules. */
  readonly keep: number;
  readonly keepRules?: KeepRules | undefined;
}

/** The points of a chain, oldest first. */
export type CopiedChain = readonly KnownPoint[];

/**
 * Why chains of a place stay as a whole; of the others the rules decide. A chain counts where one of its points can be
 * restored as a whole, as far as anybody knows: the others push none out. What holds the backups of a site holds those
 * of a copy, too.
 *
 * @param chains - oldest first
 * @param held - what holds all of them
 */
export function holdCopiedChains(
  chains: readonly CopiedChain[],
  { keep, keepRules, held }: CopyKeeping & { readonly held: HeldBy | undefined },
): ReadonlyMap<CopiedChain, HeldBy> {
  const all = (by: HeldBy) => new Map(chains.map((chain) => [chain, by]));
  if (held !== undefined) return all(held);
  if (keep === 0 && keepRules === undefined) return all({ kind: 'keeps-all' });
  const own = ofNewestDatabase(chains);
  if (own.at(-1)?.[0]?.source?.doubt === 'lacks') return all({ kind: 'source-faults' });
  const counting = own.filter((chain) => chain.some(({ isWhole }) => isWhole));
  const oldestKept = keep === 0 ? own.length : own.indexOf(counting.at(-keep) ?? []);
  const before = newestBeforeUncertain(own);
  const heldBy = new Map<CopiedChain, HeldBy>();
  for (const chain of chains) {
    const age = own.indexOf(chain);
    if (age < 0) heldBy.set(chain, { kind: 'other-database' });
    // Where too few count, that is -1.
    else if (age >= oldestKept) heldBy.set(chain, { kind: 'full-backups', keep });
    else if (chain === before) heldBy.set(chain, { kind: 'before-uncertain' });
  }
  return heldBy;
}

/** Backups of another database don't belong to the newest: other paths, and another first transaction. */
function ofNewestDatabase(chains: readonly CopiedChain[]): readonly CopiedChain[] {
  const ids = new Set<string>();
  const firstTids = new Set<string>();
  const own: CopiedChain[] = [];
  for (const chain of chains.toReversed()) {
    const ownIds = chain.flatMap(({ source }) => source?.id ?? []);
    const ownTids = chain.flatMap(({ firstTid }) => firstTid ?? []);
    if (areOthers(ownIds, ids) && areOthers(ownTids, firstTids)) continue;
    for (const id of ownIds) ids.add(id);
    for (const tid of ownTids) firstTids.add(tid);
    own.unshift(chain);
  }
  return own;
}

function areOthers(some: readonly string[], known: ReadonlySet<string>): boolean {
  return some.length > 0 && known.size > 0 && !some.some((one) => known.has(one));
}

/**
 * The newest chain from before the oldest of which nobody could tell whether it lacks something, until a deep look has
 * found that one good, or a newer one.
 *
 * @param chains - of one database, oldest first
 */
function newestBeforeUncertain(chains: readonly CopiedChain[]): CopiedChain | undefined {
  const doubtOf = (chain: CopiedChain | undefined) => chain?.[0]?.source?.doubt;
  const proven = chains.findLastIndex((chain) => chain.some(({ isProven }) => isProven));
  let uncertain = chains.findIndex(
    (chain, index) => index > proven && doubtOf(chain) === 'may-lack',
  );
  // It was held against what is older than those that lack something for certain.
  while (doubtOf(chains[uncertain - 1]) === 'lacks') uncertain -= 1;
  const before = chains.slice(0, Math.max(0, uncertain));
  return before.findLast((chain) => chain.some(({ isWhole }) => isWhole)) ?? before.at(-1);
}
