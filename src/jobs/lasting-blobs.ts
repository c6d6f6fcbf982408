import { parseTid, type Tid } from '../filestorage/tid.ts';
import type { Catalogue } from '../repository/catalogue.ts';
import { readChain } from '../repository/chain.ts';
import { compareQuickly } from '../repository/comparison.ts';
import type { Stamp } from '../repository/stamp.ts';
import type { Store } from '../stores/store.ts';
import { openFileSource } from '../system/byte-source.ts';
import { Failure } from '../system/failure.ts';

/**
 * The last transaction of a backup if the Data.fs has only grown since: no pack has taken any of the blobs away
 * that were committed up to it. Undefined where it was packed, or nobody can tell.
 */
export async function lastLasting(
  store: Store,
  {
    catalogue,
    stamp,
    dataFs,
  }: { readonly catalogue: Catalogue; readonly stamp: Stamp; readonly dataFs: string },
): Promise<Tid | undefined> {
  const files = catalogue.chains.findLast(({ full }) => full.stamp <= stamp);
  if (files === undefined) return undefined;
  const chain = await readChain(store, files);
  const links = chain.links.slice(0, chain.links.findIndex(({ file }) => file.stamp === stamp) + 1);
  const tid = parseTid(links.at(-1)?.record?.lastTid ?? '');
  if (tid === undefined) return undefined;
  await using source = await openFileSource(dataFs).catch(absent);
  if (source === undefined || source.sizeBytes < (links.at(-1)?.range.end ?? 0)) return undefined;
  const { kind } = await compareQuickly(source, { ...chain, links });
  return kind === 'same' ? tid : undefined;
}

/** A pack is about to put the new file there. */
function absent(error: unknown): undefined {
  if (!(error instanceof Failure) || error.code !== 'not-found') throw error;
}
