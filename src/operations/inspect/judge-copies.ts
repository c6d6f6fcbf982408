import type { RememberedCopy } from '../copies/remembered-copies.ts';
import type { HealthFinding } from './health-findings.ts';
import type { Judgement } from './health-judgement.ts';
import { type HealthState, type Limits, stateOfAge } from './limits.ts';

/** Judges the copies of a site by how the runs ended that made them. @param limits - of the age of a backup */
export function judgeCopies(
  copies: readonly RememberedCopy[],
  { limits, now }: { readonly limits: Limits | undefined; readonly now: Date },
): readonly Judgement[] {
  const ageOf = (moment: string) => Math.max(0, (now.getTime() - Date.parse(moment)) / 1000);
  return copies.map(({ copy: { name: copy }, state }): Judgement => {
    const { completeAt, failure } = state ?? {};
    // The first run is still at work, or was killed.
    const isNever = completeAt === undefined && failure === undefined;
    if (state === undefined || isNever) return judged('warning', { code: 'copy-never-made', copy });
    const ageSeconds = ageOf(completeAt ?? failure?.since ?? state.triedAt);
    const byAge = stateOfAge(ageSeconds, limits);
    if (failure !== undefined) {
      const worst = byAge === 'critical' ? 'critical' : 'warning';
      const { since, message: reason } = failure;
      return judged(worst, { code: 'copy-failed', copy, since, reason });
    }
    const value = Math.round(ageSeconds);
    return {
      ...judged(byAge, { code: 'copy-age', copy, ageSeconds }),
      measure: { name: `copy_age ${copy}`, value, unit: 's', limits },
    };
  });
}

function judged(state: HealthState, finding: HealthFinding): Judgement {
  return { state, storage: undefined, finding, measure: undefined };
}
