import { ReferenceFinder } from './reference-finder.ts';
import { type StoredRecord, unwrapRecord } from './stored-record.ts';

/** How far a record was followed: its pickles, or only the first one; or not at all, and why. */
export type Followed =
  | { readonly kind: 'followed' }
  | Exclude<StoredRecord, { readonly kind: 'pickles' }>;

const FOLLOWED: Followed = { kind: 'followed' };

/** Follows data records as their storage has written them, one after the other. */
export class RecordFollower {
  /** What the last record refers to. */
  readonly found = new ReferenceFinder();

  /** Failure `damaged`, as of {@link unwrapRecord} and {@link ReferenceFinder}. */
  follow(data: Uint8Array, depth: 'class' | 'references'): Followed {
    const record = unwrapRecord(data);
    if (record.kind !== 'pickles') return record;
    this.found.follow(record.bytes, depth);
    return FOLLOWED;
  }
}
