import { type Judgement, type Reason, reasonsAgainst, wasSeenDeeply } from './judgement.ts';
import type { Stamp } from './layout/stamp.ts';

/** A fault of the site itself, which its backups have as they should: they are faithful. */
export interface SiteFault {
  /** The restore points of which nothing else is known. */
  readonly stamps: readonly Stamp[];
  /** How many faults the newest of them has. */
  readonly count: number;
}

/**
 * Finds whether a site has been faulty for as long as its backups tell: the oldest restore point has the faults, newer
 * ones have no others, and nobody has found one without them. Then there is no better point, and nothing is wrong with
 * what is stored.
 *
 * @param judgements - of all restore points of a repository, oldest first
 */
export function findSiteFault(judgements: readonly Judgement[]): SiteFault | undefined {
  const oldest = judgements[0];
  if (oldest === undefined || !hasOnlyOwnFaults(oldest)) return undefined;
  if (judgements.some(wasSeenDeeply)) return undefined;
  const old = namesOf(oldest);
  const same = judgements.filter(
    (one) =>
      hasOnlyOwnFaults(one) && countOf(one) <= countOf(oldest) && isSubset(namesOf(one), old),
  );
  const newest = same.at(-1);
  if (newest === undefined || same.length < 2) return undefined;
  return { stamps: same.map(({ stamp }) => stamp), count: countOf(newest) };
}

function hasOnlyOwnFaults(judgement: Judgement): boolean {
  const reasons = reasonsAgainst(judgement);
  const isOwn = (reason: Reason) => reason.kind === 'database' && reason.check.faults !== undefined;
  return reasons.length > 0 && reasons.every(isOwn);
}

function namesOf(judgement: Judgement): ReadonlySet<string> {
  return new Set(faultsOf(judgement).flatMap(({ names }) => names));
}

/** As the look that found most has counted them. */
function countOf(judgement: Judgement): number {
  return Math.max(...faultsOf(judgement).map(({ count }) => count));
}

function faultsOf(judgement: Judgement) {
  return reasonsAgainst(judgement).flatMap((one) =>
    one.kind === 'database' ? (one.check.faults ?? []) : [],
  );
}

function isSubset(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...some].every((one) => others.has(one));
}
