import type { TreeContent } from '../../blobs/copy/copy-tree.ts';
import type { OwningRepository } from '../../blobs/ownership/ownership.ts';
import type { RetentionHold } from '../../blobs/ownership/retention-hold.ts';
import type { BlobCopier, BlobFormat } from '../../config/model/site.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { ExpectedBlobs } from './expected-blobs.ts';

/** How a blob directory is backed up. */
export interface BlobBackupSettings {
  /** The live blob directory; a link to it is followed. */
  readonly source: string;
  /** The folder that gets an entry. */
  readonly folder: string;
  readonly format: BlobFormat;
  readonly copier: BlobCopier;
  /** The moment of the Data.fs backup that it belongs to, or that of the clock; see {@link ChainStart}. */
  readonly stamp: (taken: readonly Stamp[]) => Stamp;
  /** Where a chain of incremental archives begins. */
  readonly chainStart: ChainStart;
  /** Which repository decides how long it stays; null: none does. */
  readonly repository: OwningRepository | null;
  /** The sha256 of the data file of the Data.fs backup that it belongs to; undefined where nobody knows it. */
  readonly dataSha256: string | undefined;
  /** Stamps of copies that were found to be wrong. */
  readonly suspectStamps: ReadonlySet<string>;
  /** Which blobs the Data.fs says have to be there. */
  readonly expected: ExpectedBlobs;
  /** Whether what was written is read back before it counts. */
  readonly confirmation: 'reread' | 'none';
  readonly now: () => Date;
}

/**
 * - `full`: at the full Data.fs backup of this stamp; undefined: there is none, and no chain.
 * - `clock`: no Data.fs is backed up; a new chain when `isNew`, or when the last one is older than
 *   `days`.
 */
export type ChainStart =
  | { readonly kind: 'full'; readonly stamp: Stamp | undefined }
  | { readonly kind: 'clock'; readonly full: 'always' | 'when-needed'; readonly days: number };

/** What a blob backup did. */
export interface BlobBackupResult {
  /** Name of the entry. */
  readonly name: string;
  readonly kind: 'made' | 'there-already';
  readonly stamp: Stamp;
  readonly content: TreeContent | undefined;
  /** How many of its files the backup before has not; undefined where nobody has compared them. */
  readonly newFiles: number | undefined;
  /** Why nothing old may go. */
  readonly hold: RetentionHold | undefined;
}
