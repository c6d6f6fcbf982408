/** The moment of an ISO time, as in `2026-03-01 04:05:06`: without its `T` and its fractions. */
export function formatUtcTime(time: string): string {
  return time.slice(0, 'yyyy-mm-ddThh:mm:ss'.length).replace('T', ' ');
}

/** The same in a sentence, as in `2026-03-01 04:05:06 (UTC)`. */
export function formatUtcMoment(time: string): string {
  return `${formatUtcTime(time)} (UTC)`;
}
