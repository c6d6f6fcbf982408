import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as v from 'valibot';
import { parseJson } from '../parse-json.ts';

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const LockRecordSchema = v.object({
  pid: Count,
  host: v.string(),
  /** Linux's id of this start of the kernel: processes of one boot share its locks, whatever their host is called. */
  boot: v.optional(v.string()),
  since: v.pipe(v.string(), v.isoTimestamp()),
  /** What the run does: `backup`, `restore`, … */
  command: v.string(),
  /** Grows while the run lives. */
  beat: Count,
  /** Seconds after which it grows. */
  beatSeconds: v.pipe(v.number(), v.minValue(0.01), v.maxValue(60)),
});

/**
 * What the holder of a lock writes into its file: one line of JSON. The file of a lock that was given
 * back is empty.
 */
export type LockRecord = v.InferOutput<typeof LockRecordSchema>;

/** A machine, as far as its locks go. */
export interface Machine {
  readonly host: string;
  /** Undefined where the system doesn't tell. */
  readonly boot: string | undefined;
}

export async function thisMachine(): Promise<Machine> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    (text) => text.trim(),
    () => undefined, // Not Linux: the name of the host has to do.
  );
  return { host: hostname(), boot };
}

/** Whether a record's holder is, or was, on this machine, so that the kernel knows whether it lives. */
export function isOf(record: LockRecord, { host, boot }: Machine): boolean {
  if (record.boot === undefined || boot === undefined) return record.host === host;
  return record.boot === boot;
}

export function encodeLockRecord(record: LockRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** Undefined for what isn't such a record. Only the first line counts: the end of an older one may follow. */
export function decodeLockRecord(content: string): LockRecord | undefined {
  const [line = ''] = content.split('\n', 1);
  return parseJson(line, LockRecordSchema);
}

/** Characters of a foreign lock file that a message shows. */
const SHOWN = 120;

/** Who holds a lock: what its record says; else what stands in its file, on one line; else the pid, if known. */
export function describeHolder(
  content: string,
  { now, pid }: { readonly now: Date; readonly pid: number | undefined },
): string {
  const record = decodeLockRecord(content);
  if (record !== undefined) return describeRun(record, now);
  const text = printable(content.trim()).slice(0, SHOWN);
  if (text !== '') return text;
  return pid === undefined ? 'it has not said who it is' : `pid ${pid}`;
}

/** The same for a run that has said what it does, and where. */
export function describeRun(
  { command, pid, host, since }: Pick<LockRecord, 'command' | 'pid' | 'host' | 'since'>,
  now: Date,
): string {
  const ageSeconds = Math.max(0, (now.getTime() - Date.parse(since)) / 1000);
  return printable(
    `${command}, pid ${pid} on ${host}, since ${since}, ${formatAge(ageSeconds)} ago`,
  );
}

/** Somebody else may have written it: it must not steer a terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{C}]+/gu, ' ');
}

const UNITS = [
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

function formatAge(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ['second', 1];
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
