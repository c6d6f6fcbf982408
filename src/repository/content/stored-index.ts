import { createHash } from 'node:crypto';
import { MAGIC_BYTES } from '../../filestorage/format.ts';
import { indexFits } from '../../filestorage/index/index-check.ts';
import { type DecodedIndex, decodeIndex } from '../../filestorage/index/index-decoder.ts';
import { OidIndex } from '../../filestorage/index/oid-index.ts';
import { scanTransactions } from '../../filestorage/scan-transactions.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import type { ByteSource } from '../../system/files/byte-source.ts';
import { tap } from '../../system/streams/pipeline.ts';
import type { ChainLink } from '../layout/chain.ts';
import { indexFileName } from '../layout/file-names.ts';

/**
 * An index of the Data.fs from which that of an increment can be made: one that speaks of some
 * position at or in front of `start`. It comes from the backup before, or else from a walk.
 */
export async function indexUpTo(
  source: ByteSource,
  {
    store,
    link,
    start,
  }: {
    readonly store: Store;
    readonly link: ChainLink;
    readonly start: number;
  },
): Promise<OidIndex> {
  const stored = await readStoredIndex(store, link);
  const isUsable =
    stored !== undefined &&
    stored.position === start &&
    (stored.isProven || (await indexFits(source, stored)));
  if (isUsable) return stored.index;
  const index = new OidIndex();
  await scanTransactions(boundedAt(source, start), {
    from: MAGIC_BYTES,
    visitor: { transaction: ({ records }) => index.apply(records) },
  });
  return index;
}

/** An index of a backup; proven if its sha256 is the recorded one. */
export type StoredIndex = DecodedIndex & { readonly isProven: boolean };

/** Undefined where the backup has no index, or a broken one. */
export async function readStoredIndex(
  store: Store,
  link: ChainLink,
): Promise<StoredIndex | undefined> {
  const hash = createHash('sha256');
  const content = store.read(indexFileName(link.file.stamp));
  try {
    const decoded = await decodeIndex(tap(content, (chunk) => hash.update(chunk)));
    if (decoded === undefined) return undefined;
    return { ...decoded, isProven: hash.digest('hex') === link.record?.index.sha256 };
  } catch (error) {
    if (isFailure(error, 'not-found')) return undefined;
    throw error;
  }
}

/** The source as it was when it ended at `end`. */
function boundedAt(source: ByteSource, end: number): ByteSource {
  return { ...source, sizeBytes: end };
}
