import type { RetentionHold } from '../../blobs/ownership/retention-hold.ts';
import type { RepositoryProblem } from '../../repository/problem.ts';
import type { Check } from '../../repository/records/check-results.ts';
import type { SiteFault } from '../../repository/site-faults.ts';
import type { AstrayServer } from '../../sources/astray-server.ts';
import type { PastRun } from '../run/past-runs.ts';
import type { BlobProblem } from '../verify/blob-finding.ts';
import type { PlaceHealth } from './site-health.ts';

/** What a check of the backups finds, good or bad, as values. The codes never change. */
export type HealthFinding =
  | AgeFinding
  | ContentFinding
  | LastRunFinding
  | CopyFinding
  | { readonly code: 'free-space'; readonly bytes: number; readonly percent: number }
  /** Where nothing old is ever removed. `days`: about so many are left. */
  | { readonly code: 'disk-full-soon'; readonly folder: string | undefined; readonly days: number }
  | ({ readonly code: 'astray-server'; readonly dataFs: string } & AstrayServer)
  /** No backup can be made there. */
  | { readonly code: 'disk-read-only'; readonly path: string }
  /** A site that starts on it has a Data.fs and blobs of two states, or none. */
  | { readonly code: 'restore-half-done' };

type AgeFinding =
  | { readonly code: 'no-backup' | 'backup-age-unknown' | 'never-verified' | 'never-test-restored' }
  | {
      readonly code:
        | 'backup-age'
        | 'verify-age'
        | 'test-restore-age'
        /** No such look has found all right yet. */
        | 'verify-found-damage'
        | 'test-restore-found-damage';
      readonly ageSeconds: number;
    }
  /** The newest restore point is dated in the future. */
  | { readonly code: 'clock-was-wrong'; readonly newest: Date };

type ContentFinding =
  | { readonly code: 'restore-points-whole'; readonly count: number }
  | {
      readonly code: 'backup-files-bad';
      readonly count: number;
      readonly name: string;
      readonly problem: RepositoryProblem | BlobProblem;
      /** A newer full backup was verified. */
      readonly isSuperseded: boolean;
    }
  | {
      readonly code: 'restore-point-bad';
      readonly stamp: string;
      readonly foundBy: Check['kind'];
      readonly isSuperseded: boolean;
    }
  | ({ readonly code: 'site-faults' } & SiteFault)
  /** A restore without a date does not guess which of the copies is meant. */
  | ({ readonly code: 'newest-of-other-copy' } & NonNullable<PlaceHealth['newestOfCopy']>)
  | { readonly code: 'retention-hold'; readonly hold: RetentionHold }
  /** What looks have found before can't be read: nothing old is removed. */
  | { readonly code: 'unread-checks'; readonly fileName: string };

/** Of a copy elsewhere, as the last run that made it has left it. */
type CopyFinding =
  | { readonly code: 'copy-age'; readonly copy: string; readonly ageSeconds: number }
  /** `since`: ISO 8601. */
  | {
      readonly code: 'copy-failed';
      readonly copy: string;
      readonly since: string;
      readonly reason: string;
    }
  | { readonly code: 'copy-never-made'; readonly copy: string };

type LastRunFinding =
  | { readonly code: 'last-run-killed'; readonly verb: PastRun['verb']; readonly begun: string }
  | { readonly code: 'last-run-not-done'; readonly verb: PastRun['verb']; readonly reason: string }
  | {
      readonly code: 'last-run-warned';
      readonly verb: PastRun['verb'];
      readonly warnings: number;
      /** The first of them, in words; undefined: only the log of that run has it. */
      readonly first: string | undefined;
    };
