import type { Oid } from '../filestorage/oid.ts';
import type { Tid } from '../filestorage/tid.ts';
import type { State } from '../states/state.ts';
import { isFailure } from '../system/failure.ts';
import { childNamed, keepsNames } from './children.ts';
import { type LocatedObject, locateAsFarAs } from './path.ts';
import { referencesOf } from './references.ts';
import { readObject, type StoredObject } from './stored-object.ts';

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
  const { oid } = folder.object;
  for (const tid of await changesOf(state, { folder: oid, name })) {
    const earlier = state.before(tid);
    const before = earlier && (await readObject(earlier, oid));
    const child = before && (await childNamed(earlier, before, name));
    if (child?.target.kind === 'object') return tid;
  }
  return undefined;
}

/** The transactions that changed a record in which a folder had that name, the newest first. */
async function changesOf(
  state: State,
  { folder, name }: { readonly folder: Oid; readonly name: string },
): Promise<readonly Tid[]> {
  const tids = new Set<Tid>();
  const seen = new Set([folder]);
  const ahead = [folder];
  for (let oid = ahead.pop(); oid !== undefined; oid = ahead.pop()) {
    for await (const { object, changedBy } of revisionsOf(state, oid)) {
      const isNamed = changedBy !== undefined && Buffer.from(object.pickles).includes(name);
      if (isNamed) tids.add(changedBy);
      for (const { reference, attribute } of referencesOf(object)) {
        if (reference.kind !== 'strong' || seen.has(reference.oid)) continue;
        if (!keepsNames(object, { attribute, className: reference.className })) continue;
        seen.add(reference.oid);
        ahead.push(reference.oid);
      }
    }
  }
  return [...tids].sort((one, other) => (one < other ? 1 : -1));
}

/** What an object is and was, the newest first, each with the transaction that made it another one. */
async function* revisionsOf(
  state: State,
  oid: Oid,
): AsyncGenerator<{ readonly object: StoredObject; readonly changedBy: Tid | undefined }> {
  const now = await readObject(state, oid);
  if (now !== undefined) yield { object: now, changedBy: undefined };
  for (const { transaction } of await state.history(oid, MOST_REVISIONS)) {
    const { tid, status } = transaction;
    const earlier = status === 'p' ? undefined : state.before(tid);
    const object = earlier && (await readObject(earlier, oid));
    if (object !== undefined) yield { object, changedBy: tid };
  }
}
