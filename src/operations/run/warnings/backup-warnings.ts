import type { ObjectFacts } from '../../../repository/lineage/continuity.ts';

/** What a backup of a Data.fs says, and the cleanup behind it. Moments are ISO 8601, of transactions. */
export type BackupWarning =
  | { readonly kind: 'warning'; readonly code: 'source-empty'; readonly source: string }
  /** Behind the last transaction, and none themselves. */
  | {
      readonly kind: 'warning';
      readonly code: 'uncommitted-tail';
      readonly source: string;
      readonly bytes: number;
    }
  /** The Data.fs was packed, or replaced, while it was read. */
  | { readonly kind: 'notice'; readonly code: 'source-replaced'; readonly source: string }
  /** Then the backup is made again. */
  | { readonly kind: 'notice'; readonly code: 'packed-during-backup'; readonly source: string }
  | {
      readonly kind: 'warning';
      readonly code: 'truncated-source';
      readonly source: string;
      /** The newest of the backups that have what the Data.fs lacks, and up to which moment that reaches. */
      readonly backup: string;
      readonly coveredUntil: string;
      /** The restore points that would have to go if it was set back on purpose; each takes with it what follows it. */
      readonly stamps: readonly string[];
    }
  | {
      readonly kind: 'notice';
      readonly code: 'perhaps-truncated-source';
      readonly source: string;
      readonly backup: string;
      readonly coveredUntil: string;
      /** Undefined: nobody has looked. */
      readonly objects: ObjectFacts | undefined;
    }
  /** Bytes that were backed up are other ones now, and no pack makes these. */
  | {
      readonly kind: 'warning';
      readonly code: 'overwritten-source';
      readonly source: string;
      readonly position: number;
      readonly tid: string;
      readonly time: string;
    }
  | {
      readonly kind: 'warning';
      readonly code: 'other-copy';
      readonly source: string;
      /** The Data.fs that the other backups were made of, and the newest of them. */
      readonly otherSource: string | undefined;
      readonly backup: string;
      readonly coveredUntil: string;
      readonly isStillThere: boolean;
    }
  | {
      readonly kind: 'notice';
      readonly code: 'perhaps-other-copy';
      readonly source: string;
      readonly otherSource: string | undefined;
      readonly backup: string;
      readonly coveredUntil: string;
    }
  | {
      readonly kind: 'warning';
      readonly code: 'backup-file-lost';
      /** The `.dat` that lists it. */
      readonly dat: string;
      /** Undefined: its full backup, of which nobody knows the name. */
      readonly fileName: string | undefined;
      /** Those from which nothing can be restored without it. */
      readonly needing: readonly string[];
    }
  | {
      readonly kind: 'warning';
      readonly code: 'backup-file-resized';
      readonly fileName: string;
      readonly bytes: number;
    }
  /** While a backup was at work; nothing old is removed. */
  | {
      readonly kind: 'warning';
      readonly code: 'changed-by-others';
      readonly folder: string;
      /** Names of backup files and blob backups that are new, or have another size. */
      readonly came: readonly string[];
      readonly went: readonly string[];
    }
  /** A newer backup is complete; these, which runs have left without their blobs, stay all the same. */
  | {
      readonly kind: 'notice';
      readonly code: 'incomplete-backup-kept';
      readonly stamps: readonly string[];
      readonly why: WhyKept;
    }
  | {
      readonly kind: 'warning';
      readonly code: 'other-database-kept';
      readonly fullBackups: readonly string[];
    }
  | {
      readonly kind: 'notice';
      readonly code: 'perhaps-other-database-kept';
      readonly fullBackups: readonly string[];
      /** The Data.fs files that they were made of. */
      readonly sources: readonly string[];
    };

/** Why a backup without its blobs stays where a newer one is complete. */
export type WhyKept =
  /** The newer one may lack what it holds. */
  | 'doubt'
  /** A restore has put an earlier state in the place of what it was made of. */
  | 'set-back'
  /** Its mark alone may be lost. */
  | 'blobs-are-there'
  /** The log knows of no run that failed to finish it. */
  | 'no-failed-run';
