import {
  chmodSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  type Stats,
  utimesSync,
} from 'node:fs';

/** The bits of a mode that are rights. */
export const ALL_RIGHTS = 0o7777;
/** Of these, those that run a file as its owner or its group. */
export const SET_BITS = 0o6000;

const IS_ROOT = process.getuid?.() === 0;

/**
 * Gives what was made for a copy the mode, the times and, for root, the owner of what it is a copy of.
 * Owner before mode: a change of it takes bits away. What is right already costs no call.
 *
 * @param target - a file that is open, or the path of a folder
 * @param made - what it is without being changed
 */
export function dress(
  target: number | string,
  { status, made }: { readonly status: Stats; readonly made: Stats },
): void {
  const isOwned = !IS_ROOT || (status.uid === made.uid && status.gid === made.gid);
  if (!isOwned) own(target, status);
  if (!isOwned || made.mode !== status.mode) permit(target, status.mode & ALL_RIGHTS);
  setTimes(target, status);
}

/** Gives a link, or what {@link dress} can dress, its owner. */
export function own(target: number | string, { uid, gid }: Stats): void {
  if (!IS_ROOT) return;
  if (typeof target === 'number') fchownSync(target, uid, gid);
  else lchownSync(target, uid, gid);
}

function permit(target: number | string, rights: number): void {
  if (typeof target === 'number') fchmodSync(target, rights);
  else chmodSync(target, rights);
}

function setTimes(target: number | string, { atimeMs, mtimeMs }: Stats): void {
  const times = [settable(atimeMs), settable(mtimeMs)] as const;
  if (typeof target === 'number') futimesSync(target, ...times);
  else utimesSync(target, ...times);
}

/**
 * Seconds that Node sets as the microsecond that it was asked for, so that times don't drift from copy
 * to copy: it cuts off what a double has behind the microseconds, which may be nearly a whole one.
 */
export function settable(milliseconds: number): number {
  return (Math.round(milliseconds * 1000) + 0.25) / 1e6;
}
