import type { Period } from '../../system/calendar/period.ts';
import type { Span } from '../../system/calendar/span.ts';
import type { Stamp } from '../layout/stamp.ts';

/** How many restore points stay by the calendar; 0: the rule keeps none. */
export type PeriodRules = { readonly [Name in Period]: number };

/** Which restore points stay. A point stays if any rule keeps it. */
export interface KeepRules extends PeriodRules {
  /** All that are not older than this; absent: the rule keeps none. */
  readonly within?: Span | undefined;
}

/** A restore point, as far as retention asks. */
export interface RetentionPoint {
  readonly stamp: Stamp;
  /** When it was made, by the clock of that run; undefined: nothing tells. */
  readonly madeAt: Date | undefined;
  /** Whether it can be restored as a whole, as far as anybody knows. */
  readonly isWhole: boolean;
  /** Whether a deep verification has found it good. */
  readonly isProven: boolean;
  readonly tags: readonly string[];
}

/** A full backup and its increments. */
export interface RetentionChain {
  /** Oldest first. Each of them needs all that come before it. */
  readonly points: readonly RetentionPoint[];
  /** Why all of it stays, whatever the rules say; undefined: they decide. */
  readonly held: HeldBy | undefined;
}

/** The restore points of one storage of a site. */
export interface RetentionStorage {
  readonly name: string;
  /** Oldest first. */
  readonly chains: readonly RetentionChain[];
}

/** Why a whole chain stays. */
export type HeldBy =
  /** Nothing says that anything may go. */
  | { readonly kind: 'keeps-all' }
  /** It is one of the newest full backups that count. */
  | { readonly kind: 'full-backups'; readonly keep: number }
  /** Nobody can read which backups are known to be bad, or which have tags. */
  | { readonly kind: 'unread'; readonly fileName: string }
  /** The newest full backup was made of a Data.fs that was damaged, or had lost something. */
  | { readonly kind: 'source-faults' }
  /** The live blob directory lacks what older backups have. */
  | { readonly kind: 'lost-blobs' }
  /** It is of another database, or perhaps of another. */
  | { readonly kind: 'other-database' }
  /** It is the newest from before one that may lack something. */
  | { readonly kind: 'before-uncertain' };

/** Why a restore point stays. */
export type StayReason =
  | { readonly kind: 'held'; readonly by: HeldBy }
  /** It is the newest, or the newest that can be restored as a whole. */
  | { readonly kind: 'newest' }
  /** It is the newest that a deep verification has found good. */
  | { readonly kind: 'verified' }
  | { readonly kind: 'tagged'; readonly tags: readonly string[] }
  | { readonly kind: 'within'; readonly span: Span }
  /** It is the newest of that day, week, month or year. */
  | { readonly kind: Period; readonly of: string }
  /** No clock tells when it was made. */
  | { readonly kind: 'undated' }
  /** A restore of the site to that moment takes it. */
  | { readonly kind: 'together'; readonly with: Stamp }
  /** An increment that stays needs it. */
  | { readonly kind: 'needed'; readonly by: Stamp };

/** What becomes of a restore point. */
export interface PointVerdict {
  readonly stamp: Stamp;
  /** None: it goes. */
  readonly reasons: readonly StayReason[];
}
