/** Stretches of the calendar of which one backup may stay, the shortest first. */
export const PERIODS = ['daily', 'weekly', 'monthly', 'yearly'] as const;

export type Period = (typeof PERIODS)[number];

/**
 * The name of the day, week, month or year of a moment, as in `2026-03-01`, `2026-W09`, `2026-03`, `2026`. Days are
 * those of the local time, with daylight saving: one may have 23 or 25 hours. Weeks begin on Monday, and belong to the
 * year that has their Thursday (ISO 8601).
 */
export function nameOfPeriod(moment: Date, period: Period): string {
  const [year, month, day] = [moment.getFullYear(), moment.getMonth(), moment.getDate()];
  switch (period) {
    case 'daily':
      return `${four(year)}-${two(month + 1)}-${two(day)}`;
    case 'weekly':
      return nameOfWeek(Date.UTC(year, month, day));
    case 'monthly':
      return `${four(year)}-${two(month + 1)}`;
    case 'yearly':
      return four(year);
    default:
      return period satisfies never;
  }
}

/** @param day - of the calendar, as if it were one of UTC: there all days have 24 hours */
function nameOfWeek(day: number): string {
  const fromMonday = (new Date(day).getUTCDay() + 6) % 7;
  const thursday = new Date(day + (3 - fromMonday) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${four(year)}-W${two(week)}`;
}

const DAY_MS = 24 * 3600 * 1000;

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function four(value: number): string {
  return String(value).padStart(4, '0');
}
