/** What a backup added to a disk, and when. */
export interface Addition {
  readonly moment: Date;
  readonly bytes: number;
}

const DAY = 86_400_000;
/** Shorter spans tell nothing of growth. */
const SHORTEST_SPAN_DAYS = 2;
/** How far back growth is looked at: two full backups are in it where a site is packed every month. */
const WINDOW_DAYS = 60;

/**
 * In how many days the disk is full, if what backups add each day goes on, and nothing old goes. Undefined where
 * nothing was added, or where the backups are younger than two days.
 *
 * @param series - for each folder what was added, in any order; what a wrong clock has dated in the future doesn't count
 */
export function daysUntilFull(
  series: readonly (readonly Addition[])[],
  { freeBytes, now }: { readonly freeBytes: number; readonly now: Date },
): number | undefined {
  const bytesPerDay = series.reduce((sum, additions) => sum + dailyGrowth(additions, now), 0);
  return bytesPerDay === 0 ? undefined : freeBytes / bytesPerDay;
}

/** Bytes per day; 0 where nothing tells. */
function dailyGrowth(additions: readonly Addition[], now: Date): number {
  const past = additions
    .map(({ moment, bytes }) => ({ age: (now.getTime() - moment.getTime()) / DAY, bytes }))
    .filter(({ age }) => age >= 0);
  const oldest = past.reduce((most, { age }) => Math.max(most, age), 0);
  const days = Math.min(oldest, WINDOW_DAYS);
  if (days < SHORTEST_SPAN_DAYS) return 0;
  // What the first backup brought is no growth: the site had it before.
  const grown = past.filter(({ age }) => age < days);
  return grown.reduce((sum, { bytes }) => sum + bytes, 0) / days;
}
