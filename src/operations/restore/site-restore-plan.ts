import type { BackupKind, Site } from '../../config/model/site.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';
import type { RestorePlanWarning } from '../run/warnings/restore-warnings.ts';
import type { SplitCommit } from '../run/whole-commits.ts';
import type { BlobRestorePlan, DamagedBlobs } from './blob-restore-plan.ts';
import type { OldState, RestorePlan } from './restore-plan.ts';

/** Which state of a site is restored. */
export interface SiteRestoreSettings {
  readonly site: Site;
  readonly kind: BackupKind;
  readonly wanted: RestoreTarget;
  /** What to do where a server holds a Data.fs. */
  readonly heldLock: 'refuse' | 'ignore';
  /** What to do with a Data.fs that is an earlier state of the same log. */
  readonly earlierState: 'replace' | 'append';
  /** What becomes of what is replaced. */
  readonly old: OldState;
  /** What to do about blobs that are lost, or not what was backed up. */
  readonly damagedBlobs: DamagedBlobs;
  /** What to do where it isn't clear that the newest backup is the one that is meant; see `refuseGuess`. */
  readonly guess: 'refuse' | 'accept';
  /** What somebody was shown before, and nothing else is done; undefined: nobody was asked. */
  readonly agreed: MeantRestore | undefined;
  readonly now: () => Date;
}

/** How a restore goes to a place where nothing is that anybody would miss: nobody is asked, and nothing is kept. */
export const TO_EMPTY_PLACE = {
  heldLock: 'refuse',
  earlierState: 'replace',
  old: 'discard',
  damagedBlobs: 'refuse',
  guess: 'accept',
  agreed: undefined,
} as const satisfies Partial<SiteRestoreSettings>;

/** What a restore of a site will do. */
export interface SiteRestorePlan {
  readonly filestorages: readonly { readonly storage: string; readonly plan: RestorePlan }[];
  readonly blobs: readonly { readonly storage: string; readonly plan: BlobRestorePlan }[];
  /** A commit over several storages before which the moment was moved. */
  readonly split?: SplitCommit | undefined;
}

/** The plan of a restore that is meant, and what is to be said before it. */
export interface MeantRestore {
  readonly plan: SiteRestorePlan;
  readonly warnings: readonly RestorePlanWarning[];
  /** When the last restore of the site was: what that one has kept, this one removes. */
  readonly lastRestoreAt: string | undefined;
}
