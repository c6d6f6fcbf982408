import type { Store } from '../stores/store.ts';
import { Failure } from '../system/failure.ts';
import { type Catalogue, pointStampsOf, readCatalogue } from './catalogue.ts';
import type { Stamp } from './stamp.ts';

/** Backups that can be restored without one that is damaged. */
export interface WayAround {
  /** The newest before it. */
  readonly earlier: Stamp | undefined;
  /** The first full one behind it. */
  readonly laterFull: Stamp | undefined;
}

export function findWayAround(catalogue: Catalogue, damaged: Stamp): WayAround {
  return {
    earlier: pointStampsOf(catalogue).findLast((stamp) => stamp < damaged),
    laterFull: catalogue.chains.find(({ full }) => full.stamp > damaged)?.full.stamp,
  };
}

export const NAME_EARLIER =
  'Bring the file back from a copy, or name an earlier date ("zodbvault list" shows them).';
const NOTHING_ELSE =
  'Bring the file back from a copy, as no backup here goes without it; of a Data.fs that is whole, make a full backup.';

/** What to do where a backup can't be used, as the hint of a failure. */
export async function hintAround(store: Store, damaged: Stamp): Promise<string> {
  const catalogue = await readCatalogue(store).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  if (catalogue === undefined) return 'Restore to another date, and make a full backup.';
  const { earlier, laterFull } = findWayAround(catalogue, damaged);
  if (laterFull !== undefined) {
    const before = earlier === undefined ? '' : `a date before ${damaged}, or to `;
    return `Restore to ${before}${laterFull}, the next full backup.`;
  }
  return earlier === undefined
    ? NOTHING_ELSE
    : `Restore to a date before ${damaged}, and make a full backup.`;
}

/** The same where a file of a chain is missing. */
export function hintAroundHole(catalogue: Catalogue, hole: Stamp): string {
  const { earlier, laterFull } = findWayAround(catalogue, hole);
  if (earlier !== undefined) return NAME_EARLIER;
  return laterFull === undefined
    ? NOTHING_ELSE
    : `Bring the file back from a copy, or name ${laterFull}, the next full backup.`;
}
