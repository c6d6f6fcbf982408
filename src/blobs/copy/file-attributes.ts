import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  lutimesSync,
  openSync,
  type Stats,
} from 'node:fs';

/** The bits of a mode that are rights. */
export const ALL_RIGHTS = 0o7777;
/** Of these, those that run a file as its owner or its group. */
export const SET_BITS = 0o6000;

const IS_ROOT = process.getuid?.() === 0;

/** Whether two are of one kind, have the same rights and, for root, who alone can give something away, one owner. */
export function haveSameRights(one: Stats, other: Stats): boolean {
  return one.mode === other.mode && (!IS_ROOT || (one.uid === other.uid && one.gid === other.gid));
}

/**
 * Gives an open file that was made for a copy the mode, the times and, for root, the owner of what it is a copy of.
 * Owner before mode: a change of it takes bits away. What is right already costs no call.
 *
 * @param made - what it is without being changed
 */
export function copyAttributes(
  file: number,
  { status, made }: { readonly status: Stats; readonly made: Stats },
): void {
  const { uid, gid, mode, atimeMs, mtimeMs } = status;
  const isOwned = !IS_ROOT || (uid === made.uid && gid === made.gid);
  if (!isOwned) fchownSync(file, uid, gid);
  if (!isOwned || made.mode !== mode) fchmodSync(file, mode & ALL_RIGHTS);
  futimesSync(file, settable(atimeMs), settable(mtimeMs));
}

/**
 * The same for a folder. Where only its times are other ones, that is one call, which sets those of a link that somebody
 * has put in its place. Otherwise it is opened: by a path, such a link would be followed.
 */
export function copyFolderAttributes(
  path: string,
  as: { readonly status: Stats; readonly made: Stats },
): void {
  const { atimeMs, mtimeMs } = as.status;
  if (haveSameRights(as.status, as.made)) {
    lutimesSync(path, settable(atimeMs), settable(mtimeMs));
    return;
  }
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const folder = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    copyAttributes(folder, as);
  } finally {
    closeSync(folder);
  }
}

/** Gives a link the owner and the times of what it is a copy of. */
export function copyLinkAttributes(path: string, { uid, gid, atimeMs, mtimeMs }: Stats): void {
  if (IS_ROOT) lchownSync(path, uid, gid);
  lutimesSync(path, settable(atimeMs), settable(mtimeMs));
}

/**
 * Seconds that Node sets as the microsecond that it was asked for, so that times don't drift from copy
 * to copy: it cuts off what a double has behind the microseconds, which may be nearly a whole one.
 */
function settable(milliseconds: number): number {
  return (Math.round(milliseconds * 1000) + 0.25) / 1e6;
}
