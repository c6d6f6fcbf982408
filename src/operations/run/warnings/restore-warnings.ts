import type { SomeNames } from '../../../blobs/layout/summarize-names.ts';
import type { Reason } from '../../../repository/judgement.ts';
import type { SourceFaults } from '../../../repository/lineage/source-faults.ts';

/** What somebody should know before a restore replaces anything. */
export type RestorePlanWarning =
  /** The moment was moved before a commit, of which one storage would have had its part, and another not yet. */
  | {
      readonly kind: 'notice';
      readonly code: 'moved-before-commit';
      readonly user: string;
      readonly description: string;
      /** Names of storages. */
      readonly has: string;
      readonly lacks: string;
    }
  /**
   * A restore is about to replace another database, or one that may be another: a pack may have left nothing of what
   * the backup holds. With the times of the first transactions.
   */
  | ({ readonly kind: 'warning'; readonly code: 'other-database' } & TwoDatabases)
  | ({ readonly kind: 'notice'; readonly code: 'perhaps-other-database' } & TwoDatabases)
  /** Where a restore is about to put the newest backup, and none is named, are backups of two databases. */
  | {
      readonly kind: 'warning';
      readonly code: 'second-database';
      readonly repository: string;
      readonly target: string;
      /** Names of full backups, with the times of their first transactions. */
      readonly newest: string;
      readonly newestBegins: string;
      readonly other: string;
      readonly otherBegins: string;
    }
  /** The newest backup, and none is named, was made of another copy, or another database, than the newest of the other. */
  | {
      readonly kind: 'warning';
      readonly code: 'second-copy';
      readonly is: 'copy' | 'database';
      readonly repository: string;
      readonly target: string;
      /** Stamps of restore points, and the Data.fs files that they were made of. */
      readonly newest: string;
      readonly path: string;
      readonly other: string;
      readonly otherPath: string;
    }
  /** A storage is older than those beside it, since backups were made without it. */
  | {
      readonly kind: 'warning';
      readonly code: 'storage-left-out';
      readonly storage: string;
      readonly stamp: string;
      /** Of the newest of the others. */
      readonly newest: string;
      /** How many backups were made without it. */
      readonly runs: number;
    }
  /** What is known of the restore point that is about to be restored. */
  | {
      readonly kind: 'warning';
      readonly code: 'point-doubted';
      readonly storage: string;
      readonly repository: string;
      readonly target: string;
      readonly stamp: string;
      /** `known`: it is as it should be, and the Data.fs was not when it was backed up. */
      readonly how: 'bad' | 'known';
      /** Why it is bad. */
      readonly reasons: readonly Reason[];
      /** What its run knew of the Data.fs. */
      readonly known: SourceFaults;
      /** The newest older one that nothing is known against, or else the oldest newer one. */
      readonly better: { readonly stamp: string; readonly is: 'older' | 'newer' } | undefined;
    }
  /** Blobs that are about to be restored lack some, which the live site had lost when they were backed up. */
  | ({
      readonly kind: 'warning';
      readonly code: 'blobs-lacking';
      /** Path of the blob backup. */
      readonly entry: string;
      /** Of an archive, nobody knows for sure. */
      readonly how: 'lack' | 'lack-or-differ' | 'may-lack';
      /** The copy that has them; undefined: it is gone. */
      readonly holder: { readonly stamp: string; readonly path: string } | undefined;
    } & SomeNames)
  /** Blobs that are about to be restored were backed up with another state of the Data.fs. */
  | {
      readonly kind: 'warning';
      readonly code: 'blobs-of-another-moment';
      /** Name of the blob backup. */
      readonly entry: string;
      /** Whether that state was an earlier or a later one. */
      readonly match: 'earlier' | 'later';
      /** The restore point that these blobs belong to, if it is there. */
      readonly complete: string | undefined;
    };

interface TwoDatabases {
  readonly target: string;
  readonly begins: string;
  readonly backupBegins: string;
  /** Whether it can be swapped back afterwards. */
  readonly isKept: boolean;
}

/** What a restore says. */
export type RestoreWarning =
  | RestorePlanWarning
  /** Files that are newer than the restore point, and that no `.dat` lists. */
  | {
      readonly kind: 'warning';
      readonly code: 'files-left-out';
      readonly fileNames: readonly string[];
    }
  /** A server holds the Data.fs that is replaced. */
  | {
      readonly kind: 'warning';
      readonly code: 'lock-ignored';
      readonly path: string;
      readonly pid: number | undefined;
    }
  /** A restore that was killed while it swapped has been finished. */
  | {
      readonly kind: 'notice';
      readonly code: 'restore-finished-late';
      readonly restored: string;
      readonly at: string;
    }
  /** What a killed restore has left could not be removed. */
  | { readonly kind: 'warning'; readonly code: 'leftovers-stay'; readonly reason: string }
  /** An archive that is not the file of its record. */
  | { readonly kind: 'warning'; readonly code: 'archive-replaced'; readonly path: string }
  | { readonly kind: 'warning'; readonly code: 'blob-record-missing'; readonly copy: string }
  | {
      readonly kind: 'warning';
      readonly code: 'restore-without-checksums';
      readonly copy: string;
      readonly state: string;
    }
  /** Links, pipes and rights that somebody has added to a copy, or that an archive of another program has. */
  | ({ readonly kind: 'warning'; readonly code: 'added-links-not-restored' } & SomeNames)
  | ({ readonly kind: 'warning'; readonly code: 'special-files-not-restored' } & SomeNames)
  | ({ readonly kind: 'warning'; readonly code: 'rights-not-restored' } & SomeNames)
  | ({
      readonly kind: 'warning';
      readonly code: 'archived-special-files-not-restored';
      readonly archive: string;
    } & SomeNames)
  /** One thing that is wrong, which was accepted. */
  | {
      readonly kind: 'warning';
      readonly code: 'damaged-blobs-restored';
      readonly copy: string;
      readonly state: string;
    }
  | {
      readonly kind: 'warning';
      readonly code: 'more-damaged-blobs-restored';
      readonly count: number;
    }
  /** A file beside the site is replaced, although what it lacks would only be appended to an earlier restore point. */
  | {
      readonly kind: 'notice';
      readonly code: 'not-appended';
      readonly target: string;
      readonly because: 'moment' | 'other-state';
    }
  /** Persistent caches of ZEO clients that have seen what the restore took away. */
  | ({ readonly kind: 'notice'; readonly code: 'client-caches-ahead' } & SomeNames)
  /** Blobs of a moment that are in the copies of other backups. */
  | ({
      readonly kind: 'notice';
      readonly code: 'blobs-of-other-copy';
      readonly from: string;
    } & SomeNames)
  /** The same in the live directory alone: no checksum tells what they should be. */
  | ({
      readonly kind: 'warning';
      readonly code: 'blobs-of-live-site';
      readonly from: string;
    } & SomeNames)
  /** Blobs of a moment that are nowhere. `current`: as they were then, which was accepted; else of revisions before. */
  | ({
      readonly kind: 'warning';
      readonly code: 'blobs-missing';
      readonly is: 'current' | 'earlier';
      readonly target: string;
    } & SomeNames);
