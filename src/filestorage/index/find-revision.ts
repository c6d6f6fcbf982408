import type { ByteSource } from '../../system/files/byte-source.ts';
import { RECORD_HEADER_BYTES } from '../format.ts';
import type { Oid } from '../oid.ts';
import { readRecordHeader } from '../record-header.ts';
import type { Tid } from '../tid.ts';
import type { OidIndex } from './oid-index.ts';

/** A state of an object: that of one of its records. */
export interface Revision {
  readonly oid: Oid;
  readonly tid: Tid;
}

/**
 * Whether a Data.fs holds the record of a revision. Goes from the newest record of the object to those before
 * it. `unknown` where what is there is no record of it.
 *
 * @param index - of this Data.fs, up to some transaction that is not older than the revision
 */
export async function findRevision(
  source: ByteSource,
  { index, revision }: { readonly index: OidIndex; readonly revision: Revision },
): Promise<'held' | 'gone' | 'unknown'> {
  let position = index.get(revision.oid) ?? 0;
  while (position > 0) {
    if (position + RECORD_HEADER_BYTES > source.sizeBytes) return 'unknown';
    const { oid, tid, previous } = await readRecordHeader(source, position);
    if (oid !== revision.oid || previous >= position) return 'unknown';
    if (tid <= revision.tid) return tid === revision.tid ? 'held' : 'gone';
    position = previous;
  }
  return 'gone';
}
