/**
 * A transaction id: 8 bytes, big-endian, which are a UTC time stamp.
 *
 * | bytes | |
 * | --- | --- |
 * | 0 to 3 | minutes: `((((year-1900)*12 + month-1)*31 + day-1)*24 + hour)*60 + minute` |
 * | 4 to 7 | seconds as a fraction of a minute: `seconds * 2^32 / 60` |
 *
 * (ZODB, `persistent.TimeStamp`.)
 */
export type Tid = bigint & { readonly __type: 'Tid' };

export const TID_BYTES = 8;

/** The tid of nothing: less than any transaction's. */
export const ZERO_TID = 0n as Tid;

const MICROSECONDS_PER_MINUTE = 60_000_000n;
const FRACTIONS_PER_MINUTE = 1n << 32n;

/** A point in time, in whole microseconds since 1970-01-01T00:00:00Z. */
export type Microseconds = bigint & { readonly __type: 'Microseconds' };

/** Reads the 8 bytes at `offset`; the caller has checked that they are there. */
export function decodeTid(view: DataView, offset: number): Tid {
  return view.getBigUint64(offset) as Tid;
}

/** 16 hex digits. */
export function formatTid(tid: Tid): string {
  return tid.toString(16).padStart(16, '0');
}

/** The reverse of {@link formatTid}; undefined where `text` isn't 16 hex digits. */
export function parseTid(text: string): Tid | undefined {
  return /^[0-9a-f]{16}$/.test(text) ? (BigInt(`0x${text}`) as Tid) : undefined;
}

/** The whole microseconds since 1970 that are nearest to the moment that a tid names. */
export function microsecondsOfTid(tid: Tid): Microseconds {
  const fraction = tid & (FRACTIONS_PER_MINUTE - 1n);
  const micros =
    (fraction * MICROSECONDS_PER_MINUTE + FRACTIONS_PER_MINUTE / 2n) / FRACTIONS_PER_MINUTE;
  return (BigInt(startOfMinute(tid)) * 1000n + micros) as Microseconds;
}

/** Seconds since 1970, rounded as `persistent.TimeStamp.timeTime()` does: it counts from 1901, and subtracts. */
export function secondsOfTid(tid: Tid): number {
  const seconds = Number(tid & (FRACTIONS_PER_MINUTE - 1n)) * (60 / 2 ** 32);
  return startOfMinute(tid) / 1000 - START_OF_1901 + seconds + START_OF_1901;
}

/** Seconds since 1970. */
const START_OF_1901 = Date.UTC(1901, 0) / 1000;

/** The minute that a tid names, in milliseconds since 1970. */
function startOfMinute(tid: Tid): number {
  let minutes = Number(tid >> 32n);
  const minute = minutes % 60;
  minutes = Math.floor(minutes / 60);
  const hour = minutes % 24;
  minutes = Math.floor(minutes / 24);
  const day = (minutes % 31) + 1;
  minutes = Math.floor(minutes / 31);
  const month = minutes % 12;
  const year = 1900 + Math.floor(minutes / 12);
  const start = new Date(0);
  start.setUTCFullYear(year, month, day);
  return start.setUTCHours(hour, minute);
}

/**
 * The first tid that is not before `moment`; {@link microsecondsOfTid} takes it back. Tids are finer
 * than microseconds: some seventy of them are nearest to each. Years 1900 to 9999.
 */
export function tidOfMicroseconds(moment: Microseconds): Tid {
  const minuteOfEpoch = floorDivide(moment, MICROSECONDS_PER_MINUTE);
  const micros = moment - minuteOfEpoch * MICROSECONDS_PER_MINUTE;
  const date = new Date(Number(minuteOfEpoch) * 60_000);
  const months = (date.getUTCFullYear() - 1900) * 12 + date.getUTCMonth();
  const hours = (months * 31 + date.getUTCDate() - 1) * 24 + date.getUTCHours();
  const minutes = BigInt(hours * 60 + date.getUTCMinutes());
  const fraction =
    (micros * FRACTIONS_PER_MINUTE + MICROSECONDS_PER_MINUTE - 1n) / MICROSECONDS_PER_MINUTE;
  return ((minutes << 32n) | fraction) as Tid;
}

/** ISO 8601 in UTC with six decimals, as in `2026-11-23T11:19:22.742060Z`. */
export function formatTidTime(tid: Tid): string {
  const micros = microsecondsOfTid(tid);
  const milliseconds = floorDivide(micros, 1000n);
  const rest = (micros - milliseconds * 1000n).toString().padStart(3, '0');
  return new Date(Number(milliseconds)).toISOString().replace('Z', `${rest}Z`);
}

/** The tid that follows: what a server takes when the clock hasn't moved on. */
export function nextTid(tid: Tid): Tid {
  return (tid + 1n) as Tid;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
