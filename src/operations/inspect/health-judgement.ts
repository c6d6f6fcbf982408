import type { HealthFinding } from './health-findings.ts';
import type { HealthState, Limits } from './limits.ts';

/** One thing that was judged. */
export interface Judgement {
  readonly state: HealthState;
  /** Which storage, where it is about one of several. */
  readonly storage: string | undefined;
  readonly finding: HealthFinding;
  /** Undefined where there is no number to it. */
  readonly measure: Measure | undefined;
}

/** A number as monitoring takes it. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: 's' | 'B' | '';
  readonly limits: Limits | undefined;
}
