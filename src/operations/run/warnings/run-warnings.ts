import type { RetentionHold } from '../../../blobs/ownership/retention-hold.ts';
import type { AstrayServer } from '../../../sources/astray-server.ts';
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
  | {
      readonly kind: 'notice';
      readonly code: 'ping-failed';
      readonly moment: PingMoment;
      readonly reason: string;
    }
  | { readonly kind: 'notice'; readonly code: 'run-log-not-written'; readonly reason: string };
