import { formatTid, type Tid } from '../../filestorage/tid.ts';
import { findGoneObject } from '../../objects/gone-object.ts';
import { ownObjectsOf } from '../../objects/own-objects.ts';
import { type LocatedObject, locateAsFarAs } from '../../objects/path.ts';
import type { State } from '../../states/state.ts';
import { type ContentPlace, openContent } from './content-place.ts';

/** Revisions of one object that are looked at, the newest. */
const MOST_REVISIONS = 100_000;

/** The transactions of what is at a path, or was the last one there. */
export interface PathTransactions {
  readonly tids: ReadonlySet<Tid>;
  /** Where nothing is at that path any more: the one with which it went, 16 hex digits. */
  readonly wentWith: string | undefined;
}

/**
 * The transactions that wrote the object at a path, or one that belongs to it, as its blob or its workflow history. Where
 * there is no object any more, those of the last one, up to the one with which it went; none where there never was one.
 * Failures: `damaged`, and those of {@link openContent}.
 */
export async function transactionsOfPath(
  place: ContentPlace,
  path: string,
): Promise<PathTransactions> {
  await using opened = await openContent(place);
  const { state } = opened;
  const { located, missing } = await locateAsFarAs(state, path);
  if (missing === undefined) {
    return { tids: await writersOf({ state, located }), wentWith: undefined };
  }
  const gone = await findGoneObject(state, path);
  if (gone === undefined) return { tids: new Set(), wentWith: undefined };
  const tids = (await writersOf(gone)).add(gone.wentWith);
  return { tids, wentWith: formatTid(gone.wentWith) };
}

async function writersOf({
  state,
  located,
}: {
  readonly state: State;
  readonly located: LocatedObject;
}): Promise<Set<Tid>> {
  const tids = new Set<Tid>();
  for await (const { object } of ownObjectsOf(state, located)) {
    for (const { transaction } of await state.history(object.oid, MOST_REVISIONS))
      tids.add(transaction.tid);
  }
  return tids;
}
