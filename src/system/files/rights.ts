import { type FileHandle, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { absent } from '../absent.ts';
import { systemCodeOf } from '../failure.ts';
import { isOursAlone } from './folder-owner.ts';

/** Rights of a file that is made, without those to run it. A folder may also be passed by whoever may read it. */
export type Rights =
  | { readonly kind: 'exact'; readonly mode: number }
  /** The umask takes its bits away. */
  | { readonly kind: 'less-umask'; readonly mode: number }
  /** See {@link shareWithGroup}. */
  | { readonly kind: 'shared'; readonly mode: number };

const OWNERS = 0o600;
const GROUPS = 0o060;
const OTHERS = 0o006;
const ALL = OWNERS | GROUPS | OTHERS;
/** Bits of a folder by which its group, or everybody else, gets to what is in it. */
const GROUP_PASSES = 0o010;
const OTHERS_PASS = 0o001;
/** Of a folder: what is made in it belongs to its group. */
export const GIVES_GROUP = 0o2000;

/** As every program makes files. */
export const USUAL: Rights = { kind: 'less-umask', mode: ALL };

/** For its owner only. */
export const PRIVATE: Rights = { kind: 'exact', mode: OWNERS };

/** For all who work in the folder, as a journal. */
export const SHARED: Rights = { kind: 'shared', mode: OWNERS };

/** The mode of a folder with such rights. */
export function folderMode({ mode }: Rights): number {
  return mode | 0o100 | ((mode & 0o044) >> 2);
}

/** The rights of a file, or those to what is in a folder. Failures: those of the system. */
export async function rightsLike(path: string): Promise<Rights> {
  return { kind: 'exact', mode: (await stat(path)).mode & ALL };
}

/**
 * Rights for a copy by which nobody gets more than by the original. Folders that lead to the original count, but for
 * those that lead to the copy, too.
 *
 * @param original - a file, or a folder with files
 * @param folder - where the copy comes to lie, or a folder that will be made for it
 */
export async function rightsForCopy(original: string, folder: string): Promise<Rights> {
  const status = await stat(original);
  const { mode, gid } = status;
  const others = mode & OTHERS;
  const isItsGroup = await hasGroup(folder, gid);
  let allowed = others | (isItsGroup ? mode & GROUPS : others << 3);
  const leadingToCopy = [resolve(folder), ...foldersAbove(folder)];
  const leading = foldersAbove(original).filter((one) => !leadingToCopy.includes(one));
  for (const one of status.isDirectory() ? [original, ...leading] : leading) {
    const passed = await stat(one);
    if ((passed.mode & OTHERS_PASS) === 0) allowed &= ~OTHERS;
    const passes = passed.gid === gid ? GROUP_PASSES : OTHERS_PASS;
    if ((passed.mode & passes) === 0) allowed &= ~GROUPS;
  }
  return { kind: 'less-umask', mode: OWNERS | allowed };
}

/** Whether what is made in a folder is for this group: it has it, or somebody has told the folder to give another. */
async function hasGroup(folder: string, group: number): Promise<boolean> {
  const found = await stat(folder).catch(absent);
  if (found === undefined) return hasGroup(dirname(folder), group);
  // What root makes belongs to the owner of the folder, with its group.
  const isGivenAway = process.getuid?.() === 0 && found.uid !== 0;
  const own = isGivenAway ? found.gid : process.getgid?.();
  return (found.mode & GIVES_GROUP) !== 0 || own === group;
}

function foldersAbove(path: string): readonly string[] {
  const folder = dirname(resolve(path));
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}

/** Gives an open file the rights that it didn't get when it was made. @param path - its own, or one beside it */
export async function giveRights(
  handle: FileHandle,
  { rights, path }: { readonly rights: Rights; readonly path: string },
): Promise<void> {
  switch (rights.kind) {
    case 'exact':
      return handle.chmod(rights.mode);
    case 'less-umask':
      return;
    case 'shared':
      return shareWithGroup(handle, path);
    default:
      rights satisfies never;
  }
}

/**
 * Lets the group of the folder do to a file what it may do in the folder. Only the owner can say so, and only where the
 * file is, or can be, that group's.
 */
export async function shareWithGroup(handle: FileHandle, path: string): Promise<void> {
  const [file, folder] = [await handle.stat(), await stat(dirname(path))];
  const wanted = folder.mode & GROUPS;
  const isShared = file.gid === folder.gid && (file.mode & wanted) === wanted;
  const isOwner = [file.uid, 0].includes(process.getuid?.() ?? file.uid);
  if (isShared || wanted === 0 || !isOwner || !isOursAlone(file)) return;
  try {
    if (file.gid !== folder.gid) await handle.chown(file.uid, folder.gid);
    await handle.chmod((file.mode & ALL) | wanted);
  } catch (error) {
    // Who isn't in that group works alone, or with what the system allows.
    if (systemCodeOf(error) === undefined) throw error;
  }
}
