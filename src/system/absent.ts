import { systemCodeOf } from './failure.ts';

/** For `catch`, where absent is a result: undefined if nothing has that name. Any other error is thrown again. */
export function absent(error: unknown): undefined {
  if (isAbsent(error)) return undefined;
  throw error;
}

/** The same, also where a path leads through what is no folder. */
export function leadsNowhere(error: unknown): undefined {
  if (isNowhere(error)) return undefined;
  throw error;
}

/** The same, also of links that lead to one another. */
export function leadsNowhereOrInCircles(error: unknown): undefined {
  if (isNowhere(error) || systemCodeOf(error) === 'ELOOP') return undefined;
  throw error;
}

/** For `catch` of a `readlink`: undefined for what is no link, or isn't there. Any other error is thrown again. */
export function isNoLink(error: unknown): undefined {
  if (systemCodeOf(error) === 'EINVAL') return undefined;
  return leadsNowhere(error);
}

/** Whether the system has said that nothing has that name. */
export function isAbsent(error: unknown): boolean {
  return systemCodeOf(error) === 'ENOENT';
}

/** The same, also for a path that leads through what is no folder. */
export function isNowhere(error: unknown): boolean {
  return isAbsent(error) || systemCodeOf(error) === 'ENOTDIR';
}
