import type { BlobRemovalReason } from '../../blobs/retention/blob-retention.ts';
import type { RepositoryProblem } from '../../repository/problem.ts';

/** Why backup files go. */
export type RemovalReason =
  | BlobRemovalReason
  /** Somebody has named the backup. */
  | { readonly kind: 'named' }
  | { readonly kind: 'damaged'; readonly problem: RepositoryProblem }
  /** `keep` newer full backups are there. */
  | { readonly kind: 'newer-full-backups'; readonly keep: number }
  /** No rule keeps it, and nothing that stays needs it. */
  | { readonly kind: 'no-rule' }
  /** The run of the backup never finished its blobs, and a newer backup is complete. */
  | { readonly kind: 'superseded' }
  /** A run that was killed had begun to remove them. */
  | { readonly kind: 'removal-interrupted' }
  /** The Data.fs backup of these blobs goes, too. */
  | { readonly kind: 'filestorage-backup-goes' }
  /** An archive of these blobs was made again. */
  | { readonly kind: 'other-source' | 'incomplete'; readonly replacedBy: string };
