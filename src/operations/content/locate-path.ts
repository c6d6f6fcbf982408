import { formatTid } from '../../filestorage/tid.ts';
import { findGoneObject } from '../../objects/gone-object.ts';
import { type LocatedObject, locateObject } from '../../objects/path.ts';
import type { State } from '../../states/state.ts';
import { Failure, isFailure } from '../../system/failure.ts';

/**
 * The object at a path. Failures: `damaged`; `not-found`, which says until when there was one, and otherwise what is
 * there instead.
 */
export async function locatePath(state: State, path: string): Promise<LocatedObject> {
  try {
    return await locateObject(state, path);
  } catch (error) {
    if (!isFailure(error, 'not-found')) throw error;
    const gone = await findGoneObject(state, path);
    if (gone === undefined) throw error;
    const tid = formatTid(gone.wentWith);
    throw new Failure('not-found', error.message, {
      hint: `It was there until the transaction ${tid}. The moment before that is "before ${tid}".`,
      cause: error,
    });
  }
}
