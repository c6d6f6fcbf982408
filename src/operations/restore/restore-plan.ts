import type { RestorePoint } from '../../repository/restore-point.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';

/** What a restore is asked for. */
export interface RestoreSettings {
  readonly repository: string;
  /** Which state of it. */
  readonly wanted: RestoreTarget;
  /** Path of the Data.fs to make or to replace. */
  readonly target: string;
  /** What to do where a server holds the target's lock. */
  readonly heldLock: 'refuse' | 'ignore';
  /**
   * What becomes of what is replaced: it is kept, for an undo; goes when the restore is done; or goes
   * first, where there is no room for both, after every byte of the backup has been checked.
   */
  readonly old: OldState;
  readonly now: () => Date;
}

export type OldState = 'keep' | 'discard' | 'remove-first';

/** What a restore will do; nothing has been touched yet. */
export interface RestorePlan {
  /** Folder of the repository. */
  readonly repository: string;
  readonly point: RestorePoint;
  readonly target: string;
  /** Whether a file is there that it replaces. */
  readonly replaces: boolean;
}

/** What a restore did. */
export interface RestoreResult {
  readonly plan: RestorePlan;
  readonly sizeBytes: number;
  /** Bytes that the target had already; 0 where it was made from nothing. */
  readonly hadBytes: number;
  /** `without`: the server will make an index of its own when it starts. */
  readonly index: 'restored' | 'without';
}
