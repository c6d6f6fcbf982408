import type { CountingBlobs } from '../../blobs/ownership/retention-repository.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { Origin } from '../../repository/lineage/same-database.ts';
import type { HeldBy, KeepRules } from '../../repository/retention/retention-point.ts';

/** How much is kept. */
export interface Pruning {
  /** Full backups that stay with their increments; 0: all of them, unless there are `rules`. */
  readonly keep: number;
  /** Undefined: `keep` alone decides. */
  readonly rules?: KeepRules | undefined;
  /** Why nothing goes now, whatever they say. */
  readonly held?: HeldBy | undefined;
  /** Those of its restore points; undefined: they have none, or nobody backs them up here. */
  readonly blobs?: CountingBlobs | undefined;
}

/** A backup that is about to be made. */
export interface ComingBackup {
  readonly stamp: Stamp;
  readonly madeAt: Date;
  /** Undefined for an increment of the newest chain. */
  readonly full: ComingFull | undefined;
}

/** A full backup that is about to be made. */
export interface ComingFull extends Origin {
  readonly sparesOlder: boolean;
  readonly mayLack: boolean;
}
