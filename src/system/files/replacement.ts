import { createHash, randomBytes } from 'node:crypto';
import { link, lstat, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { absent } from '../absent.ts';
import { Failure, systemCodeOf, withSystemErrors } from '../failure.ts';
import { makeFolder } from './make-folder.ts';
import { syncDirectory } from './new-file.ts';
import { isTaken } from './presence.ts';
import { removeRecursively } from './remove-recursively.ts';
import { rightsLike } from './rights.ts';

/**
 * One step of replacing what is live by what is complete beside it. Each can be done again after a
 * kill at any moment, and be reverted.
 *
 * - `file`: there is no moment in which the path has no file.
 * - `cache`: a file that can be made anew: one that somebody has made meanwhile stays.
 * - `directory`: two renames.
 * - `contents`: of a directory that can't be renamed, since it is a mount point; `staged` and `kept`
 *   are directories in it.
 */
export interface Replacement {
  readonly kind: 'file' | 'cache' | 'directory' | 'contents';
  readonly path: string;
  /** What gets the path; null: nothing does. */
  readonly staged: string | null;
  /** Which file `staged` names, so that it is known again when it has the path; see {@link identify}. */
  readonly identity: string | null;
  /** Where what has the path goes; null: nothing has it. */
  readonly kept: string | null;
}

export const STAGED = '.zodbvault-restored';
export const KEPT = '.zodbvault-kept';
/** Of a directory that a mount point's content is being moved to. */
const PARTIAL = '.part';
/** What file systems put into their root. */
const NOT_OURS = ['lost+found'];

/**
 * A name beside `path` for what will replace it. It tells whose it is: two sites may restore the same
 * blob directory, each with a lock and a journal of its own.
 *
 * @param anchor - where the journal of the restore is
 */
export function stagedPath(path: string, anchor: string): string {
  const owner = ownerMark(anchor);
  return besidePath(path, `${owner}${randomHex().slice(owner.length)}${STAGED}`);
}

/** A name beside `path` for what is replaced. */
function keptPath(path: string): string {
  return besidePath(path, `${randomHex()}${KEPT}`);
}

function besidePath(path: string, ending: string): string {
  return join(dirname(path), `.${basename(path)}.${ending}`);
}

function ownerMark(anchor: string): string {
  return createHash('sha256').update(anchor).digest('hex').slice(0, 6);
}

function randomHex(): string {
  return randomBytes(6).toString('hex');
}

/**
 * Whether a path is one that a restore makes up for what it stages or keeps; nothing else is ever removed
 * because a journal says so.
 */
export function isOfRestore(path: string): boolean {
  return (
    path.startsWith('/') && /^\..+\.[0-9a-f]{12}\.zodbvault-(restored|kept)$/s.test(basename(path))
  );
}

/** Names in a folder that restores of `name` staged and never used; of those with this anchor only. */
export function stagedNames(
  names: readonly string[],
  { name, anchor }: { readonly name: string; readonly anchor: string },
): readonly string[] {
  const start = `.${name}.`;
  const owner = ownerMark(anchor);
  return names.filter((one) => {
    if (!one.startsWith(start) || !one.endsWith(STAGED)) return false;
    const middle = one.slice(start.length, -STAGED.length);
    return /^[0-9a-f]{12}$/.test(middle) && middle.startsWith(owner);
  });
}

/** The step that gives `path` what is staged, or nothing, and keeps what has it, if anything has. */
export async function replacementOf(
  path: string,
  {
    kind,
    staged,
  }: { readonly kind: Exclude<Replacement['kind'], 'contents'>; readonly staged: string | null },
): Promise<Replacement> {
  const identity = staged === null ? null : ((await identify(staged)) ?? null);
  const kept = (await identify(path)) === undefined ? null : keptPath(path);
  return { kind, path, staged, identity, kept };
}

/** The same for what is in a directory that can't be renamed; what is staged lies in it. */
export function contentsReplacementOf(path: string, staged: string): Replacement {
  return { kind: 'contents', path, staged, identity: null, kept: keptPath(insidePath(path)) };
}

/** What is staged or kept in a directory that can't be renamed is called after this. */
export function insidePath(path: string): string {
  return join(path, 'restored');
}

/**
 * What tells a file from every other of its file system; undefined: nothing is there. A journal holds it: the number
 * of the device may be another one when the machine has started again.
 */
export async function identify(path: string): Promise<string | undefined> {
  return withSystemErrors(`look at "${path}"`, async () => {
    const found = await lstat(path, { bigint: true }).catch(absent);
    return found === undefined ? undefined : `${found.ino}`;
  });
}

/** Does a step, or what is left of it. Failure `refused` where something else has got in the way. */
export async function applyReplacement(step: Replacement): Promise<void> {
  const { kind, path, staged, kept } = step;
  await withSystemErrors(`replace "${path}"`, async () => {
    if (kind === 'contents') {
      await applyContents(step);
    } else if (staged === null) {
      if (kept === null || (await isTaken(kept)) || !(await isTaken(path))) return;
      await rename(path, kept);
    } else {
      const live = await identify(path);
      if (live === step.identity) return;
      if (kind === 'cache' && live !== undefined && kept === null) {
        await rm(staged, { force: true });
        return;
      }
      if ((await identify(staged)) !== step.identity) throw isGone(staged, kept);
      await putAside(step);
      await rename(staged, path);
    }
    await syncDirectory(dirname(path));
  });
}

async function putAside({ kind, path, kept }: Replacement): Promise<void> {
  const live = await identify(path);
  const old = kept === null ? undefined : await identify(kept);
  if (live === undefined) return;
  if (kept === null || (old !== undefined && old !== live)) throw isInTheWay(path);
  if (old !== undefined) return;
  if (kind !== 'file' || !(await tryLink(path, kept))) await rename(path, kept);
  await syncDirectory(dirname(path));
}

async function tryLink(path: string, other: string): Promise<boolean> {
  try {
    await link(path, other);
    return true;
  } catch (error) {
    if (['EPERM', 'ENOTSUP', 'EMLINK'].includes(systemCodeOf(error) ?? '')) return false;
    throw error;
  }
}

/** The old goes into a partial directory, which gets its name when all of it is there. */
async function applyContents({ path, staged, kept }: Replacement): Promise<void> {
  if (staged === null || kept === null) throw new RangeError('contents have both');
  if (!(await isTaken(kept))) {
    const partial = kept + PARTIAL;
    await makeFolder(partial, { rights: await rightsLike(path) });
    await moveChildren(path, { to: partial, except: [staged, kept, partial] });
    await rename(partial, kept);
    await syncDirectory(path);
  }
  if (!(await isTaken(staged))) return;
  await moveChildren(staged, { to: path, except: [] });
  await rmdir(staged);
  await syncDirectory(path);
}

async function moveChildren(
  from: string,
  { to, except }: { readonly to: string; readonly except: readonly string[] },
): Promise<void> {
  for (const name of await readdir(from)) {
    const path = join(from, name);
    const isOurs = name.endsWith(KEPT) || name.endsWith(STAGED) || name.endsWith(KEPT + PARTIAL);
    if (isOurs || except.includes(path) || NOT_OURS.includes(name)) continue;
    await rename(path, join(to, name));
  }
}

/** Takes a step back that was done, in part or whole. What was staged is staged again. */
export async function revertReplacement(step: Replacement): Promise<void> {
  const { kind, path, staged, kept } = step;
  await withSystemErrors(`put back "${path}"`, async () => {
    if (kind === 'contents') {
      await revertContents(step);
      return;
    }
    const hasKept = kept !== null && (await isTaken(kept));
    const isDone = staged !== null && (await identify(path)) === step.identity;
    if (isDone && hasKept && kind === 'file' && (await tryLink(path, staged))) {
      await rename(kept, path);
    } else {
      if (isDone) await rename(path, staged);
      if (hasKept && (await isTaken(path))) await unlink(kept);
      else if (hasKept) await rename(kept, path);
    }
    await syncDirectory(dirname(path));
  });
}

async function revertContents({ path, staged, kept }: Replacement): Promise<void> {
  if (staged === null || kept === null) throw new RangeError('contents have both');
  const partial = kept + PARTIAL;
  if (await isTaken(kept)) {
    await makeFolder(staged, { rights: await rightsLike(path) });
    await moveChildren(path, { to: staged, except: [staged, kept] });
    await rename(kept, partial);
  }
  if (await isTaken(partial)) {
    await moveChildren(partial, { to: path, except: [] });
    await rmdir(partial);
  }
  await syncDirectory(path);
}

/** The step that takes a finished one back, and keeps what it had put there. */
export function inverseOf(
  { kind, path, staged, kept }: Replacement,
  identity: string | null,
): Replacement {
  return {
    kind,
    path,
    staged: kept,
    identity,
    kept: staged === null ? null : keptPath(kind === 'contents' ? insidePath(path) : path),
  };
}

/** Removes a file or a directory with all that is in it, if it is there. */
export async function removeAll(path: string): Promise<void> {
  await withSystemErrors(`remove "${path}"`, async () => {
    await removeRecursively(path);
    await syncDirectory(dirname(path));
  });
}

function isInTheWay(path: string): Failure {
  return new Failure('refused', `Cannot replace "${path}": something has made it meanwhile`, {
    hint: 'Stop the program that writes there. Move the file away if nobody needs it. Then run the command again.',
  });
}

function isGone(staged: string, kept: string | null): Failure {
  const where = kept === null ? '' : ` What was there before is "${kept}".`;
  return new Failure('damaged', `Cannot finish the restore: "${staged}" is gone`, {
    hint: `Something has removed it, or the site was copied here from elsewhere.${where} Restore again.`,
  });
}
