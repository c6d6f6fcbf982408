import { createHash } from 'node:crypto';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import type { ChainLink } from '../layout/chain.ts';
import { recordIndexFileName } from '../layout/file-names.ts';

/**
 * The record index of a backup as it was written; undefined where there is none, or another one. It is made of the
 * data file: whoever lacks it reads that.
 */
export async function readRecordIndex(
  store: Store,
  { file: { stamp }, record }: ChainLink,
): Promise<Uint8Array | undefined> {
  const recorded = record?.records;
  if (recorded === undefined) return undefined;
  try {
    await using file = await store.open(recordIndexFileName(stamp));
    if (file.sizeBytes !== recorded.sizeBytes) return undefined;
    const bytes = await file.read({ start: 0, end: file.sizeBytes });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return sha256 === recorded.sha256 ? bytes : undefined;
  } catch (error) {
    if (isFailure(error, 'not-found', 'usage', 'damaged')) return undefined;
    throw error;
  }
}
