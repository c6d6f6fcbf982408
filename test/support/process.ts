import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** Kills a process that was spawned with `detached`, and all that it has started. */
export async function killGroup(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await ended;
}

/** Starts a program and kills it, with all that it has started, or alone, after so many ms; says if it still ran. */
export async function killRun(
  [program, ...words]: readonly [string, ...string[]],
  {
    cwd,
    afterMs,
    whole = true,
  }: { readonly cwd: string; readonly afterMs: number; readonly whole?: boolean },
): Promise<boolean> {
  const child = spawn(program, words, { cwd, detached: true, stdio: 'ignore' });
  const closed = once(child, 'close').then(() => true);
  if (await Promise.race([closed, pause(afterMs, false)])) return false;
  if (whole) await killGroup(child);
  else {
    child.kill('SIGKILL');
    await closed;
  }
  return true;
}
