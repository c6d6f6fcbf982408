import { readdir, readFile } from 'node:fs/promises';
import { failureOfEnd, type ProgramEnd, requireProgram, runProgram } from './programs.ts';

/** Without it, Debian's crontab may print three comments of its own. */
const ENVIRONMENT = { LC_ALL: 'C', CRONTAB_NOHEADER: 'Y' };

/** What the crontabs of Vixie, cronie and busybox say where a user has none. */
const NONE = ['no crontab for', 'No such file or directory'];

/** The crontab of this user, byte by byte; empty where there is none. Failure `program`. */
export async function readCrontab(signal: AbortSignal): Promise<Buffer> {
  const { end, output } = await runCrontab(['-l'], { signal });
  if (end.status === 0) return output;
  if (end.status === 1 && NONE.some((text) => end.errors.includes(text))) return Buffer.alloc(0);
  throw failureOfEnd(end, {
    what: 'Cannot read the crontab',
    hint: 'See whether "crontab -l" works for this user (cron.allow, cron.deny).',
  });
}

/** Replaces the crontab of this user; an empty one is removed. Failure `program`: it is as it was. */
export async function writeCrontab(content: Uint8Array, signal: AbortSignal): Promise<void> {
  const argv = content.length === 0 ? ['-r'] : ['-'];
  const { end } = await runCrontab(argv, { input: content, signal });
  if (end.status === 0) return;
  throw failureOfEnd(end, {
    what: 'Cannot replace the crontab',
    hint: { kind: 'print-cron-lines' },
  });
}

async function runCrontab(
  argv: readonly string[],
  { input, signal }: { readonly input?: Uint8Array; readonly signal: AbortSignal },
): Promise<{ readonly end: ProgramEnd; readonly output: Buffer }> {
  const path = await requireProgram('crontab', {
    hint: { kind: 'install-cron' },
  });
  const chunks: Uint8Array[] = [];
  const end = await runProgram(
    { path, arguments: argv, environment: ENVIRONMENT },
    { onOutput: (chunk) => chunks.push(chunk), signal, input },
  );
  return { end, output: Buffer.concat(chunks) };
}

const DAEMONS = new Set(['cron', 'crond', 'fcron']);

/** Whether a program that runs crontabs is among the processes. */
export async function isCronRunning(): Promise<boolean> {
  const names = await readdir('/proc').catch(() => []);
  for (const name of names.filter((one) => /^\d+$/.test(one))) {
    const command = await readFile(`/proc/${name}/comm`, 'utf8').catch(() => ''); // It has ended.
    if (DAEMONS.has(command.trim())) return true;
  }
  return false;
}
