import type { Oid } from '../../filestorage/oid.ts';
import type { Tid } from '../../filestorage/tid.ts';
import type { StateBlob } from '../state.ts';

/** Finds the blob of a record; undefined where it isn't. Its bytes never change: any copy of it is as good as another. */
export type FindBlob = (revision: {
  readonly oid: Oid;
  readonly tid: Tid;
}) => Promise<StateBlob | undefined>;

/** Looks in several places, in their order. */
export function firstWithBlob(places: readonly FindBlob[]): FindBlob {
  return async (revision) => {
    for (const find of places) {
      const blob = await find(revision);
      if (blob !== undefined) return blob;
    }
    return undefined;
  };
}
