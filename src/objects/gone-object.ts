import type { Oid } from '../filestorage/oid.ts';
import type { Tid } from '../filestorage/tid.ts';
import type { State } from '../states/state.ts';
import { isFailure } from '../system/failure.ts';
import { childNamed, keepsNames } from './children.ts';
import { ownObjectsOf } from './own-objects.ts';
import { type LocatedObject, locateAsFarAs } from './path.ts';
import { readObject } from './stored-object.ts';

/** An object that was at a path, and is there no more. */
export interface GoneObject {
  /** The last state in which it was there. It is closed with the one in which it was looked for. */
  readonly state: State;
  readonly located: LocatedObject;
  /** The transaction with which it went, or a folder around it. */
  readonly wentWith: Tid;
}

/** Revisions of one object that are looked at, the newest. */
const MOST_REVISIONS = 10_000;

/**
 * The object that was the last one at a path where there is none any more; undefined where none can be found in the log
 * of that state. What was before a pack is not looked at.
 */
export async function findGoneObject(state: State, path: string): Promise<GoneObject | undefined> {
  let at = state;
  let wentWith: Tid | undefined;
  try {
    // Each turn goes back to before a transaction: that with which the first name that is missing went.
    for (;;) {
      const { located, missing } = await locateAsFarAs(at, path);
      if (missing === undefined) return wentWith && { state: at, located, wentWith };
      wentWith = await whenItWent(at, { folder: located, name: missing });
      const earlier = wentWith && at.before(wentWith);
      if (earlier === undefined) return undefined;
      at = earlier;
    }
  } catch (error) {
    // A state that was packed may lack what it leads to.
    if (isFailure(error, 'damaged')) return undefined;
    throw error;
  }
}

/** The newest transaction that took a name out of a folder. */
async function whenItWent(
  state: State,
  { folder, name }: { readonly folder: LocatedObject; readonly name: string },
): Promise<Tid | undefined> {
  for (const { tid, oid } of await changesOf(state, folder)) {
    const earlier = state.before(tid);
    if (earlier === undefined || !(await mayHaveNamed(earlier, oid, name))) continue;
    const before = await readObject(earlier, folder.object.oid);
    const child = before && (await childNamed(earlier, before, name));
    if (child?.target.kind === 'object') return tid;
  }
  return undefined;
}

/** What has changed the names in a folder, the newest first. */
async function changesOf(
  state: State,
  folder: LocatedObject,
): Promise<readonly { readonly tid: Tid; readonly oid: Oid }[]> {
  const changes: { readonly tid: Tid; readonly oid: Oid }[] = [];
  const isPassed = (attribute: string) => !keepsNames(folder.object, attribute);
  for await (const { object } of ownObjectsOf(state, folder, isPassed)) {
    for (const { transaction } of await state.history(object.oid, MOST_REVISIONS)) {
      const { tid, status } = transaction;
      if (status !== 'p') changes.push({ tid, oid: object.oid });
    }
  }
  return changes.sort((one, other) => (one.tid < other.tid ? 1 : -1));
}

/** Saves a look at the whole folder: a bucket has its names as text. */
async function mayHaveNamed(state: State, oid: Oid, name: string): Promise<boolean> {
  const object = await readObject(state, oid);
  if (object === undefined) return false;
  const isBucket = /^BTrees\..*Bucket$/.test(object.className ?? '');
  return !isBucket || Buffer.from(object.pickles).includes(name);
}
