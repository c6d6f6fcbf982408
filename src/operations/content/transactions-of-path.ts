import type { Tid } from '../../filestorage/tid.ts';
import { ownObjectsOf } from '../../objects/own-objects.ts';
import { locateObject } from '../../objects/path.ts';
import { isFailure } from '../../system/failure.ts';
import { type ContentPlace, openContent } from './content-place.ts';

/** Revisions of one object that are looked at, the newest. */
const MOST_REVISIONS = 100_000;

/**
 * The transactions that wrote the object at a path, or one that belongs to it, as its blob or its workflow history; none
 * where there is no object at that path. Failures: `damaged`, and those of {@link openContent}.
 */
export async function transactionsOfPath(
  place: ContentPlace,
  path: string,
): Promise<ReadonlySet<Tid>> {
  await using opened = await openContent(place);
  const { state } = opened;
  const tids = new Set<Tid>();
  try {
    const located = await locateObject(state, path);
    for await (const { object } of ownObjectsOf(state, located)) {
      for (const { transaction } of await state.history(object.oid, MOST_REVISIONS))
        tids.add(transaction.tid);
    }
  } catch (error) {
    // It may be gone by then: its transactions are found by their descriptions.
    if (!isFailure(error, 'not-found')) throw error;
  }
  return tids;
}
