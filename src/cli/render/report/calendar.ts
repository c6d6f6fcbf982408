import { html, type Markup } from './markup.ts';

const DAY = 86_400_000;
const WEEKS = 26;
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** A day (UTC) of the calendar. */
export interface CalendarDay {
  /** `yyyy-mm-dd`. */
  readonly date: string;
  /**
   * - `some`: restore points were made.
   * - `same`: a backup ran well and found nothing new.
   * - `gap`: neither, though there were restore points before.
   * - `none`: before the first, after today, or today itself, which isn't over.
   */
  readonly kind: 'some' | 'same' | 'gap' | 'none';
  readonly points: number;
}

/** Weeks from Monday on, the last with today in it; 26 of them, or as many as there are backups. */
export function planCalendar({
  points,
  goodRuns,
  now,
}: {
  readonly points: readonly Date[];
  readonly goodRuns: readonly Date[];
  readonly now: Date;
}): readonly (readonly CalendarDay[])[] {
  const counts = new Map<number, number>();
  for (const day of points.map(dayOf)) counts.set(day, (counts.get(day) ?? 0) + 1);
  const ran = new Set(goodRuns.map(dayOf));
  const today = dayOf(now);
  const first = Math.min(...counts.keys(), today);
  const end = mondayOf(today) + 7;
  const start = Math.max(mondayOf(first), end - 7 * WEEKS);
  const weeks: CalendarDay[][] = [];
  for (let monday = start; monday < end; monday += 7) {
    weeks.push(
      DAYS.map((_, offset) => {
        const day = monday + offset;
        const count = counts.get(day) ?? 0;
        const date = new Date(day * DAY).toISOString().slice(0, 10);
        const isOut = day < first || day >= today;
        const kind = count > 0 ? 'some' : ran.has(day) ? 'same' : isOut ? 'none' : 'gap';
        return { date, kind, points: count };
      }),
    );
  }
  return weeks;
}

/** The days since 1970-01-01, which was a Thursday. */
function dayOf(moment: Date): number {
  return Math.floor(moment.getTime() / DAY);
}

function mondayOf(day: number): number {
  return day - ((day + 3) % 7);
}

/** A table with a column for each week. */
export function renderCalendar(weeks: readonly (readonly CalendarDay[])[], name: string): Markup {
  const head = weeks.map(([monday]) => html`<th scope="col">${monday?.date.slice(5) ?? ''}</th>`);
  const rows = DAYS.map(
    (day, place) =>
      html`<tr><th scope="row">${day}</th>${weeks.map((week) => cell(week[place]))}</tr>`,
  );
  return html`<div class="scroll" role="region" tabindex="0" aria-label="Calendar of ${name}">
<table class="calendar"><caption class="hidden">Restore points of each day of ${name}, UTC</caption>
<thead><tr><td></td>${head}</tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="quiet">A number: the restore points of that day. =: a backup ran and found nothing new. ✕: no backup.</p>`;
}

function cell(day: CalendarDay | undefined): Markup {
  if (day === undefined || day.kind === 'none') return html`<td></td>`;
  const { date, kind, points } = day;
  const words = {
    some: `${points} restore point${points === 1 ? '' : 's'}`,
    same: 'nothing new',
    gap: 'no backup',
  }[kind];
  const sign = { some: String(points), same: '=', gap: '✕' }[kind];
  return html`<td class="${kind}" title="${date}: ${words}"><span aria-hidden="true">${sign}</span><span class="hidden">${date}: ${words}</span></td>`;
}
