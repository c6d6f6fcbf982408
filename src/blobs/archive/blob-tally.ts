import { createHash } from 'node:crypto';
import { parseBlobPath } from '../../filestorage/blob-layout.ts';
import { formatOid } from '../../filestorage/oid.ts';
import { formatTid, parseTid, type Tid, ZERO_TID } from '../../filestorage/tid.ts';
import type { BlobRecord } from '../layout/record.ts';

/** Which blobs a restore to an archive brings, in a few bytes. */
export type ArchivedBlobs = NonNullable<BlobRecord['blobs']>;

const DIGEST_BYTES = 32;

/**
 * Counts blobs, in any order and in either layout. Two tallies are the same only if their blobs are: so a new archive is
 * held against the one before without reading that.
 */
export class BlobTally {
  readonly #limit: Tid | undefined;
  readonly #digest = Buffer.alloc(DIGEST_BYTES);
  #count = 0;
  #upTo: Tid = ZERO_TID;

  /** @param limit - blobs of later transactions don't count */
  constructor(limit?: Tid) {
    this.#limit = limit;
  }

  /** Takes no notice of what is no blob. @param path - below the blob directory; it comes once */
  add(path: string): void {
    const revision = parseBlobPath(path);
    if (revision === undefined) return;
    const { oid, tid } = revision;
    if (this.#limit !== undefined && tid > this.#limit) return;
    const one = createHash('sha256')
      .update(`${formatOid(oid)} ${formatTid(tid)}`)
      .digest();
    for (const [at, byte] of one.entries()) this.#digest[at] = (this.#digest[at] ?? 0) ^ byte;
    this.#count += 1;
    if (tid > this.#upTo) this.#upTo = tid;
  }

  get result(): ArchivedBlobs {
    const digest = this.#digest.toString('hex');
    return { count: this.#count, upTo: formatTid(this.#upTo), digest };
  }

  /** Whether these are the same blobs; those that came later are left to the limit. */
  isOf({ count, digest }: ArchivedBlobs): boolean {
    const { result } = this;
    return result.count === count && result.digest === digest;
  }
}

/** A tally that is to be held against an archive. @param blobs - of that; undefined: nobody has counted them */
export function tallyLike(blobs: ArchivedBlobs | undefined): BlobTally {
  return new BlobTally(blobs === undefined ? undefined : parseTid(blobs.upTo));
}
