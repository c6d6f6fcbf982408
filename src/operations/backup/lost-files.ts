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
    const names = needing.map(({ name }) => name);
    onEvent({ kind: 'warning', text: lostFile(`${lost}.dat`, { file: 'its full backup', names }) });
    return;
  }
  const cut = newest?.links.find(hasOtherSize)?.file;
  if (cut !== undefined) {
    onEvent({
      kind: 'warning',
      text: `"${cut.name}" has ${cut.storedBytes} bytes now, another size than was written: nothing can be restored from it, nor from what needs it. A full backup is made; bring the file back from a copy, or remove it with "zodbvault retire --damaged"`,
    });
  }
  const fault = newest?.faults.find(({ kind }) => kind === 'missing-file');
  if (newest === undefined || fault?.kind !== 'missing-file') return;
  const names = newest.files.increments
    .filter(({ stamp }) => stamp > fault.stamp)
    .map(({ name }) => name);
  const file = `"${fault.fileName}"`;
  onEvent({ kind: 'warning', text: lostFile(`${newest.stamp}.dat`, { file, names }) });
}

function lostFile(
  dat: string,
  { file, names }: { readonly file: string; readonly names: readonly string[] },
): string {
  const needing =
    names.length === 0 ? '' : `; without it, nothing can be restored from ${names.join(', ')}`;
  return `"${dat}" lists ${file}, which is not there any more${needing}. What is left of it stays. Bring the file back from a copy, or remove the rest with "zodbvault retire --damaged"`;
}
