import { type Catalogue, lostNewestFull } from '../../repository/layout/catalogue.ts';
import { type Chain, hasOtherSize } from '../../repository/layout/chain.ts';
import type { JobContext } from '../run/events.ts';

/**
 * Says which files are gone, or cut, that the newest `.dat` lists, and what can't be restored without them.
 * Nobody has to be told twice: from the next full backup on, that is the newest.
 */
export function warnOfLostFiles(
  newest: Chain | undefined,
  {
    catalogue,
    context: { onEvent },
  }: { readonly catalogue: Catalogue; readonly context: JobContext },
): void {
  const lost = lostNewestFull(catalogue);
  if (lost !== undefined) {
    const needing = catalogue.withoutFull.filter(({ stamp }) => stamp > lost);
    onEvent({
      kind: 'warning',
      code: 'backup-file-lost',
      dat: `${lost}.dat`,
      fileName: undefined,
      needing: needing.map(({ name }) => name),
    });
    return;
  }
  const cut = newest?.links.find(hasOtherSize)?.file;
  if (cut !== undefined) {
    onEvent({
      kind: 'warning',
      code: 'backup-file-resized',
      fileName: cut.name,
      bytes: cut.storedBytes,
    });
  }
  const fault = newest?.faults.find(({ kind }) => kind === 'missing-file');
  if (newest === undefined || fault?.kind !== 'missing-file') return;
  const needing = newest.files.increments
    .filter(({ stamp }) => stamp > fault.stamp)
    .map(({ name }) => name);
  onEvent({
    kind: 'warning',
    code: 'backup-file-lost',
    dat: `${newest.stamp}.dat`,
    fileName: fault.fileName,
    needing,
  });
}
