/** From where on something is a warning, and from where on critical. */
export interface Limits {
  readonly warning: number;
  readonly critical: number;
}

/** The exit statuses of monitoring plug-ins: 0, 1, 2. */
export type HealthState = 'ok' | 'warning' | 'critical';

/** How bad an age is. @param limits - undefined: it isn't judged */
export function stateOfAge(age: number, limits: Limits | undefined): HealthState {
  if (limits === undefined || age <= limits.warning) return 'ok';
  return age <= limits.critical ? 'warning' : 'critical';
}
