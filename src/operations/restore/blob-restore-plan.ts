import type { BlobChoice, Wanted } from '../../blobs/layout/choose.ts';
import type { OwnBlobs } from '../../blobs/ownership/ownership.ts';
import type { BlobCopier } from '../../config/model/site.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';

/** What of a blob directory is to be restored. */
export interface BlobRestoreSettings extends Wanted {
  /** The folder with its backups. */
  readonly folder: string;
  /** The folder with the Data.fs backups that they belong to; undefined: only blobs are backed up. */
  readonly repository: string | undefined;
  /** The blob directory that was backed up. */
  readonly source: string;
  /** Where there may be backups of it of other kinds: what the chosen one lacks of a moment is looked for there, too. */
  readonly otherKinds: readonly KindFolders[];
  /** Where it is restored to. */
  readonly target: string;
  readonly wanted: RestoreTarget;
  readonly rules: '2.3' | '6.0';
  readonly copier: BlobCopier;
  /** What to do about files that are lost, or not what was backed up. */
  readonly damagedBlobs: DamagedBlobs;
}

/** The folders of one kind of backups of a storage. */
export interface KindFolders {
  /** With the blob backups. */
  readonly folder: string;
  /** With the Data.fs backups that they belong to. */
  readonly repository: string;
}

/** `refuse`: nothing is replaced. `accept`: what there is is restored, with a warning. */
export type DamagedBlobs = 'refuse' | 'accept';

/** What a restore of blobs will do; nothing has been touched yet. */
export interface BlobRestorePlan {
  readonly settings: BlobRestoreSettings;
  readonly choice: BlobChoice;
  /** What it was chosen from. */
  readonly catalogue: OwnBlobs;
  /** The directory that is replaced: a link to it stays. */
  readonly target: string;
  /** Whether it is there. */
  readonly replaces: boolean;
}
