/** Exit status of what was done, but with something that somebody should read. */
export const DONE_WITH_WARNINGS = 3;

/** Exit statuses, the worst first: interrupted, failed, wrong usage, locked, done with warnings, done. */
const ORDER: readonly number[] = [130, 1, 2, 4, DONE_WITH_WARNINGS, 0];

/** Whether something was not done. */
export function meansFailure(status: number): boolean {
  return status !== 0 && status !== DONE_WITH_WARNINGS;
}

/** What a command ends with that did several things; 0 where it did nothing. */
export function worstStatus(statuses: readonly number[]): number {
  return ORDER.find((one) => statuses.includes(one)) ?? statuses[0] ?? 0;
}
