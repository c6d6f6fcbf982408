/** A length of time as people write it, such as `36h`, `30d`, `8w`, `6m` and `2y`. */
export interface Span {
  /** From 1 to 9999. */
  readonly count: number;
  readonly unit: SpanUnit;
}

/** Hours, days, weeks, months, years. */
export type SpanUnit = 'h' | 'd' | 'w' | 'm' | 'y';

const WRITTEN = /^([1-9]\d{0,3})([hdwmy])$/;

/** How a span is written, as a regular expression for editors. */
export const SPAN_PATTERN = WRITTEN.source;

/** Undefined where the text is no span. */
export function parseSpan(text: string): Span | undefined {
  const [, count = '', unit = ''] = WRITTEN.exec(text) ?? [];
  return isUnit(unit) ? { count: Number(count), unit } : undefined;
}

export function formatSpan({ count, unit }: Span): string {
  return `${count}${unit}`;
}

/**
 * Where a span begins that ends at a moment. Hours are hours. All longer units are counted on the calendar of the local
 * time, whatever the clocks did meanwhile, and the span begins with the first moment of that day. A month before the
 * 31st is the last day of a shorter month.
 */
export function beginningOf({ count, unit }: Span, end: Date): Date {
  if (unit === 'h') return new Date(end.getTime() - count * HOUR_MS);
  const [year, month, day] = [end.getFullYear(), end.getMonth(), end.getDate()];
  switch (unit) {
    case 'd':
      return dayOf(year, month, day - count);
    case 'w':
      return dayOf(year, month, day - 7 * count);
    case 'm':
    case 'y': {
      const first = dayOf(year, month - (unit === 'm' ? count : 12 * count), 1);
      const last = dayOf(first.getFullYear(), first.getMonth() + 1, 0);
      return dayOf(last.getFullYear(), last.getMonth(), Math.min(day, last.getDate()));
    }
    default:
      return unit satisfies never;
  }
}

/** Whether a span has passed since a moment. Units of days and more go by the day alone, not by the time of the day. */
export function hasPassed(
  span: Span,
  { since, now }: { readonly since: Date; readonly now: Date },
): boolean {
  const begin = beginningOf(span, now);
  if (span.unit === 'h') return since <= begin;
  return dayOf(since.getFullYear(), since.getMonth(), since.getDate()) <= begin;
}

/** The first moment of a local day. JavaScript takes the years 0 to 99 for those of the last century. */
function dayOf(year: number, month: number, day: number): Date {
  const date = new Date(2000, 0, 1);
  date.setFullYear(year, month, day);
  return date;
}

const HOUR_MS = 3600 * 1000;

function isUnit(text: string): text is SpanUnit {
  return ['h', 'd', 'w', 'm', 'y'].includes(text);
}
