import { viewOf } from '../filestorage/debris.ts';
import { RECORD_HEADER_BYTES } from '../filestorage/format.ts';
import type { OidIndex } from '../filestorage/index/oid-index.ts';
import type { Oid } from '../filestorage/oid.ts';
import { safeInteger } from '../filestorage/record-table.ts';
import { decodeTid, parseTid, type Tid } from '../filestorage/tid.ts';
import type { Catalogue } from '../repository/catalogue.ts';
import { readChain } from '../repository/chain.ts';
import { compareQuickly } from '../repository/comparison.ts';
import type { Stamp } from '../repository/stamp.ts';
import { readStoredIndex } from '../repository/stored-index.ts';
import type { Store } from '../stores/store.ts';
import { openFileSource } from '../system/byte-source.ts';
import { Failure } from '../system/failure.ts';

/** What tells which blobs a blob directory must have. */
export interface LastingBlobs {
  /**
   * The last transaction of the Data.fs backup of a moment if the Data.fs has only grown since: no pack has taken
   * any of the blobs away that were committed up to it. Undefined where it was packed, or nobody can tell.
   */
  readonly lastOf: (stamp: Stamp) => Promise<Tid | undefined>;
  /** Whether the Data.fs holds a revision of a blob; true where nobody can tell. */
  readonly isHeld: (revision: Revision) => Promise<boolean>;
}

interface Revision {
  readonly oid: Oid;
  readonly tid: Tid;
}

/** Where no Data.fs is backed up. */
export const NOBODY_KNOWS: LastingBlobs = {
  lastOf: async () => undefined,
  isHeld: async () => true,
};

/** By the backups of a Data.fs, of which the newest was made by this run. */
export function lastingBlobs(
  store: Store,
  { catalogue, dataFs }: { readonly catalogue: Catalogue; readonly dataFs: string },
): LastingBlobs {
  let index: Promise<OidIndex | undefined> | undefined;
  const lastOf = (stamp: Stamp) => lastLasting(store, { catalogue, stamp, dataFs });
  const isHeld = async (revision: Revision) => {
    index ??= indexOfNewest(store, { catalogue, lastOf });
    const known = await index;
    return known === undefined || (await holdsRevision(dataFs, { index: known, revision }));
  };
  return { lastOf, isHeld };
}

/** The index of the newest backup, if the Data.fs goes on where it ends. */
async function indexOfNewest(
  store: Store,
  { catalogue, lastOf }: { readonly catalogue: Catalogue; readonly lastOf: LastingBlobs['lastOf'] },
): Promise<OidIndex | undefined> {
  const files = catalogue.chains.at(-1);
  const link = files === undefined ? undefined : (await readChain(store, files)).links.at(-1);
  if (link === undefined || (await lastOf(link.file.stamp)) === undefined) return undefined;
  const stored = await readStoredIndex(store, link);
  return stored?.isProven === true ? stored.index : undefined;
}

/** Goes from the newest record of the object to those before it. */
async function holdsRevision(
  dataFs: string,
  { index, revision }: { readonly index: OidIndex; readonly revision: Revision },
): Promise<boolean> {
  await using source = await openFileSource(dataFs).catch(absent);
  if (source === undefined) return true;
  let position = index.get(revision.oid) ?? 0;
  while (position > 0 && position + RECORD_HEADER_BYTES <= source.sizeBytes) {
    const end = position + RECORD_HEADER_BYTES;
    const record = viewOf(await source.read({ start: position, end }));
    const tid = decodeTid(record, TID_AT);
    if (tid <= revision.tid) return tid === revision.tid;
    const previous = safeInteger(record, PREVIOUS_AT);
    if (previous >= position) return true; // Damaged: nobody can tell.
    position = previous;
  }
  return false;
}

/** In a record header. */
const TID_AT = 8;
const PREVIOUS_AT = 16;

async function lastLasting(
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
