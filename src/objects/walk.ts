import type { Oid } from '../filestorage/oid.ts';
import type { State } from '../states/state.ts';
import { Failure } from '../system/failure.ts';
import { type Child, childrenOf } from './children.ts';
import { type LocatedObject, pathOfChild } from './path.ts';
import { requireObject } from './stored-object.ts';

/** Where a walk could not go on; the reason names the oid, where there is one. */
export interface Unfollowed {
  readonly path: string;
  readonly reason: string;
}

/** An object that a walk has yet to read. */
type Ahead = Omit<LocatedObject, 'object'> & { readonly oid: Oid };

export interface WalkSettings {
  /** Is told what can't be followed; the walk goes on. */
  readonly onUnfollowed?: (unfollowed: Unfollowed) => void;
  /** Whether an object is passed over, and all below it. */
  readonly isPassed?: (oid: Oid) => boolean;
}

/** An object and everything below it, a folder before what is in it, each object once. */
export async function* walkFrom(
  state: State,
  { object: { oid }, path, ancestors }: LocatedObject,
  { onUnfollowed = () => {}, isPassed = () => false }: WalkSettings,
): AsyncGenerator<LocatedObject> {
  const seen = new Set<Oid>();
  const ahead: Ahead[] = [{ oid, path, ancestors }];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    if (seen.has(next.oid) || isPassed(next.oid)) continue;
    seen.add(next.oid);
    const inside: Ahead[] = [];
    try {
      const object = await requireObject(state, next.oid);
      const located = { path: next.path, object, ancestors: next.ancestors };
      yield located;
      const ancestorsInside = [...next.ancestors, next.oid];
      for await (const child of childrenOf(state, object)) {
        const where = pathOfChild(next.path, child.name);
        const found = oidOf(child, (reason) => onUnfollowed({ path: where, reason }));
        if (found !== undefined)
          inside.push({ path: where, oid: found, ancestors: ancestorsInside });
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      onUnfollowed({ path: next.path, reason: error.message });
    }
    ahead.push(...inside.reverse());
  }
}

function oidOf({ target }: Child, sayWhy: (reason: string) => void): Oid | undefined {
  switch (target.kind) {
    case 'object':
      return target.oid;
    // It is there, in the record of its folder, and nothing lies below it.
    case 'inside':
      return undefined;
    case 'elsewhere':
      return void sayWhy(`it is in the database "${target.database}"`);
    case 'nothing':
      return void sayWhy('its folder names it, and has nothing there');
    default:
      return target satisfies never;
  }
}
