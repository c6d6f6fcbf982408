import { readdirSync, readFileSync } from 'node:fs';
import { systemCodeOf } from '../failure.ts';

/**
 * Sends a signal to a process and to all that it has started: a shell dies alone, and leaves running what it waits for.
 * Not by its group: whoever has one of its own has lost the terminal, where sudo asks for a password. What belongs
 * to another user, or has ended, is left out.
 */
export function killTree(pid: number, signal: NodeJS.Signals): void {
  for (const one of processTree(pid)) {
    try {
      process.kill(one, signal);
    } catch (error) {
      if (!['ESRCH', 'EPERM'].includes(systemCodeOf(error) ?? '')) throw error;
    }
  }
}

/** The process comes first, so that a shell starts nothing new when what it waits for has died. */
function processTree(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap((child) => processTree(child))];
}

/** proc(5), `/proc/PID/task/TID/children`; none where the system doesn't tell. */
function childrenOf(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).flatMap((task) =>
      readFileSync(`${tasks}/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return [];
  }
}
