import type { BackupKind, Site } from '../../config/model/site.ts';
import type { BackupPlan } from '../../repository/backup-plan.ts';
import type { Compressor } from '../../repository/content/compression.ts';
import type { PlannedRemoval } from './plan-filestorage.ts';

/** Which backup of a site is made. */
export interface SiteBackupSettings {
  readonly site: Site;
  readonly kind: Exclude<BackupKind, 'alternative'>;
  readonly full: 'as-set' | 'always';
  /** Given to the newest restore points when the backup is complete; absent: none. */
  readonly tag?: string | undefined;
  readonly compressor: Compressor;
  /** 1 (fast) to 9 (small); undefined: the compressor's own. */
  readonly level: number | undefined;
  readonly now: () => Date;
  readonly random: () => number;
}

/** What a backup of a site would do for one storage. */
export interface StoragePlan {
  readonly storage: string;
  readonly filestorage: BackupPlan | undefined;
  readonly blobs: { readonly source: string; readonly folder: string } | undefined;
  /** What is old and would go then. */
  readonly removals: readonly PlannedRemoval[];
}
