import { Option } from '@commander-js/extra-typings';
import { parseRecoveryDate, type RecoveryDate } from '../../repository/layout/recovery-date.ts';
import {
  formatStamp,
  momentOfStamp,
  parseStamp,
  type Stamp,
} from '../../repository/layout/stamp.ts';
import {
  LATEST_BACKUP,
  momentOfDate,
  parseTransactionMoment,
  type RestoreTarget,
  type WantedMoment,
} from '../../repository/restore-target.ts';
import { Failure } from '../../system/failure.ts';
import { formatLocalTime } from '../format/units.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** A date that somebody typed, understood. */
export interface WrittenDate {
  /** For backups: the newest one that is not later. */
  readonly date: RecoveryDate;
  /** The first moment that the text covers, which of a day in words is its begin; of all else it is the moment meant. */
  readonly start: Date;
  /** The moment behind it, which of a day in words is the end of that day. */
  readonly end: Date;
  /** The first moment that is later, to the millisecond: a short one of UTC is itself later than what is meant. */
  readonly later: Date;
  /** What was understood, local and UTC, for a line that says so. */
  readonly understood: string;
}

/** How the help of a command shows a date. */
export const DATE_FORMS =
  'yyyy-mm-dd[-hh[-mm[-ss]]] in UTC, or local as in "2026-03-01 14:00" and "yesterday 14:00"';

/** How the help of a command shows a moment of the log. */
export const MOMENT_FORMS = `${DATE_FORMS}; a transaction by the 16 digits of its tid, or "before TID"; or latest`;

/** What the help of a command says of a moment. */
export const MOMENT_ARGUMENT = `a restore point by its whole date, or the last transaction up to a moment: ${MOMENT_FORMS}`;

/** By which chain a moment is meant, where two have one. */
export const CHAIN_OPTION = new Option(
  '--chain <date>',
  'the chain that has the moment, by the date of its full backup: after a restore to an earlier state, two may have it',
);

/** That a moment may have a part of a commit. */
export const EXACT_OPTION = new Option(
  '--exact',
  'take the moment as it is, also where a commit over two storages lies on both sides of it',
);

/**
 * What a command is asked for, and says again in words.
 *
 * @param written - undefined, as `latest`: the newest backup
 * @param chain - the name of a full backup, where somebody says by which chain
 */
export function readTarget(
  written: string | undefined,
  {
    terminal,
    chain,
    exact,
    now = new Date(),
  }: {
    readonly terminal: Pick<Terminal, 'log'>;
    readonly chain?: string | undefined;
    readonly exact?: true | undefined;
    readonly now?: Date;
  },
): RestoreTarget {
  const stamp = chain === undefined ? undefined : readChain(chain, terminal);
  if (written === undefined || written.trim().toLowerCase() === 'latest') {
    const said = [chain && '--chain', exact && '--exact'].find(Boolean);
    if (said === undefined) return LATEST_BACKUP;
    throw new Failure('usage', `Cannot use ${said} without a moment`, {
      hint: 'Name the moment that you want: a date, or a tid.',
    });
  }
  const moment = readWanted(written, { terminal, now });
  return { kind: 'moment', moment, chain: stamp, isExact: exact === true };
}

function readWanted(
  written: string,
  { terminal, now }: { readonly terminal: Pick<Terminal, 'log'>; readonly now: Date },
): WantedMoment {
  const transaction = parseTransactionMoment(written);
  if (transaction !== undefined) return transaction;
  const { date, start, later, understood } = readWrittenDate(written, now);
  sayMeaning(written, { understood, terminal });
  return momentOfDate(date, { later, isFuture: start > now });
}

function readChain(written: string, terminal: Pick<Terminal, 'log'>): Stamp {
  const stamp = readStamp(written, terminal);
  if (stamp !== undefined) return stamp;
  throw new Failure(
    'usage',
    `Cannot use "${written}" as a chain: it is not the whole date of a backup`,
    {
      hint: 'A chain has the name of its full backup. "zodbvault list" shows the names.',
    },
  );
}

const DAY = /^(?<day>\d{4}-\d\d-\d\d|today|yesterday)/;
const LOCAL = new RegExp(
  `${DAY.source}(?:(?:T| +)(?<hour>\\d\\d):(?<minute>\\d\\d)(?::(?<second>\\d\\d))?)?(?: *(?<offset>Z|[+-]\\d\\d:?\\d\\d))?$`,
  'i',
);

/** The same for a stretch of time: where it begins, or where it ends, behind its last moment. */
export function readEdge(
  written: string,
  { edge, terminal }: { readonly edge: 'start' | 'end'; readonly terminal: Pick<Terminal, 'log'> },
): Date {
  const moment = readWrittenDate(written, new Date())[edge];
  const understood = `${edge === 'start' ? 'from' : 'before'} ${inBothTimes(moment)}`;
  sayMeaning(written, { understood, terminal });
  return moment;
}

/** The stamp of a restore point that is named by its whole moment; undefined for all else. Failure `usage` as below. */
export function readStamp(written: string, terminal: Pick<Terminal, 'log'>): Stamp | undefined {
  if (!written.includes(':')) return parseStamp(written);
  const { date, understood } = readWrittenDate(written, new Date());
  sayMeaning(written, { understood, terminal });
  return parseStamp(date);
}

function sayMeaning(
  written: string,
  {
    understood,
    terminal,
  }: { readonly understood: string; readonly terminal: Pick<Terminal, 'log'> },
): void {
  terminal.log(`"${written}" means ${understood}`);
}

/**
 * Reads a date in one of its two forms.
 *
 * With hyphens, `yyyy-mm-dd[-hh[-mm[-ss]]]`, it is UTC, and means what it means for repozo: a short one is before all
 * that begins with it. With a blank or a `T` before the time, it is local, unless an offset or `Z` follows. `today` and
 * `yesterday` are days, and a day in words means its end.
 *
 * Failure `usage`: the text has neither form, no calendar has it, or clocks showed it twice or never.
 *
 * @param now - tells which day is today
 */
export function readWrittenDate(text: string, now: Date): WrittenDate {
  const written = text.trim();
  const parts = LOCAL.exec(written)?.groups;
  const isHyphens = parts === undefined || (parts['hour'] === undefined && /^\d/.test(written));
  return isHyphens ? readHyphens(written) : readLocal(written, { parts, now });
}

function readHyphens(text: string): WrittenDate {
  if (!/^\d{4}(-\d\d){2,5}$/.test(text)) throw notUsable(text, 'it has none of the known forms');
  const whole = parseStamp(text + '-00'.repeat((WHOLE.length - text.length) / '-00'.length));
  const start = whole && momentOfStamp(whole);
  if (start === undefined) throw notUsable(text, NOT_ON_CALENDAR);
  const understood = `${whole === text ? '' : 'before '}${inBothTimes(start)}`;
  const later = whole === text ? new Date(start.getTime() + 1) : start;
  return { date: parseRecoveryDate(text), start, end: start, later, understood };
}

const WHOLE = 'yyyy-mm-dd-hh-mm-ss';
const NOT_ON_CALENDAR = 'no calendar has such a day or time';

/** The numbers of a date on a clock. */
type ClockTime = readonly [
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
];

function readLocal(
  text: string,
  { parts, now }: { readonly parts: Readonly<Record<string, string>>; readonly now: Date },
): WrittenDate {
  const { day = '', hour, minute, second, offset } = parts;
  const date = dayOf(day.toLowerCase(), now);
  const isDayAlone = hour === undefined;
  const time: ClockTime = isDayAlone
    ? [...date, 23, 59, 59]
    : [...date, Number(hour), Number(minute), Number(second ?? 0)];
  if (!isOnCalendar(time)) throw notUsable(text, NOT_ON_CALENDAR);
  const moment = theMoment(text, { time, offset });
  const [start = moment] = isDayAlone ? localMoments([...date, 0, 0, 0]) : [];
  const end = isDayAlone ? new Date(moment.getTime() + 1000) : moment;
  return {
    date: parseRecoveryDate(formatStamp(moment)),
    start,
    end,
    later: isDayAlone ? end : new Date(moment.getTime() + 1),
    understood: inBothTimes(moment),
  };
}

function theMoment(
  text: string,
  { time, offset }: { readonly time: ClockTime; readonly offset: string | undefined },
): Date {
  if (offset !== undefined) return momentAt(time, offset);
  const [moment, other] = localMoments(time);
  if (moment === undefined) throw notUsable(text, neverShown(time));
  if (other === undefined) return moment;
  const both = `${inBothTimes(moment)}, and ${inBothTimes(other)}`;
  throw notUsable(text, `the clocks showed that time twice: ${both}`);
}

function dayOf(word: string, now: Date): readonly [number, number, number] {
  if (/^\d/.test(word)) {
    const [year = 0, month = 0, day = 0] = word.split('-').map(Number);
    return [year, month, day];
  }
  const ago = word === 'yesterday' ? 1 : 0;
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() - ago);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()];
}

/** JavaScript takes 31 February for 3 March: only what comes back unchanged is on a calendar. */
function isOnCalendar(time: ClockTime): boolean {
  const numbers = formatStamp(new Date(utcOf(time)))
    .split('-')
    .map(Number);
  return time.every((number, index) => number === numbers[index]);
}

/** All moments at which a clock of this machine's time zone shows that, earliest first: one, two, or none. */
function localMoments(time: ClockTime): readonly Date[] {
  const asUtc = utcOf(time);
  // A zone has the offset of the day before or that of the day after; both in question around a change.
  const offsets = [asUtc - DAY_MILLIS, asUtc + DAY_MILLIS].map(offsetAt);
  return [...new Set(offsets)]
    .map((offset) => asUtc - offset)
    .filter((millis) => offsetAt(millis) === asUtc - millis)
    .sort((a, b) => a - b)
    .map((millis) => new Date(millis));
}

const DAY_MILLIS = 24 * 3600 * 1000;

/** What local clocks were ahead of UTC by, in milliseconds. */
function offsetAt(millis: number): number {
  return -new Date(millis).getTimezoneOffset() * 60_000;
}

function utcOf([year, month, day, hour, minute, second]: ClockTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function momentAt(time: ClockTime, offset: string): Date {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(offset) ?? [];
  const ahead = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1);
  return new Date(utcOf(time) - ahead * 60_000);
}

/** Clocks were put forward over that time: what it is by the rule before, and by the rule after. */
function neverShown(time: ClockTime): string {
  const asUtc = utcOf(time);
  const both = [asUtc - DAY_MILLIS, asUtc + DAY_MILLIS]
    .map((near) => inBothTimes(new Date(asUtc - offsetAt(near))))
    .join(', or ');
  return `the clocks were put forward and never showed that time; it may mean ${both}`;
}

function inBothTimes(moment: Date): string {
  return `${formatLocalTime(moment)} (UTC: ${formatStamp(moment)})`;
}

function notUsable(text: string, why: string): Failure {
  return new Failure('usage', `Cannot use "${text}" as a date: ${why}`, {
    hint: 'Write 2026-03-01 14:00 (local), 2026-03-01-13-00-00 (UTC), yesterday 14:00, or latest. "zodbvault list" shows each restore point in both forms.',
  });
}
