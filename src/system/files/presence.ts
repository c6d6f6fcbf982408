import type { Stats } from 'node:fs';
import { access, constants, lstat, stat } from 'node:fs/promises';
import { isAbsent, leadsNowhereOrInCircles } from '../absent.ts';
import { withSystemErrors } from '../failure.ts';

/**
 * Whether a path leads to something that can be looked at; links are followed. Where absent means something else than
 * out of reach, {@link statOf} tells.
 */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether nobody can write to a path, whatever rights he has: its file system is mounted for reading alone. */
export function isOnReadOnlyDisk(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'EROFS',
  );
}

/** Whether something has the name, be it a link to nowhere. What can't be looked at is an error. */
export function isTaken(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (isAbsent(error)) return false;
      throw error;
    },
  );
}

/** What a path leads to; undefined where nothing is there. What can't be looked at is an error. */
export function statOf(path: string): Promise<Stats | undefined> {
  return withSystemErrors(`look at "${path}"`, () => stat(path).catch(leadsNowhereOrInCircles));
}
