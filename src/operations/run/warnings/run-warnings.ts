import type { RetentionHold } from '../../../blobs/ownership/retention-hold.ts';
import type { AstrayServer } from '../../../sources/astray-server.ts';
import type { FailureCode } from '../../../system/failure.ts';
import type { PingMoment } from '../../../system/processes/ping.ts';

/** What more than one operation says. */
export type RunWarning =
  /** Nothing old is removed. */
  | { readonly kind: 'warning'; readonly code: 'retention-hold'; readonly hold: RetentionHold }
  | ({
      readonly kind: 'warning';
      readonly code: 'astray-server';
      readonly dataFs: string;
    } & AstrayServer)
  /** A copy lacks what was backed up since it was complete. */
  | {
      readonly kind: 'warning';
      readonly code: 'copy-failed';
      readonly copy: string;
      /** Of the failure: its code and its message. */
      readonly cause: FailureCode;
      readonly reason: string;
    }
  /** A copy is complete, and old backups stay there. */
  | {
      readonly kind: 'warning';
      readonly code: 'copy-not-pruned';
      readonly copy: string;
      readonly reason: string;
    }
  /** A copy is read that has a restore point which can't be used: the others can. */
  | {
      readonly kind: 'warning';
      readonly code: 'copied-point-unusable';
      readonly reason: string;
    }
  /** It has restore points that can't stand in one line with the others: see `LineOfPoints`. */
  | {
      readonly kind: 'notice';
      readonly code: 'copied-points-aside';
      readonly stamps: readonly string[];
    }
  /** Its server can't have its disk write what it took: a crash of it may lose what was copied now. */
  | { readonly kind: 'notice'; readonly code: 'copy-not-synced'; readonly copy: string }
  /** What looks have found before can't be read: nothing old is removed. */
  | { readonly kind: 'warning'; readonly code: 'unread-checks'; readonly fileName: string }
  /** What somebody wants to keep can't be read: nothing old is removed. */
  | { readonly kind: 'warning'; readonly code: 'unread-tags'; readonly fileName: string }
  /** A look has found restore points bad, and could not write that down. */
  | {
      readonly kind: 'warning';
      readonly code: 'bad-result-not-noted';
      readonly stamps: readonly string[];
      readonly reason: string;
    }
  /** A backup failed, and whoever watches a copy doesn't see that. */
  | {
      readonly kind: 'notice';
      readonly code: 'copy-not-told';
      readonly copy: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'notice';
      readonly code: 'ping-failed';
      readonly moment: PingMoment;
      readonly reason: string;
    }
  | { readonly kind: 'notice'; readonly code: 'run-log-not-written'; readonly reason: string };
