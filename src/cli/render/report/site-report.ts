import type { LookWords } from '../../format/look-words.ts';
import type { RunsReport } from './runs-report.ts';

/** All that the report of one site says, as values: pages are made of it without looking anywhere. */
export interface SiteReport {
  readonly part: string;
  readonly verdict: VerdictReport;
  readonly places: readonly PlaceReport[];
  readonly runs: RunsReport;
  /** Names and values, without secrets. */
  readonly settings: readonly (readonly [name: string, value: string])[];
}

/** The state of the backups of a site, as `check` finds it with its default limits. */
export interface VerdictReport {
  readonly state: 'ok' | 'warning' | 'critical' | 'unknown';
  /** The worst first. */
  readonly findings: readonly {
    readonly state: VerdictReport['state'];
    readonly text: string;
  }[];
}

/** One kind of backups of one storage. */
export interface PlaceReport {
  readonly storage: string;
  readonly of: string;
  readonly path: string;
  /** Oldest first. */
  readonly points: readonly PointReport[];
  /** Problems of what belongs to no restore point. */
  readonly remains: readonly string[];
  readonly verified: Date | undefined;
  readonly testRestored: Date | undefined;
  /** Undefined where it went meanwhile. */
  readonly disk:
    | {
        readonly freeBytes: number;
        readonly diskBytes: number;
        /** Undefined where nothing tells. */
        readonly daysUntilFull: number | undefined;
      }
    | undefined;
}

export interface PointReport {
  readonly stamp: string;
  readonly moment: Date | undefined;
  readonly kind: string;
  readonly dataFsBytes: number | undefined;
  readonly storedBytes: number;
  /** As in `2026-03-01 deep`. */
  readonly check: LookWords | undefined;
  readonly blobs: string;
  readonly tags: readonly string[];
  readonly problems: readonly string[];
}
