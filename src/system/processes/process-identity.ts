import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import * as v from 'valibot';
import { thisMachine } from '../locks/lock-record.ts';

/** What tells a process from every other, be it that its number is given away again. */
export const ProcessIdentitySchema = v.object({
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  host: v.string(),
  /** Linux's ids of this start of the kernel, and of the namespace in which the number counts. */
  boot: v.optional(v.string()),
  namespace: v.optional(v.string()),
  /** When it was started, in the kernel's ticks since its own start: field 22 of /proc/PID/stat, proc(5). */
  started: v.optional(v.string()),
});

export type ProcessIdentity = v.InferOutput<typeof ProcessIdentitySchema>;

/** That of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const { pid } = process;
  const { host, boot } = await thisMachine();
  return { pid, host, boot, namespace: await namespaceOfPids(), started: await startOf(pid) };
}

/** Whether a process still runs; unknown for one of another machine, or of another container. */
export async function lookAtProcess(
  identity: ProcessIdentity,
): Promise<'runs' | 'ended' | 'unknown'> {
  const { boot } = await thisMachine();
  if (identity.boot !== boot) return identity.host === hostname() ? 'ended' : 'unknown';
  if (identity.namespace !== (await namespaceOfPids())) return 'unknown';
  const started = await startOf(identity.pid);
  return started !== undefined && started === identity.started ? 'runs' : 'ended';
}

async function namespaceOfPids(): Promise<string | undefined> {
  return readlink('/proc/self/ns/pid').catch(() => undefined);
}

async function startOf(pid: number): Promise<string | undefined> {
  return startInStat(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
}

/**
 * When a process was started, in its `/proc/PID/stat`; undefined where that is empty. One that has ended, and that
 * nobody has waited for, is none.
 */
export function startInStat(text: string): string | undefined {
  // The name in parentheses may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = 'Z'] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}
