import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { failureOfEnd, findProgram, runProgram } from './programs.ts';

/** Which systemd: that of the machine, or that of a user. */
export type SystemdScope = 'system' | 'user';

/** The folder for units that were made on this machine: systemd.unit(5). */
export function unitFolder(scope: SystemdScope): string {
  if (scope === 'system') return '/etc/systemd/system';
  return join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'systemd/user');
}

/** Whether systemd runs this machine (sd_booted(3)), and `systemctl` is there. */
export async function isSystemdRunning(): Promise<boolean> {
  const isBooted = await stat('/run/systemd/system').then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isBooted && (await findProgram('systemctl')) !== undefined;
}

/** The command line of systemctl. */
export function systemctlWords(scope: SystemdScope, argv: readonly string[]): readonly string[] {
  return ['systemctl', ...(scope === 'user' ? ['--user'] : []), ...argv];
}

/** Runs a command line of {@link systemctlWords}. Failure `program`. */
export async function runSystemctl(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const [name = '', ...rest] = argv;
  const path = (await findProgram(name)) ?? name;
  const end = await runProgram({ path, arguments: rest }, { onOutput: () => {}, signal });
  if (end.status === 0) return;
  throw failureOfEnd(end, {
    what: `Cannot run "${argv.join(' ')}"`,
    hint: 'The units are in place; run it by hand.',
  });
}

/** Whether the timers of this user run while nobody is logged in: loginctl(1), enable-linger. */
export async function isLingering(user: string): Promise<boolean> {
  return stat(join('/var/lib/systemd/linger', user)).then(
    () => true,
    () => false,
  );
}
