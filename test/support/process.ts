import type { ChildProcess } from 'node:child_process';

/** Kills a process that was spawned with `detached`, and all that it has started. */
export async function killGroup(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await ended;
}
