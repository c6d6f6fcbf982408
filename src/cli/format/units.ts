export { formatUtcMoment, formatUtcTime } from '../../system/calendar/utc-time.ts';
export { formatBytes } from '../../system/format-bytes.ts';

/** A time as people read it: seconds, minutes and seconds, or hours and minutes. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** An age as people say it: `40 min`, `26 h`, `3 d`. */
export function formatAge(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.floor(hours / 24)} d`;
}

/** What a clock of this machine's time zone shows at a moment, as in `2026-03-01 05:05:06`. */
export function formatClockTime(moment: Date): string {
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${date} ${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
}

/** The same with the zone's offset then, which makes it one moment: `2026-03-01 05:05:06 +01:00`. */
export function formatLocalTime(moment: Date): string {
  const ahead = -moment.getTimezoneOffset();
  const offset = `${two(Math.floor(Math.abs(ahead) / 60))}:${two(Math.abs(ahead) % 60)}`;
  return `${formatClockTime(moment)} ${ahead < 0 ? '-' : '+'}${offset}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** "1 file", "2 files", "3,412 files". */
export function count(number: number, noun: string): string {
  return `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** As in `3,412`. Without `Intl`: to load its tables takes a tenth of what a short command takes. */
export function formatCount(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
