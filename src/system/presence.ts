import { lstat, stat } from 'node:fs/promises';
import { systemCodeOf } from './failure.ts';

/** Whether a path leads to something that can be looked at; links are followed. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether something has the name, be it a link to nowhere. What can't be looked at is an error. */
export function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (systemCodeOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
}
