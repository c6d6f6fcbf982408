import type { Store } from '../stores/store.ts';
import { Failure } from '../system/failure.ts';
import { type Catalogue, readCatalogue } from './catalogue.ts';
import { isSound } from './judgement.ts';
import { type Judgements, readJudgements } from './read-judgements.ts';
import type { Stamp } from './stamp.ts';

/** Backups that can be restored without one that is damaged, and that nothing is known against. */
export interface WayAround {
  /** The newest before it. */
  readonly earlier: Stamp | undefined;
  /** The first full one behind it. */
  readonly laterFull: Stamp | undefined;
}

export function findWayAround(
  { chains }: Catalogue,
  { damaged, judgements }: { readonly damaged: Stamp; readonly judgements: Judgements },
): WayAround {
  const sound = [...judgements.values()].filter(isSound).map(({ stamp }) => stamp);
  return {
    earlier: sound.findLast((stamp) => stamp < damaged),
    laterFull: chains.find(({ full }) => full.stamp > damaged && sound.includes(full.stamp))?.full
      .stamp,
  };
}

export const NAME_EARLIER =
  'Bring the file back from a copy, or name an earlier date ("zodbvault list" shows them).';
const NOTHING_ELSE =
  'Bring the file back from a copy, as no backup here goes without it; of a Data.fs that is whole, make a full backup.';

/** What to do where a backup can't be used, as the hint of a failure. */
export async function hintAround(store: Store, damaged: Stamp): Promise<string> {
  const found = await wayAround(store, damaged).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  if (found === undefined) return 'Restore to another date, and make a full backup.';
  const { earlier, laterFull } = found;
  if (laterFull !== undefined) {
    const before = earlier === undefined ? '' : `${earlier}, the newest before it, or to `;
    return `Restore to ${before}${laterFull}, the next full backup.`;
  }
  return earlier === undefined
    ? NOTHING_ELSE
    : `Restore to ${earlier}, the newest before it, and make a full backup.`;
}

/** The same where a file of a chain is missing. */
export async function hintAroundHole(store: Store, hole: Stamp): Promise<string> {
  const { earlier, laterFull } = await wayAround(store, hole);
  if (earlier !== undefined) return NAME_EARLIER;
  return laterFull === undefined
    ? NOTHING_ELSE
    : `Bring the file back from a copy, or name ${laterFull}, the next full backup.`;
}

async function wayAround(store: Store, damaged: Stamp): Promise<WayAround> {
  const catalogue = await readCatalogue(store);
  const judgements = await readJudgements(store, { catalogue });
  return findWayAround(catalogue, { damaged, judgements });
}
