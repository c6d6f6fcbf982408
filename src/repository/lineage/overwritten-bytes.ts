import { transactionOver } from '../../filestorage/committed-end.ts';
import { MAGIC_BYTES, TRANSACTION_STATUS_END } from '../../filestorage/format.ts';
import type { Tid } from '../../filestorage/tid.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import type { ByteSource } from '../../system/files/byte-source.ts';
import { readLink } from '../content/read-backup.ts';
import type { Chain, ChainLink } from '../layout/chain.ts';
import { checkBoundary } from './comparison.ts';

/** A place where a Data.fs has other bytes than were backed up, and no pack has made them. */
export interface Overwrite {
  /** Offset of the first of them. */
  readonly position: number;
  /** Of the transaction that they are in. */
  readonly tid: Tid;
}

/**
 * The backups of a chain, up to the last of which the end is still the end of the same transaction:
 * after a pack there are none, unless it removed nothing.
 *
 * @param end - of what is in the Data.fs
 */
export async function linksWithin(
  source: ByteSource,
  { chain, end }: { readonly chain: Chain; readonly end: number },
): Promise<readonly ChainLink[]> {
  for (let count = chain.links.length; count > 0; count--) {
    const link = chain.links[count - 1];
    if (link === undefined || link.range.end > end) continue;
    const { kind } = await checkBoundary(source, { end: link.range.end, link });
    if (kind === 'same') return chain.links.slice(0, count);
  }
  return [];
}

/**
 * Where a Data.fs was damaged, or changed by hand, since a backup; undefined where it may have been
 * packed. A pack writes the records that it keeps as they were: what it changes first is the length of a
 * transaction, its status, or which one is there, and all that stands in front of its records.
 *
 * @param link - the first of its chain that has other bytes
 */
export async function findOverwrite(
  source: ByteSource,
  { store, link }: { readonly store: Store; readonly link: ChainLink },
): Promise<Overwrite | undefined> {
  const position = await firstOtherByte(source, { store, link });
  if (position === undefined) return undefined;
  const from = Math.max(link.range.start, MAGIC_BYTES);
  const transaction = await transactionOver(source, { from, position });
  if (transaction === undefined) return undefined;
  if (position < transaction.position + TRANSACTION_STATUS_END) return undefined;
  return { position, tid: transaction.tid };
}

/** Undefined also where the backup itself is damaged: it tells nothing. */
async function firstOtherByte(
  source: ByteSource,
  { store, link }: { readonly store: Store; readonly link: ChainLink },
): Promise<number | undefined> {
  let found: number | undefined;
  let { start } = link.range;
  try {
    for await (const chunk of readLink(store, { link, check: 'checksums' })) {
      const end = start + chunk.length;
      if (found === undefined && end <= source.sizeBytes) {
        const here = await source.read({ start, end });
        const isSame = Buffer.compare(chunk, here) === 0;
        if (!isSame) found = start + chunk.findIndex((byte, index) => byte !== here[index]);
      }
      start = end;
    }
    return found;
  } catch (error) {
    if (isFailure(error, 'damaged')) return undefined;
    throw error;
  }
}
